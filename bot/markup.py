"""The Markdown that content authors write, in the form each channel shows.

Authors have paragraphs, line breaks, '-' and '1.' lists and **bold**; facts arrive as CommonMark
autolinks, `<tel:1414>` and `<https://egov.kz>`. All else is text and comes out as text: raw HTML,
other links, headings and the rest of Markdown have no power here.
"""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain, groupby, pairwise

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

SMALLEST_PART = 20
Measure = Callable[[str], int]

_PHONE = re.compile(r"tel:\+?[0-9().*#-]{1,32}")
_ADDRESS = re.compile(r"https?://[^/?#@\\]+(?:[/?#][^\\]*)?", re.IGNORECASE)
_SCHEME = re.compile(r"(?:tel:|https?://)", re.IGNORECASE)
_BOLD = re.compile(r"\*\*(?=\S)(?:\\.|<[^<>\s]*>|<(?![^<>\s]*>)|[^\\<])+?(?<=\S)(\*\*)", re.DOTALL)
_LIST_START = re.compile(r"^(\s*\d{0,9})([-+.)])(?=\s|$)", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=\w\w)[.!?…։።؟।॥]+[\"'»”’)\]]*\s+|[。！？]+[」』”）]*\s*")
_WORD = re.compile(r"\s+")
_FLAG_LETTERS = re.compile("[\U0001f1e6-\U0001f1ff]+$")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text in one style. A span with `href` is a fact and is never cut."""

    text: str
    bold: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """One paragraph or list item, or a part of one.

    `marker` is '-' or '3.' on the first paragraph of a list item; `lists` names the lists around
    it, outermost first. A `joined` piece goes on in the line of the piece before.
    """

    spans: tuple[Span, ...]
    lists: tuple[int, ...] = ()
    marker: str = ""
    joined: bool = False

    @property
    def text(self) -> str:
        """What a reader sees of it."""
        return "".join(span.text for span in self.spans)


def _bold(state: StateInline, silent: bool) -> bool:
    """Parse **bold**: what starts and ends with a character that is not blank.

    CommonMark's own rule looks at the neighbours as well and fails where a language writes no
    spaces: '**费用：**免费' would keep its asterisks.
    """
    if not state.src.startswith("**", state.pos) or state.env.get("no bold in") is state.src:
        return False
    match = _BOLD.match(state.src, state.pos, state.posMax)
    if match is None:
        state.env["no bold in"] = state.src  # a later one will not find its end either
        return False
    if not silent:
        end = state.posMax
        state.pos, state.posMax = state.pos + 2, match.start(1)
        state.env["no bold in"] = state.src
        state.push("strong_open", "strong", 1)
        state.md.inline.tokenize(state)
        state.push("strong_close", "strong", -1)
        state.env["no bold in"] = None
        state.posMax = end
    state.pos = match.end()
    return True


class _Parser(MarkdownIt):
    """markdown-it reduced to what authors may write; only facts become links."""

    def __init__(self) -> None:
        super().__init__("zero", {"html": False, "breaks": True})
        self.enable(["list", "newline", "escape", "autolink"])
        self.inline.ruler.push("bold", _bold)

    def normalizeLink(self, url: str) -> str:
        return url

    def normalizeLinkText(self, link: str) -> str:
        return link

    def validateLink(self, url: str) -> bool:
        shape = _PHONE if url[:4].lower() == "tel:" else _ADDRESS
        return url.isprintable() and shape.fullmatch(url) is not None


_PARSER = _Parser()


def _tokens(markdown: str) -> list[Token]:
    return _PARSER.parse(_SURROGATE.sub("\ufffd", markdown))


def _spans(inline: Token) -> tuple[Span, ...]:
    spans: list[Span] = []
    bold, href = 0, ""
    for token in inline.children or ():
        if token.tag == "strong":
            bold += token.nesting
        elif token.type == "link_open":
            href = str(token.attrs["href"])
        elif token.type == "link_close":
            href = ""
        elif href:
            shown = _SCHEME.sub("", href, count=1)
            spans.append(Span(shown.removesuffix("/"), bold > 0, href))
        else:
            text = "\n" if token.type in ("softbreak", "hardbreak") else token.content
            spans.append(Span(text, bold > 0))
    return _merged(spans)


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    """Return the spans with neighbours of one style joined, links apart, empty ones left out."""
    merged: list[Span] = []
    for (bold, linked), run in groupby(spans, lambda span: (span.bold, bool(span.href))):
        if linked:
            merged += run
        elif text := "".join(span.text for span in run):
            merged.append(Span(text, bold))
    return tuple(merged)


def pieces(markdown: str) -> list[Piece]:
    """Return the paragraphs and list items in reading order."""
    found: list[Piece] = []
    lists: list[tuple[int, str, int]] = []  # list id, marker or delimiter, next number or -1
    marker = ""
    for position, token in enumerate(_tokens(markdown)):
        if token.type == "bullet_list_open":
            lists.append((position, token.markup, -1))
        elif token.type == "ordered_list_open":
            lists.append((position, token.markup, int(token.attrs.get("start", 1))))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif token.type == "list_item_open":
            list_id, sign, number = lists[-1]
            marker = sign if number < 0 else f"{number}{sign}"
            lists[-1] = (list_id, sign, number + (number >= 0))
        elif token.type == "list_item_close":
            marker = ""
        elif token.type == "inline":
            piece = Piece(_spans(token), tuple(list_id for list_id, _, _ in lists), marker)
            if piece.text.strip():
                found.append(piece)
                marker = ""
    return found


def _between(before: Piece | None, piece: Piece) -> str:
    """Return what stands between two pieces on a screen of text."""
    if before is None or piece.joined:
        return ""
    return "\n" if before.lists[:1] == piece.lists[:1] != () else "\n\n"


def _lines(markdown: str, bullet: str, bold: tuple[str, str], escaped: bool) -> str:
    out: list[str] = []
    before: Piece | None = None
    for piece in pieces(markdown):
        indent = "  " * (len(piece.lists) - 1)
        number = piece.marker if piece.marker[:1].isdigit() else bullet
        out += [_between(before, piece), indent, f"{number} " if piece.marker else ""]
        for span in piece.spans:
            text = html.escape(span.text, quote=False) if escaped else span.text
            out.append(f"{bold[0]}{text}{bold[1]}" if span.bold else text)
        before = piece
    return "".join(out).strip()


def to_telegram(markdown: str) -> str:
    """Return Telegram's HTML: escaped text, <b>, and lists as lines."""
    return _lines(markdown, "•", ("<b>", "</b>"), escaped=True)


def to_plain(markdown: str) -> str:
    """Return plain text; bullets are hyphens, which every SMS alphabet has."""
    return _lines(markdown, "-", ("", ""), escaped=False)


def to_web(markdown: str) -> str:
    """Return safe HTML of p, ul, ol, li, strong, br and links to facts."""
    out: list[str] = []
    for token in _tokens(markdown):
        if token.type == "inline":
            out.append(_web_inline(_spans(token)))
        elif token.type == "ordered_list_open" and "start" in token.attrs:
            out.append(f'<ol start="{int(token.attrs["start"])}">')
        elif not token.hidden:
            out.append(f"</{token.tag}>" if token.nesting < 0 else f"<{token.tag}>")
    return "".join(out).replace("<p></p>", "")


def _web_inline(spans: tuple[Span, ...]) -> str:
    out: list[str] = []
    for span in spans:
        text = html.escape(span.text).replace("\n", "<br>")
        if span.href:
            text = f'<a href="{html.escape(span.href)}" rel="noopener">{text}</a>'
        out.append(f"<strong>{text}</strong>" if span.bold else text)
    return "".join(out)


def escape(text: str) -> str:
    """Return Markdown that shows `text` as it is, for values put into Markdown."""
    return _LIST_START.sub(r"\1\\\2", re.sub(r"([\\*<])", r"\\\1", text))


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
        if blocks and _between(blocks[-1][-1], piece) == "\n":
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
        replace(run[0], spans=_merged([span for piece in run for span in piece.spans]))
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
