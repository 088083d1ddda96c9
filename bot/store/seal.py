"""Sealing of personal data at rest, and ids that cannot be turned back into addresses."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.errors import SettingsError
from bot.settings import Settings, generated_secret


class Sealer:
    """Seals text with the newest key, opens what any known key sealed.

    Fernet (AES-128-CBC with HMAC-SHA256). A conversation's id is an HMAC-SHA256 of channel and
    address, cut to 128 bits; its key never rotates, else people would lose their state.
    """

    def __init__(self, keys: list[str], id_key: str) -> None:
        if not keys or not all(keys) or not id_key:
            raise SettingsError("SECRET_KEYS and ID_KEY must hold at least one key.")
        derived = [_derive(key, b"hashar seal") for key in keys]
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
        self._id_key = _derive(id_key, b"hashar id")
        self._secret = _derive(id_key, b"hashar webhook")
        self._phrase_key = _derive(id_key, b"hashar phrase")

    @classmethod
    def from_settings(cls, settings: Settings) -> Sealer:
        """Return the sealer for the settings; keys that are not set are made in DATA_DIR."""
        keys = [key.strip() for key in settings.secret_keys.split(",") if key.strip()]
        keys = keys or [generated_secret(settings.data_dir, "secret.key")]
        id_key = settings.id_key or generated_secret(settings.data_dir, "id.key")
        return cls(keys, id_key)

    def seal(self, text: str) -> str:
        """Return the text sealed with the newest key."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str | bytes) -> str:
        """Return a sealed text. Raises SettingsError when no known key sealed it."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise SettingsError(
                "The store holds data sealed with a key that is not in SECRET_KEYS; "
                "add the old key at the end of the list."
            ) from None

    def reseal(self, sealed: str) -> str:
        """Return the same text sealed with the newest key. Raises SettingsError as `open`."""
        try:
            return self._fernet.rotate(sealed).decode("ascii")
        except InvalidToken:
            raise SettingsError("A sealed value was made with an unknown key.") from None

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


def _derive(key: str, purpose: bytes) -> bytes:
    return hmac.new(purpose, key.encode(), hashlib.sha256).digest()
