"""Adds one ask to a guide's text; everything else in the file stays byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.errors import ContentError
from bot.library.documents import Document
from bot.library.files import FileError


@dataclass(frozen=True, slots=True)
class Added:
    """An ask that was added: the file, and its bytes from before and after."""

    path: Path
    before: bytes
    after: bytes

    def put_back(self) -> bool:
        """Take the ask out again; False when the file was changed meanwhile, and is left alone."""
        if self.path.read_bytes() != self.after:
            return False
        _write(self.path, self.before)
        return True


def add_ask(path: Path, ask: str) -> Added:
    """Add an ask at the end of a text's list.

    Raises ContentError when there is no such text, the ask stands there already, or the file
    cannot be added to without changing more; then nothing is changed.
    """
    if not path.exists():
        raise ContentError([f"{path}: there is no text in this language; write it first"])
    try:
        document = Document.read(path)
        asks = document.texts().get(("asks",), [])
        if not isinstance(asks, list) or ask.casefold() in (one.casefold() for one in asks):
            raise ContentError([f"{path}: asks: '{ask}' stands there already"])
        document.set(("asks",), [*asks, ask])
    except FileError as error:
        raise ContentError([f"{path}: {error}"]) from None
    added = Added(path, path.read_bytes(), document.text.encode())
    _write(path, added.after)
    return added


def _write(path: Path, content: bytes) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.replace(path)
