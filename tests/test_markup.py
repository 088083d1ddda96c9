"""What content authors write, as each channel shows it; hostile text comes out harmless."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.markup import escape, to_plain, to_telegram, to_web
from bot.parts import SMALLEST_PART, split
from tests.fakes.telegram import visible

# Markdown, Telegram, web, plain
ROWS = [
    ("words", "words", "<p>words</p>", "words"),
    ("", "", "", ""),
    (" \n\n ", "", "", ""),
    ("one\n\ntwo", "one\n\ntwo", "<p>one</p><p>two</p>", "one\n\ntwo"),
    ("one\ntwo", "one\ntwo", "<p>one<br>two</p>", "one\ntwo"),
    ("a **b** c", "a <b>b</b> c", "<p>a <strong>b</strong> c</p>", "a b c"),
    (
        "**费用：**免费。**“x”**y",
        "<b>费用：</b>免费。<b>“x”</b>y",
        "<p><strong>费用：</strong>免费。<strong>“x”</strong>y</p>",
        "费用：免费。“x”y",
    ),
    (
        r"**a \*\* b** **c** d",
        "<b>a ** b</b> <b>c</b> d",
        "<p><strong>a ** b</strong> <strong>c</strong> d</p>",
        "a ** b c d",
    ),
    (
        "**a **b** **c**",
        "<b>a **b</b> <b>c</b>",
        "<p><strong>a **b</strong> <strong>c</strong></p>",
        "a **b c",
    ),
    ("- a\n- b", "• a\n• b", "<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
    ("1. a\n1. b", "1. a\n2. b", "<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
    ("7. a\n8. b", "7. a\n8. b", '<ol start="7"><li>a</li><li>b</li></ol>', "7. a\n8. b"),
    (
        "Bring:\n- **id**\n- photo\n\nThen go.",
        "Bring:\n\n• <b>id</b>\n• photo\n\nThen go.",
        "<p>Bring:</p><ul><li><strong>id</strong></li><li>photo</li></ul><p>Then go.</p>",
        "Bring:\n\n- id\n- photo\n\nThen go.",
    ),
    (
        "- a\n  1. b\n  2. c\n- d",
        "• a\n  1. b\n  2. c\n• d",
        "<ul><li>a<ol><li>b</li><li>c</li></ol></li><li>d</li></ul>",
        "- a\n  1. b\n  2. c\n- d",
    ),
    ("- a\n\n1. b", "• a\n\n1. b", "<ul><li>a</li></ul><ol><li>b</li></ol>", "- a\n\n1. b"),
    (
        "Call <tel:+7(727)123> or <tel:1414>.",
        "Call +7(727)123 or 1414.",
        '<p>Call <a href="tel:+7(727)123" rel="noopener">+7(727)123</a> or '
        '<a href="tel:1414" rel="noopener">1414</a>.</p>',
        "Call +7(727)123 or 1414.",
    ),
    (
        "See **<https://egov.kz/>** and <https://a.kz/x?y=1&z=2>",
        "See <b>egov.kz</b> and a.kz/x?y=1&amp;z=2",
        '<p>See <strong><a href="https://egov.kz/" rel="noopener">egov.kz</a></strong> and '
        '<a href="https://a.kz/x?y=1&amp;z=2" rel="noopener">a.kz/x?y=1&amp;z=2</a></p>',
        "See egov.kz and a.kz/x?y=1&z=2",
    ),
    (
        "https://egov.kz 1414",
        "https://egov.kz 1414",
        "<p>https://egov.kz 1414</p>",
        "https://egov.kz 1414",
    ),
    (
        "қазақ – 日本語 👍🏽 عربي",
        "қазақ – 日本語 👍🏽 عربي",
        "<p>қазақ – 日本語 👍🏽 عربي</p>",
        "қазақ – 日本語 👍🏽 عربي",
    ),
    ("Паспорт - это", "Паспорт - это", "<p>Паспорт - это</p>", "Паспорт - это"),
    (r"5 \* 3 \<b> 1\. x", "5 * 3 &lt;b&gt; 1. x", "<p>5 * 3 &lt;b&gt; 1. x</p>", "5 * 3 <b> 1. x"),
]

# What has no power: it is shown as it was typed.
POWERLESS = [
    "<b>x</b>",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href='https://x'>y</a>",
    "<!-- x -->",
    "&lt;b&gt; &amp; &#60;",
    "# head",
    "> quote",
    "`code`",
    "*em* and _em_ and __strong__",
    "~~x~~",
    "[x](https://evil.example)",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/i.png)",
    "<javascript:alert(1)>",
    "<JaVaScRiPt:alert(1)>",
    "<data:text/html,x>",
    "<vbscript:x>",
    "<file:///etc/passwd>",
    "<ftp://x.example>",
    "<mailto:a@b.example>",
    "<a@b.example>",
    "<tel:javascript>",
    "<https://egov.kz@evil.example>",
    "<https://evil.example\\egov.kz>",
    "<https://>",
    "<https://egov.kz\u202ezk.vog>",
    "**open",
    "** not bold **",
    "a | b",
    "[x]: https://evil.example",
    "{fee}",
]


@pytest.mark.parametrize(("source", "telegram", "web", "plain"), ROWS)
def test_conversions(source: str, telegram: str, web: str, plain: str) -> None:
    """Paragraphs, breaks, lists, bold and facts look right on each kind of channel."""
    assert (to_telegram(source), to_web(source), to_plain(source)) == (telegram, web, plain)


@pytest.mark.parametrize("source", POWERLESS)
def test_powerless(source: str) -> None:
    """Raw HTML, other links and the rest of Markdown are text, escaped."""
    assert to_plain(source) == source
    assert to_telegram(source) == html.escape(source, quote=False)
    assert to_web(source) == f"<p>{html.escape(source)}</p>"


HOSTILE = [
    "*" * 10_000,
    "**a " * 3_000,
    "<" * 20_000,
    "<https:" * 3_000,
    "- " * 10_000,
    "\n".join(" " * 2 * depth + "- x" for depth in range(200)),
    "a\u0301" + "\u0301" * 20_000,
    "[](javascript:x)" * 2_000,
    "1. " * 5_000,
    "\\" * 20_000,
    "_a " * 6_000,
    "x\n" * 3_000,
    "👨‍👩‍👧" * 4_000,
    "\u202e" * 100 + "abc",
    "\x00\x01\x1b[31m\x7f",
    "a\ud800b",
    "<tel:" + "1" * 9_000 + ">",
]


@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile(source: str) -> None:
    """Long and twisted input is converted in reasonable time and stays valid."""
    begin = time.process_time()
    check_telegram(to_telegram(source))
    check_web(to_web(source))
    assert "\ud800" not in to_plain(source)
    assert time.process_time() - begin < 8
    for part in split(source[:4_000], 160):
        assert 0 < len(to_plain(part)) <= 160


def check_telegram(text: str) -> None:
    """Telegram's own rules accept it, and <b> is its only tag."""
    if text.strip() and len(text) <= 4096:
        visible(text, "HTML")
    tags = re.findall(r"<[^>]*>?", text)
    assert tags == ["<b>", "</b>"] * (len(tags) // 2)
    assert not re.search(r"&(?!lt;|gt;|amp;)", text)


class _Checker(HTMLParser):
    """Fails on any tag, attribute or nesting that the web chat does not expect."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert tag in ("p", "ul", "ol", "li", "strong", "br", "a")
        if tag == "a":
            assert set(given) == {"href", "rel"}
            assert given["rel"] == "noopener"
            assert re.match(r"tel:[+0-9(.*#-]|https?://[^/@]", given["href"] or "", re.IGNORECASE)
            assert "a" not in self.open
        elif tag == "ol":
            assert not given or (str(given.pop("start")).isdigit() and not given)
        else:
            assert not given
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError("a declaration")


def check_web(text: str) -> None:
    """Only allowed tags, closed in order, without any other attribute."""
    checker = _Checker()
    checker.feed(text)
    checker.close()
    assert checker.open == []


WORDS = st.text(max_size=12) | st.sampled_from(
    [
        "*",
        "**",
        "***",
        "_",
        "__",
        "<",
        ">",
        "&",
        "-",
        "+",
        "1.",
        "2)",
        "\\",
        "\n",
        "\n\n",
        "`",
        "[",
        "]",
        "(",
        ")",
        "<b>",
        "</b>",
        "<tel:1414>",
        "<https://egov.kz/a>",
        "<javascript:x>",
        "бір",
        "javascript:",
        "&lt;",
        "сөз",
        ".",
        "!",
        "?",
        "…",
        "👩‍👩‍👧",
        "e\u0301",
        "日本語。",
        " ",
        "\t",
    ]
)
MARKDOWN = st.lists(WORDS, max_size=20).map(" ".join) | st.lists(WORDS, max_size=20).map("".join)
LINES = st.lists(
    st.builds(
        str.__add__,
        st.sampled_from(["- ", "1. ", "3) ", "  - ", "   1. ", "    ", "", "\n", "> ", "* "]),
        MARKDOWN,
    ),
    max_size=8,
).map("\n".join)
MEASURES: list[Callable[[str], int]] = [
    lambda part: len(to_plain(part)),
    lambda part: len(to_telegram(part)),
    lambda part: len(to_plain(part).encode("utf-16-le", "replace")) // 2,
]


@settings(max_examples=200, deadline=None)
@given(MARKDOWN | LINES)
@example("***a* b**")
def test_always_valid(source: str) -> None:
    """Whatever is written, what comes out is valid for the channel and says the same words."""
    check_telegram(to_telegram(source))
    check_web(to_web(source))
    shown = html.unescape(re.sub("</?b>", "", to_telegram(source)))
    assert bare(shown) == bare(to_plain(source))


def bare(text: str) -> str:
    """Return the characters that must survive: no blanks, stars, nor what marks list items."""
    return re.sub(r"[\s*•.)\d-]", "", text)


@settings(max_examples=150, deadline=None)
@given(MARKDOWN | LINES, st.integers(SMALLEST_PART, 200), st.sampled_from(MEASURES))
@example("x***a* b**y " * 10, 20, MEASURES[0])
@example("- a\n  3. b " * 9, 20, MEASURES[0])
def test_split_parts_fit(source: str, limit: int, measure: Callable[[str], int]) -> None:
    """Every part fits, none is empty, each is valid, and together they say the same words."""
    parts = split(source, limit, measure)
    for part in parts:
        assert measure(part) <= limit
        assert to_plain(part).strip()
        check_telegram(to_telegram(part))
        check_web(to_web(part))
    assert bare("".join(map(to_plain, parts))) == bare(to_plain(source))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60) | MARKDOWN)
def test_escape(text: str) -> None:
    """An escaped value shows as it is: it makes no list, bold or link."""
    value = " ".join(text.split())
    assert to_plain(escape(value)) == value.replace("\x00", "\ufffd")
    assert to_telegram(escape(value)) == html.escape(value.replace("\x00", "\ufffd"), quote=False)


# Markdown, limit, parts
SPLITS = [
    ("short", 20, ["short"]),
    ("", 20, []),
    ("One paragraph.\n\nAnother one here.", 20, ["One paragraph.", "Another one here."]),
    ("aaa.\n\nbbb.\n\nccc ccc ccc.", 20, ["aaa.\n\nbbb.", "ccc ccc ccc."]),
    ("- first item\n- second\n- third", 24, ["- first item\n- second", "- third"]),
    ("1. first item\n1. second\n1. third", 26, ["1. first item\n2. second", "3. third"]),
    ("Words come first. Then more. End.", 20, ["Words come first.", "Then more. End."]),
    ("Words without any end at all", 20, ["Words without any", "end at all"]),
    ("Say **three bold words** now ok", 22, ["Say **three bold words**", "now ok"]),
    ("**one two three four five six**", 20, ["**one two three four**", "**five six**"]),
    ("Now call this <https://egov.kz/a/b>", 20, ["Now call this", "<https://egov.kz/a/b>"]),
    ("abcdefghijklmnopqrstuvwxyz", 20, ["abcdefghijklm", "nopqrstuvwxyz"]),
    ("Паспорт, вид и копия - это документы", 22, ["Паспорт, вид и копия -", "это документы"]),
    ("Паспорт и виза тут - это документы", 20, ["Паспорт и виза тут -", "это документы"]),
    ("Паспорт и его копия - это документы", 20, ["Паспорт и его копия", "\\- это документы"]),
    ("1. First one here. Second.\n2. Last", 20, ["1. First one here.", "Second.\n\n2. Last"]),
    ("今日は晴れです。傘を持って行きましょう。", 20, ["今日は晴れです。傘を持って行きましょう。"]),
    ("今日は晴れです。明日は雨。傘を。" * 2, 20, ["今日は晴れです。明日は雨。傘を。"] * 2),
]


@pytest.mark.parametrize(("source", "limit", "parts"), SPLITS)
def test_split_places(source: str, limit: int, parts: list[str]) -> None:
    """Parts end at paragraphs, list items, sentences, words, in that order of preference."""
    assert split(source, limit) == parts


def test_split_keeps_characters_whole() -> None:
    """A family of emoji or a letter with its accent is never cut in two."""
    for cluster in ("👨‍👩‍👧", "🇰🇿", "👍🏽", "e\u0301\u0323"):
        for part in split(cluster * 50, 20):
            assert len(part) % len(cluster) == 0


def test_split_measures_what_is_sent() -> None:
    """A part is measured as the channel counts it, not as it is written."""
    source = "&" * 100
    assert max(len(to_telegram(part)) for part in split(source, 50, MEASURES[1])) <= 50
    assert len(split(source, 100)) == 1


def test_split_needs_room() -> None:
    """A limit that cannot hold a list marker and a character is a mistake of the caller."""
    with pytest.raises(ValueError, match="20"):
        split("x", SMALLEST_PART - 1)


def test_split_long_text_in_time() -> None:
    """A long lesson is split without trying every length."""
    source = "\n\n".join("Word after word, and a **bold term** too. " * 8 for _ in range(60))
    begin = time.process_time()
    parts = split(source, 4096, MEASURES[1])
    assert len(parts) == 6
    assert time.process_time() - begin < 5
