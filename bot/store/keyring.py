"""The keys in DATA_DIR/secret.key, one a line, newest first; readable by their owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from bot.settings import generated_secret

NAME = "secret.key"


class Keyring:
    """The key file of a data folder, made with one key at the first start."""

    def __init__(self, folder: Path) -> None:
        """Raises SettingsError when there is no file and none can be made."""
        generated_secret(folder, NAME)
        self._folder = folder
        self._path = folder / NAME
        self._read = self._stamp()

    def keys(self) -> list[str]:
        """Return the keys, newest first."""
        self._read = self._stamp()
        return generated_secret(self._folder, NAME).split()

    def changed(self) -> bool:
        """Return whether the file was written since it was read; False while it is away."""
        return self._stamp() not in (self._read, None)

    def add(self) -> None:
        """Put a new key first."""
        self._write([secrets.token_urlsafe(32), *self.keys()])

    def drop_old(self) -> int:
        """Keep the newest key only; return how many were dropped."""
        keys = self.keys()
        self._write(keys[:1])
        return len(keys) - 1

    def _write(self, keys: list[str]) -> None:
        """Replace the file whole, so that no reader ever sees a part of it."""
        new = self._path.with_suffix(".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write("\n".join(keys) + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_ino)
