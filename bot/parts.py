"""Cutting the Markdown of an answer into parts that fit a channel's messages."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, groupby, pairwise

from bot.markup import Piece, Span, between, escape, merged, pieces, to_plain

SMALLEST_PART = 20
Measure = Callable[[str], int]

_SENTENCE = re.compile(r"(?<=\w\w)[.!?…։።؟।॥]+[\"'»”’)\]]*\s+|[。！？]+[」』”）]*\s*")
_WORD = re.compile(r"\s+")
_FLAG_LETTERS = re.compile("[\U0001f1e6-\U0001f1ff]+$")


def split(markdown: str, limit: int, measure: Measure | None = None) -> list[str]:
    """Return Markdown parts that each measure at most `limit`, in reading order.

    `measure` takes a part and returns its size once converted; without it, characters of plain
    text count. A part ends at a paragraph, else a list item, a sentence, a word, and inside a
    word only where it alone is longer than a part. Bold goes on in the next part; a link stays
    whole. Nothing but blanks at the cuts is lost. `limit` is at least 20: room for a list marker
    and a character.
    """
    if limit < SMALLEST_PART:
        raise ValueError(f"A part needs room for {SMALLEST_PART} characters, not {limit}.")
    size = measure or (lambda part: len(to_plain(part)))
    found = pieces(markdown)
    if found and size(markdown) <= limit:
        return [markdown.strip()]
    packer = _Packer(lambda part: size(_source(part)) <= limit)
    packer.add(_blocks(found))
    packer.flush()
    return [_source(part) for part in packer.parts]


class _Packer:
    """Fills part after part with as many units as fit; breaks only what no part can hold."""

    def __init__(self, fits: Callable[[list[Piece]], bool]) -> None:
        self.fits = fits
        self.parts: list[list[Piece]] = []
        self.part: list[Piece] = []

    def add(self, units: list[list[Piece]]) -> None:
        position = 0
        while position < len(units):
            count = self._count(units[position:])
            self.part += chain.from_iterable(units[position : position + count])
            position += count
            if not count and self.part and self.fits(units[position]):
                self.flush()
            elif not count:
                self._break(units[position])
                position += 1

    def flush(self) -> None:
        if any(piece.text.strip() for piece in self.part):
            self.parts.append(self.part)
        self.part = []

    def _break(self, unit: list[Piece]) -> None:
        finer = [[piece] for piece in unit] if len(unit) > 1 else _broken(unit[0])
        if finer:
            self.add(finer)
        else:  # one character that measures more than a whole part
            self.flush()
            self.part = unit

    def _count(self, units: list[list[Piece]]) -> int:
        """Return how many units still fit, found by doubling, then bisection."""

        def fit(count: int) -> bool:
            return self.fits([*self.part, *chain.from_iterable(units[:count])])

        low, high = 0, 1
        while high <= len(units) and fit(high):
            low, high = high, high * 2
        high = min(high, len(units) + 1)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fit(middle) else (low, middle)
        return low


def _broken(piece: Piece) -> list[list[Piece]]:
    """Return the piece cut at its best places, or nothing when it is a single character."""
    edges = [0, *_cuts(piece), len(piece.text)]
    if len(edges) == 2:
        return []
    first, *rest = _sliced(piece.spans, edges)
    return [[replace(piece, spans=first)]] + [
        [replace(piece, spans=spans, marker="", joined=True)] for spans in rest
    ]


def _cuts(piece: Piece) -> list[int]:
    text = piece.text
    for pattern, in_bold in ((_SENTENCE, False), (_WORD, False), (_WORD, True)):
        closed = _closed(piece.spans, in_bold)
        ends = (match.end() for match in pattern.finditer(text))
        if cuts := [end for end in ends if 0 < end < len(text) and not closed[end]]:
            return cuts
    middle = len(text) // 2
    near = range(max(1, middle - 600), min(len(text), middle + 600))
    best = min(near, key=lambda at: (closed[at], _joins(text, at), abs(at - middle)), default=0)
    return [best] if best else []


def _closed(spans: tuple[Span, ...], in_bold: bool) -> bytearray:
    """Return, for each position, whether a cut there would part a link or a bold term."""
    closed = bytearray(sum(len(span.text) for span in spans) + 1)
    start = 0
    for bold, run in groupby(spans, lambda span: span.bold):
        first = start
        for span in run:
            if span.href:
                closed[start + 1 : start + len(span.text)] = b"\1" * (len(span.text) - 1)
            start += len(span.text)
        if bold and not in_bold:
            closed[first + 1 : start] = b"\1" * (start - first - 1)
    return closed


def _joins(text: str, at: int) -> bool:
    """Return whether a cut there would part what a reader sees as one character."""
    flags = _FLAG_LETTERS.search(text, max(0, at - 64), at)
    return (
        unicodedata.category(text[at]) in ("Mn", "Mc", "Me", "Cf")
        or text[at - 1] == "\u200d"
        or "\U0001f3fb" <= text[at] <= "\U0001f3ff"  # skin tones
        or (flags is not None and len(flags[0]) % 2 == 1)
    )


def _sliced(spans: tuple[Span, ...], edges: list[int]) -> list[tuple[Span, ...]]:
    """Return the spans between each edge and the next; a link that is cut becomes text."""
    slices: list[list[Span]] = [[] for _ in edges[1:]]
    start = 0
    for span in spans:
        end = start + len(span.text)
        inner = edges[bisect_right(edges, start) : bisect_left(edges, end)]
        for first, last in pairwise([start, *inner, end]):
            cut = Span(span.text[first - start : last - start], span.bold) if inner else span
            slices[bisect_right(edges, first) - 1].append(cut)
        start = end
    return [tuple(one) for one in slices]


def _blocks(found: list[Piece]) -> list[list[Piece]]:
    """Return each paragraph for itself and each outermost list as a whole."""
    blocks: list[list[Piece]] = []
    for piece in found:
        if blocks and between(blocks[-1][-1], piece) == "\n":
            blocks[-1].append(piece)
        else:
            blocks.append([piece])
    return blocks


def _source(part: list[Piece]) -> str:
    """Return the pieces as Markdown that reads back as them."""
    out: list[str] = []
    around: list[tuple[int, int]] = []  # depth and indentation of the list items around
    before: Piece | None = None
    for line in _lines_of(part):
        depth = len(line.lists)
        while around and around[-1][0] >= depth + (not line.marker):
            around.pop()
        head = " " * (around[-1][1] if around else 0)
        if line.marker:
            head += f"{line.marker} "
            around.append((depth, len(head)))
        if before:
            siblings = before.marker and line.marker and before.lists == line.lists
            out.append("\n" if siblings else "\n\n")
        out += [head, _inline_source(line.spans).replace("\n", "\n" + " " * len(head))]
        before = line
    return "".join(out)


def _lines_of(part: list[Piece]) -> list[Piece]:
    """Return the pieces with joined ones put together again."""
    runs: list[list[Piece]] = []
    for piece in part:
        if runs and piece.joined:
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return [
        replace(run[0], spans=merged([span for piece in run for span in piece.spans]))
        for run in runs
    ]


def _inline_source(spans: tuple[Span, ...]) -> str:
    out: list[str] = []
    for bold, run in groupby(spans, lambda span: span.bold):
        inner = "".join(f"<{s.href}>" if s.href else escape(s.text) for s in run)
        core = inner.strip()
        if bold and core:
            lead, trail = inner[: inner.index(core)], inner[inner.index(core) + len(core) :]
            inner = f"{lead}**{core}**{trail}"
        out.append(inner)
    return "".join(out).strip()
