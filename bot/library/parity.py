"""A translation holds what its source text holds: the same values, numbers and addresses.

A wrong number is worse than a clumsy sentence, and nobody who reads one language sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from bot.library.check import PLACEHOLDER, Row

_NO_WORDS = frozenset({"language", "status", "stamp", "asks", "also", "id"})
_NO_WORDS |= {"translated_from", "reviewer", "reviewed_on"}
_LIST_NUMBER = re.compile(r"^\s*\d+\.\s", re.MULTILINE)
_ADDRESS = re.compile(r"\b(?:[a-z0-9-]+\.)+[a-z]{2,}\b(?:/[\w./-]*\w)?|[\w.+-]+@[\w.-]+\w")
_NUMBER = re.compile(r"\d{1,3}(?:[ ,.\u00a0\u202f]\d{3})+(?!\d)|\d+")
_ANY = re.compile(r"\d|\w[.@]\w")


def rows(texts: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return where translations differ from the original: (language, key, what differs).

    One that is older than its source text is known to differ and left out.
    """
    source = next((text for text in texts.values() if text.status == "original"), None)
    held = _held(source) if source and len(texts) > 1 else {}
    found = []
    for code, text in texts.items() if held else ():
        of, _, stamp = text.translated_from.partition("@")
        stale = of in texts and stamp not in ("", texts[of].stamp)
        if not stale and text is not source:
            found += [(code, key, line) for key, line in _unlike(held, text)]
    return found


def differences(source: Any, text: Any) -> list[Row]:
    """Return (key, what differs) of each part that both have."""
    return _unlike(_held(source), text)


def _held(source: Any) -> dict[str, set[str]]:
    """Return what each part of a text holds."""
    return {key: _figures(part) for key, part in _parts(source)}


def _unlike(held: Mapping[str, set[str]], text: Any) -> list[Row]:
    found = []
    for key, part in _parts(text):
        if key in held and (wrong := held[key] ^ _figures(part)):
            differing = ", ".join(sorted(wrong))
            found.append((key, f"must hold the same as its source text: {differing}"))
    return found


def _parts(value: Any, key: str = "") -> Iterator[Row]:
    """Yield each text that people read, by key."""
    if isinstance(value, str):
        yield key, value
    elif is_dataclass(value):
        names = [one.name for one in fields(value) if one.name not in _NO_WORDS]
        for name in names:
            yield from _parts(getattr(value, name), f"{key}.{name}".lstrip("."))
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _parts(part, f"{key}.{name}".lstrip("."))


def _figures(text: str) -> set[str]:
    """Return the values by name, the addresses, and the numbers in the digits 0 to 9."""
    names = {"{" + name + "}" for name in PLACEHOLDER.findall(text)}
    text = _LIST_NUMBER.sub("", PLACEHOLDER.sub(" ", text))
    if not _ANY.search(text):  # nearly all texts of guides
        return names
    addresses = set(_ADDRESS.findall(text.lower()))
    numbers = _NUMBER.findall(_ADDRESS.sub(" ", text.lower()))
    plain = {"".join(str(int(one)) for one in number if one.isdecimal()) for number in numbers}
    return names | addresses | plain
