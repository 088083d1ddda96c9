"""The Markdown that content authors write, in the form each channel shows.

Authors have paragraphs, line breaks, '-' and '1.' lists and **bold**; facts arrive as CommonMark
autolinks, `<tel:1414>` and `<https://egov.kz>`. All else is text and comes out as text: raw HTML,
other links, headings and the rest of Markdown have no power here.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from bot.model import whole

CACHED = 4000
"""Texts whose written form is kept, for each channel: parsing a page takes over a millisecond."""

_PHONE = re.compile(r"tel:\+?[0-9().*#-]{1,32}")
_ADDRESS = re.compile(r"https?://[^/?#@\\]+(?:[/?#][^\\]*)?", re.IGNORECASE)
_SCHEME = re.compile(r"(?:tel:|https?://)", re.IGNORECASE)
_BOLD = re.compile(r"\*\*(?=\S)(?:\\.|<[^<>\s]*>|<(?![^<>\s]*>)|[^\\<])+?(?<=\S)(\*\*)", re.DOTALL)
_LIST_START = re.compile(r"^(\s*\d{0,9})([-+.)])(?=\s|$)", re.MULTILINE)


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
    return _PARSER.parse(whole(markdown))


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
    return merged(spans)


def merged(spans: list[Span]) -> tuple[Span, ...]:
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


def between(before: Piece | None, piece: Piece) -> str:
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
        out += [between(before, piece), indent, f"{number} " if piece.marker else ""]
        for span in piece.spans:
            text = html.escape(span.text, quote=False) if escaped else span.text
            out.append(f"{bold[0]}{text}{bold[1]}" if span.bold else text)
        before = piece
    return "".join(out).strip()


@lru_cache(CACHED)
def to_telegram(markdown: str) -> str:
    """Return Telegram's HTML: escaped text, <b>, and lists as lines."""
    return _lines(markdown, "•", ("<b>", "</b>"), escaped=True)


@lru_cache(CACHED)
def to_plain(markdown: str) -> str:
    """Return plain text; bullets are hyphens, which every SMS alphabet has."""
    return _lines(markdown, "-", ("", ""), escaped=False)


@lru_cache(CACHED)
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
