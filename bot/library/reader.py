"""The files of a content folder: parsed when they changed, with what is wrong in them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bot.library import build, check
from bot.library.files import FileError, read_text, read_yaml, split_front_matter
from bot.library.model import Language

T = TypeVar("T")
Signature = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in the content; `hint` marks what is worth knowing but does not stop."""

    path: str
    key: str
    text: str
    hint: bool = False

    def __str__(self) -> str:
        where = f"{self.path}: {self.key}: " if self.key else f"{self.path}: "
        return where + self.text


@dataclass
class _Cached:
    signature: Signature
    data: Any


@dataclass
class Reader:
    """Reads a folder again and again, parsing only the files that changed."""

    folder: Path
    _files: dict[Path, _Cached] = field(default_factory=dict)
    _rows: dict[Path, tuple[list[Signature], list[check.Row]]] = field(default_factory=dict)

    def _folders(self, name: str) -> list[Path]:
        parent = self.folder / name
        return sorted(path for path in parent.iterdir() if path.is_dir()) if parent.is_dir() else []

    def _texts(
        self, folder: Path, languages: Mapping[str, Language], problems: list[Problem]
    ) -> list[tuple[str, Path]]:
        found = []
        for file in sorted(folder.glob("*.md")):
            if file.stem in languages:
                found.append((file.stem, file))
            else:
                text = f"language '{file.stem}' is not in languages.yml, or is transliterated"
                problems.append(self._problem(file, "", text))
        return found

    def _yaml(
        self, path: Path, schema: dict[str, Any], problems: list[Problem], empty: bool = False
    ) -> dict[str, Any] | None:
        return self._read(path, problems, lambda: valid(read_yaml(path, empty), schema))

    def _markdown(
        self,
        path: Path,
        schema: dict[str, Any],
        problems: list[Problem],
        builder: Callable[[str, dict[str, Any], str], T],
        code: str,
    ) -> T | None:
        def parse() -> T:
            front, body = split_front_matter(read_text(path))
            return builder(code, valid(front, schema), body)

        return self._read(path, problems, parse)

    def _read(self, path: Path, problems: list[Problem], parse: Callable[[], T]) -> T | None:
        """Return the parsed file, from the cache when it did not change."""
        try:
            status = path.stat()
        except OSError:
            problems.append(self._problem(path, "", "is missing"))
            return None
        signature = (status.st_mtime_ns, status.st_size)
        cached = self._files.get(path)
        if cached is None or cached.signature != signature:
            try:
                cached = _Cached(signature, parse())
            except _Invalid as error:
                cached = _Cached(signature, error)
            except FileError as error:
                cached = _Cached(signature, _Invalid([("", str(error))]))
            self._files[path] = cached
        if isinstance(cached.data, _Invalid):
            problems += [self._problem(path, key, text) for key, text in cached.data.rows]
            return None
        data: T = cached.data
        return data

    def _checked(
        self, paths: tuple[Path, ...], work: Callable[[], list[check.Row]]
    ) -> list[check.Row]:
        """Return what a check said of the first file, again only when one of them, or the site,
        has changed: of 6,000 texts one is saved at a time."""
        site = self.folder / "site.yml"
        signatures = [self._files[path].signature for path in (*paths, site)]
        known = self._rows.get(paths[0])
        if known is None or known[0] != signatures:
            known = self._rows[paths[0]] = (signatures, work())
        return known[1]

    def _try(self, path: Path, problems: list[Problem], make: Callable[[], T]) -> T | None:
        try:
            return make()
        except build.BuildError as error:
            problems.append(self._problem(path, error.key, str(error)))
            return None

    def _problem(self, path: Path, key: str, text: str) -> Problem:
        return Problem(str(path.relative_to(self.folder.parent)), key, text)

    def _hint(self, path: Path, key: str, text: str) -> Problem:
        return Problem(str(path.relative_to(self.folder.parent)), key, text, hint=True)

    def _version(self) -> str:
        rows = sorted((str(path), cached.signature) for path, cached in self._files.items())
        return hashlib.sha256(repr(rows).encode()).hexdigest()[:12]


class _Invalid(Exception):
    def __init__(self, rows: list[tuple[str, str]]) -> None:
        super().__init__(str(rows))
        self.rows = rows


def valid(data: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return data of the right shape, or raise what `Reader` turns into problems."""
    rows = check.shape(data, schema)
    if rows:
        raise _Invalid(rows)
    return data
