"""Sealing of personal data at rest, and ids that cannot be turned back into addresses."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import re
import time
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken

from bot.errors import SettingsError
from bot.settings import Settings, generated_secret
from bot.store.keyring import Keyring

LOOK_SECONDS = 1.0
"""How often the file of the keys is looked at: so soon every process uses a new one."""

TOKEN = re.compile(rb"gAAAA[A-Za-z0-9_-]{60,}={0,2}")
"""What sealed text looks like, wherever it stands."""


class Sealer:
    """Seals text with the newest key, opens what any known key sealed.

    Fernet (AES-128-CBC with HMAC-SHA256). `keys` gives the keys, newest first, and is asked
    again in a running process, so that a key file may be rotated under it. A conversation's id
    is an HMAC-SHA256 of channel and address, cut to 128 bits; its key never rotates, else people
    would lose their state.
    """

    def __init__(self, keys: Keyring | Sequence[str], id_key: str) -> None:
        self._keyring = keys if isinstance(keys, Keyring) else None
        given = keys.keys() if isinstance(keys, Keyring) else keys
        if not given or not all(given) or not id_key:
            raise SettingsError("SECRET_KEYS and ID_KEY must hold at least one key.")
        self._fernets = _fernets(given)
        self._looked = time.monotonic()
        self._id_key = _derive(id_key, b"hashar id")
        self._secret = _derive(id_key, b"hashar webhook")
        self._phrase_key = _derive(id_key, b"hashar phrase")

    @classmethod
    def from_settings(cls, settings: Settings) -> Sealer:
        """Return the sealer for the settings; keys that are not set are made in DATA_DIR."""
        given = [key.strip() for key in settings.secret_keys.split(",") if key.strip()]
        id_key = settings.id_key or generated_secret(settings.data_dir, "id.key")
        return cls(given or Keyring(settings.data_dir), id_key)

    def seal(self, text: str) -> str:
        """Return the text sealed with the newest key."""
        self._look()
        return self._fernets[0].encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str | bytes) -> str:
        """Return a sealed text. Raises SettingsError when no known key sealed it."""
        found = self._opened(sealed)
        if found is None:
            raise SettingsError(
                "The store holds data sealed with a key that is not in SECRET_KEYS; "
                "add the old key at the end of the list."
            )
        return found[1].decode()

    def age(self, sealed: str | bytes) -> int | None:
        """Return which key sealed a text: 0 is the newest, None an unknown one."""
        found = self._opened(sealed)
        return found[0] if found else None

    def outdated(self, sealed: str | bytes) -> bool:
        """Return whether a key that is being given up sealed a text."""
        self._look()
        return len(self._fernets) > 1 and bool(self.age(sealed))

    def _opened(self, sealed: str | bytes) -> tuple[int, bytes] | None:
        self._look()
        found = self._tried(sealed)
        if found is None and self._look(now=True):
            return self._tried(sealed)
        return found

    def _tried(self, sealed: str | bytes) -> tuple[int, bytes] | None:
        for age, fernet in enumerate(self._fernets):
            with contextlib.suppress(InvalidToken):
                return age, fernet.decrypt(sealed)
        return None

    def renewed(self, value: bytes) -> bytes:
        """Return a value with everything sealed in it sealed by the newest key.

        What an unknown key sealed stays as it is.
        """

        def renew(match: re.Match[bytes]) -> bytes:
            found = self._opened(match.group())
            if found is None or found[0] == 0:
                return match.group()
            return self.seal(found[1].decode()).encode("ascii")

        return TOKEN.sub(renew, value)

    def _look(self, now: bool = False) -> bool:
        """Take over a changed key file; return whether it had changed."""
        if self._keyring is None or not (now or time.monotonic() - self._looked > LOOK_SECONDS):
            return False
        self._looked = time.monotonic()
        if not self._keyring.changed():
            return False
        self._fernets = _fernets(self._keyring.keys())
        return True

    def conversation_id(self, channel: str, address: str) -> str:
        """Return the id of the conversation with this address."""
        message = f"{channel}\n{address}".encode()
        digest = hmac.new(self._id_key, message, hashlib.sha256).digest()[:16]
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")

    def fingerprint(self, text: str) -> str:
        """Return an id of a text by which it is found again but cannot be turned back."""
        digest = hmac.new(self._phrase_key, text.encode(), hashlib.sha256).digest()[:12]
        return base64.urlsafe_b64encode(digest).decode("ascii")

    def webhook_secret(self, channel: str) -> str:
        """Return a secret for a channel's webhook that stays the same over restarts."""
        return hmac.new(self._secret, channel.encode(), hashlib.sha256).hexdigest()


def _fernets(keys: Sequence[str]) -> list[Fernet]:
    derived = [_derive(key, b"hashar seal") for key in keys]
    return [Fernet(base64.urlsafe_b64encode(key)) for key in derived]


def _derive(key: str, purpose: bytes) -> bytes:
    return hmac.new(purpose, key.encode(), hashlib.sha256).digest()
