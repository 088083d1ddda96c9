"""Names and addresses, found by spaCy's matcher after the words that announce them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import Any

from bot.redaction import cues
from bot.redaction.patterns import Span

LONGEST_NAME = 4
_MARK = r"\u0300-\u036f\u064b-\u065f\u0670\u093a-\u094f\u0981-\u0983\u09bc-\u09cd\u09d7"
_LETTERS = rf"(?:[^\W\d_]|[{_MARK}])+"
_TOKEN = re.compile(rf"{_LETTERS}(?:['’`ʻ-]{_LETTERS})*|\d+|\S")
_ENDS = frozenset(".!?…;\n")
_GLUE = frozenset(":-,—.«\"'(")


@lru_cache(maxsize=1)
def _language() -> Any:
    """Return the blank pipeline of no language. Loading spaCy takes about a second, once."""
    import spacy

    return spacy.blank("xx")


def load() -> None:
    """Load spaCy and all patterns now, so that no phrase waits for it."""
    _matcher()


def _document(text: str) -> Any:
    """Return the words of a text as a spaCy document; token i of it is word i of the text."""
    from spacy.tokens import Doc

    found = [match.group() for match in _TOKEN.finditer(text)]
    return Doc(_language().vocab, words=found, spaces=[True] * len(found))


@lru_cache(maxsize=1)
def _matcher() -> Any:
    from spacy.matcher import Matcher

    matcher = Matcher(_language().vocab)
    for name, phrases in (("SURE", cues.SURE_NAME_CUES), ("CAPITAL", cues.CAPITAL_NAME_CUES)):
        matcher.add(
            name, [[{"LOWER": word} for word in _TOKEN.findall(phrase)] for phrase in phrases]
        )
    for name, patterns in _PATTERNS.items():
        matcher.add(name, patterns, greedy="LONGEST")
    return matcher


def _any(words: Collection[str]) -> dict[str, Any]:
    return {"LOWER": {"IN": sorted(words)}}


_DOT = {"ORTH": {"IN": [".", ",", "№"]}, "OP": "*"}
_NUMBER = {"IS_DIGIT": True}
_CAPITAL = {"IS_TITLE": True, "LOWER": {"NOT_IN": sorted(cues.NOT_NAMES)}}
_WORD = {"IS_ALPHA": True, "LOWER": {"NOT_IN": sorted(cues.NOT_NAMES)}}
_HOUSE = [_any(cues.HOUSES), _DOT, _NUMBER]
_MORE = [{"ORTH": {"IN": [",", ".", "/", "-"]}, "OP": "*"}, {**_any(cues.HOUSES), "OP": "?"}, _DOT]
_PATTERNS: dict[str, list[list[dict[str, Any]]]] = {
    "ADDRESS": [
        _HOUSE,
        [_any(cues.STREETS_BEFORE), _DOT, {**_CAPITAL, "OP": "{1,3}"}],
        [_any(cues.STREETS_BEFORE), _DOT, {**_WORD, "OP": "{0,3}"}, *_MORE, _NUMBER],
        [
            _any(cues.STREETS_BEFORE),
            _DOT,
            {**_WORD, "OP": "{0,3}"},
            *_MORE,
            _NUMBER,
            *_MORE,
            _NUMBER,
        ],
        [{**_CAPITAL, "OP": "{1,3}"}, _any(cues.STREETS_AFTER)],
        [_NUMBER, {**_WORD, "OP": "{1,3}"}, _any(cues.STREETS_AFTER)],
        [
            {**_WORD, "OP": "{1,2}"},
            _any(cues.STREETS_AFTER),
            {"IS_ALPHA": True, "OP": "?"},
            *_MORE,
            _NUMBER,
        ],
    ],
    "DIGITS": [[{**_any(cues.DIGIT_WORDS), "OP": "{5,}"}]],
    "PATRONYMIC": [
        [{"TEXT": {"REGEX": cues.PATRONYMIC}, "LOWER": {"NOT_IN": sorted(cues.NOT_NAMES)}}],
    ],
    "SURNAME": [
        [_CAPITAL, {"TEXT": {"REGEX": cues.SURNAME}}],
        [{"TEXT": {"REGEX": cues.SURNAME}}, _CAPITAL],
    ],
}
_CHINESE = re.compile(rf"(?:{cues.CHINESE_NAME_CUES})(?P<name>[\u4e00-\u9fff]{{2,4}})")


def spans(text: str, known: Callable[[str], bool] = lambda word: True) -> Iterator[Span]:
    """Yield names, addresses and spelled-out numbers of a folded text; places may overlap.

    `known` says whether a word (in small letters) is one of the content's: a word with a
    capital letter inside a sentence that is not is taken for a name.
    """
    places = [match.span() for match in _TOKEN.finditer(text)]
    if not places:
        return
    document = _document(text)
    for key, begin, end in _matcher()(document):
        name = _language().vocab.strings[key]
        first, last, label = (
            begin,
            end,
            {"ADDRESS": "address", "DIGITS": "number"}.get(name, "name"),
        )
        if name in ("SURE", "CAPITAL"):
            first, last = _name_after(document, end, capital=name == "CAPITAL")
        elif name == "PATRONYMIC":
            first, last = _around(document, begin)
        if first < last:
            yield (places[first][0], places[last - 1][1], label)
    for index in _unknown(document, known):
        yield (*places[index], "name")
    for match in _CHINESE.finditer(text):
        yield (*match.span("name"), "name")


def _name_after(document: Any, begin: int, capital: bool) -> tuple[int, int]:
    """Return the tokens of the name that begins there, none when what follows is no name."""
    while begin < len(document) and document[begin].text in _GLUE:
        begin += 1
    end, dotted = begin, False
    while end < len(document) and end - begin < LONGEST_NAME:
        token = document[end]
        if not token.text[0].isalpha():
            break
        titled = token.text[0].isupper() and not (token.is_upper and len(token.text) in (2, 3))
        if token.lower_ in cues.NOT_NAMES or (
            not titled and (capital or _titled(document, begin, end))
        ):
            break
        end += 1
        dotted = end < len(document) and document[end].text == "." and len(token.text) == 1
        if dotted:  # an initial
            end += 1
    return begin, end


def _titled(document: Any, begin: int, end: int) -> bool:
    """Return whether the name so far begins with a capital letter, so that a small one ends it."""
    return end > begin and document[begin].text[0].isupper()


def _around(document: Any, place: int) -> tuple[int, int]:
    """Return a father's name with the surname and first name beside it."""
    begin, end = place, place + 1
    while begin > 0 and place - begin < 2 and _could_be_name(document[begin - 1]):
        begin -= 1
    if end < len(document) and document[end].text[0].isupper() and _could_be_name(document[end]):
        end += 1
    return begin, end


def _could_be_name(token: Any) -> bool:
    return bool(token.is_alpha) and token.lower_ not in cues.NOT_NAMES and len(token.text) > 1


def _unknown(document: Any, known: Callable[[str], bool]) -> Iterator[int]:
    """Yield capitalised words inside a sentence that the content does not know."""
    for index in range(1, len(document)):
        token = document[index]
        if not token.text[0].isupper() or token.is_upper or not _could_be_name(token):
            continue
        if document[index - 1].text not in _ENDS and not known(token.lower_):
            yield index
