"""All texts of a language beside the texts they are made from, and their way back into files.

A text is a `Unit`. Its id is '<file without language>#<key>', such as `guides/passport#short`,
`guides/passport##documents`, `guides/passport/walks#words/kind` or `strings#menu.title`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.library.check import LESSON_LIMIT, PLACEHOLDER, SECTION_LIMIT, SHORT_LIMIT
from bot.library.documents import Document, Key
from bot.library.files import parts, stamp
from bot.library.format import locale
from bot.library.schemas import OPTION_LIMIT, TITLE_LIMIT
from bot.library.walks import LABEL_LIMIT

SOURCE = "en"
"""The language that translations are made from."""

_ABOUT_FILE = frozenset({"status", "translated_from", "reviewer", "reviewed_on"})
_PLAIN = ("strings", "glossary")
"""Files of words alone, which do not say what they were made from, nor who reviewed them."""
_LIMITS: Mapping[str, int] = {
    "title": TITLE_LIMIT,
    "short": SHORT_LIMIT,
    "options": OPTION_LIMIT,
}
BUTTON_LENGTH = 20
"""Characters that fit on a button of a small phone."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One text of one language.

    `listed` texts are lists, one item a line. `status` is 'missing', 'stale' (the source has
    changed since the file was translated) or what the file says; `source` and `text` are ''
    where there is none.
    """

    id: str
    file: str
    key: Key
    source: str
    text: str
    status: str
    listed: bool = False

    @property
    def revision(self) -> str:
        """What stood on both sides, as 'r<source>-<text>'; no spreadsheet takes it for a number."""
        return f"r{digest(self.source)}-{digest(self.text)}"

    @property
    def where(self) -> str:
        """The place in words, for a person."""
        part = self.key[1] if self.key[0] == "##" else ", ".join(self.key)
        return f"{self.file}: {part or 'text'}"

    @property
    def note(self) -> str:
        """What a translator has to keep to."""
        notes = []
        if names := list(dict.fromkeys(PLACEHOLDER.findall(self.source))):
            notes.append("keep " + " ".join("{" + name + "}" for name in names))
        if self.listed:
            notes.append("one a line; as people in this language ask, not word for word")
        limit = self._limit()
        if limit:
            notes.append(f"at most {limit} characters")
        if self.file.startswith("guides/") and not self.listed:
            notes.append("no digits")
        if self.key[0] == "##":
            notes.append("'-' and '1.' begin list items, **two stars** are bold")
        return "; ".join(notes)

    def _limit(self) -> int:
        if self.key[0] == "##":
            guide = self.file.startswith("guides/")
            return SECTION_LIMIT if guide else LESSON_LIMIT
        if self.key[0].startswith("button."):
            return BUTTON_LENGTH
        if self.file.endswith("/walks"):
            return LABEL_LIMIT if "." in self.key[-1] else 0
        if self.file.startswith(("guides/", "courses/")):
            return next((_LIMITS[part] for part in self.key if part in _LIMITS), 0)
        return 0


def trimmed(text: str) -> str:
    """Return a text without blanks at the ends of its lines, which spreadsheets do not keep."""
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def digest(text: str) -> str:
    """Return eight characters that change with a text."""
    return hashlib.sha256(trimmed(text).encode()).hexdigest()[:8]


def joined(value: str | list[str]) -> str:
    """Return a text as one string; the items of a list stand one a line."""
    return value if isinstance(value, str) else "\n".join(" ".join(one.split()) for one in value)


@dataclass
class Translation:
    """The files of one language, read once; edits are kept in memory until `changed` is saved."""

    folder: Path
    language: str
    units: dict[str, Unit] = field(default_factory=dict)
    _documents: dict[str, Document] = field(default_factory=dict)
    _before: dict[str, str] = field(default_factory=dict)
    _sources: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._sources = _sources(self.folder)
        for name in self._sources:
            self.units.update((unit.id, unit) for unit in self._read(name))

    def changed(self) -> dict[Path, str]:
        """Return the files that differ from what is on disk, with their new text."""
        return {
            self._path(name): document.text
            for name, document in self._documents.items()
            if document.text != self._before[name]
        }

    def edit(self, unit: Unit, text: str) -> None:
        """Write one text. Raises FileError when it cannot stand in its file."""
        value: str | list[str] = text
        if unit.listed:
            value = [line.strip() for line in text.split("\n") if line.strip()]
        document = self._document(unit.file)
        document.set(unit.key, value, self._order(unit.file))

    def finish(self, name: str, reviewer: str, day: str, fresh: bool) -> None:
        """Note in an edited file what is known of it now.

        With a `reviewer` it is reviewed on `day`; without, what was reviewed and has changed is
        a draft again. `fresh`: it now says what today's source says.
        """
        document = self._document(name)
        if name in _PLAIN or self.language == SOURCE:
            return
        texts, order = document.texts(), self._order(name)
        after = order.index(("status",)) + 1
        order[after:after] = [("translated_from",), ("reviewer",), ("reviewed_on",)]
        if reviewer:
            document.set(("status",), "reviewed", order)
            document.set(("reviewer",), reviewer, order)
            document.set(("reviewed_on",), day, order)
        elif texts.get(("status",)) == "reviewed":
            document.set(("status",), "draft", order)
            document.remove("reviewer")
            document.remove("reviewed_on")
        if fresh or not self._before[name]:
            mark = f"{SOURCE}@{stamp(*parts(self._sources[name]))}"
            document.set(("translated_from",), mark, order)

    # -- files -----------------------------------------------------------------------------

    def _path(self, name: str) -> Path:
        return self._sources[name].with_stem(self.language)

    def _document(self, name: str) -> Document:
        if name not in self._documents:
            path = self._path(name)
            there, markdown = path.exists(), path.suffix == ".md"
            empty = "" if name in _PLAIN else "status: draft\n"
            new = f"---\n{empty}---\n" if markdown else empty
            document = Document.read(path) if there else Document(new, markdown)
            self._documents[name] = document
            self._before[name] = document.text if there else ""
        return self._documents[name]

    def _order(self, name: str) -> list[Key]:
        """Return all keys of a file as they stand in the source language."""
        if name == "strings":
            return [unit.key for unit in self.units.values() if unit.file == name]
        return list(Document.read(self._sources[name]).texts())

    def _read(self, name: str) -> Iterable[Unit]:
        source = Document.read(self._sources[name]).texts()
        own = self._document(name).texts() if self._path(name).exists() else {}
        status = self._status(name, own)
        every = list(dict.fromkeys([*source, *own]))
        for key in self._string_keys(every, own) if name == "strings" else every:
            if key[0] in _ABOUT_FILE:
                continue
            base, text = source.get(key, source.get((*key[:-1], "other"), "")), own.get(key, "")
            yield Unit(
                id=f"{name}#{_written(key)}",
                file=name,
                key=key,
                source=joined(base),
                text=joined(text),
                status=status if text else "missing",
                listed=isinstance(text or base, list),
            )

    def _string_keys(self, every: Iterable[Key], own: Iterable[Key]) -> list[Key]:
        """Return the keys of strings; a missing plural has the forms of this language (CLDR)."""
        there = {key[0]: [one for one in own if one[0] == key[0]] for key in own}
        found: dict[Key, None] = {}
        for key in every:
            if key[0] in there:
                found.update(dict.fromkeys(there[key[0]]))
            elif len(key) == 1:
                found[key] = None
            else:
                forms = [*locale(self.language).plural_form.tags, "other"]
                found.update(dict.fromkeys((key[0], form) for form in forms))
        return list(found)

    def _status(self, name: str, own: Mapping[Key, object]) -> str:
        made_from = str(own.get(("translated_from",), ""))
        if made_from and made_from != f"{SOURCE}@{stamp(*parts(self._sources[name]))}":
            return "stale"
        return str(own.get(("status",), "original" if self.language == SOURCE else "draft"))


def _sources(folder: Path) -> dict[str, Path]:
    """Return by name the files of the source language, in the order people meet them."""
    plain = [folder / name / f"{SOURCE}.yml" for name in _PLAIN]
    others = [
        path
        for kind in ("guides", "courses")
        for path in sorted((folder / kind).glob(f"**/{SOURCE}.*"))
        if path.suffix in (".md", ".yml")
    ]
    found = [*(path for path in plain if path.exists()), *others]
    return {path.parent.relative_to(folder).as_posix(): path for path in found}


def _written(key: Key) -> str:
    return f"#{key[1] or 'body'}" if key[0] == "##" else "/".join(key)
