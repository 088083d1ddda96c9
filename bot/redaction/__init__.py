"""What a person wrote, without what tells who they are.

When in doubt, a piece is taken out: a phrase that lost a word too many still teaches, one that
kept a number too many harms. What stands instead is its kind in brackets, such as [phone].
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from bot.redaction import names, patterns
from bot.redaction.folding import folded, normal
from bot.redaction.patterns import Span

MARKS = (
    *("iin", "phone", "email", "card", "iban", "document", "number"),
    *("link", "username", "name", "address", "place", "date"),
)
"""All kinds of pieces that are taken out."""

_MARK = re.compile(rf"\[(?:{'|'.join(sorted(MARKS))})\]")
_ORDER = ("link", "email", "place", "iban", "date", "username", "iin", "phone", "card")
"""Of pieces that overlap, the first of these names the whole; else the longest does."""


def redact(text: str, known: Callable[[str], bool] = lambda word: True) -> str:
    """Return a text with personal data taken out.

    `known` says whether a word in small letters is one of the content's; other words with a
    capital letter inside a sentence are taken for names.
    """
    text = normal(text)
    search = folded(text)
    found = _merged([*patterns.spans(search), *names.spans(search, known)])
    for begin, end, label in reversed(found):
        text = f"{text[:begin]}[{label}]{text[end:]}"
    return " ".join(text.split())


def without_marks(text: str) -> str:
    """Return a redacted text without the marks, as an example to learn from."""
    return " ".join(_MARK.sub(" ", text).split()).strip(" ,;:-–—.")


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, those that overlap as one."""
    merged: list[Span] = []
    for begin, end, label in sorted(spans):
        if merged and begin < merged[-1][1]:
            before = merged[-1]
            ranks = [(_rank(one), one[2]) for one in (before, (begin, end, label))]
            merged[-1] = (before[0], max(before[1], end), min(ranks)[1])
        else:
            merged.append((begin, end, label))
    return merged


def _rank(span: Span) -> tuple[int, int]:
    begin, end, label = span
    return (_ORDER.index(label) if label in _ORDER else len(_ORDER), begin - end)
