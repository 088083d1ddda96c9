"""Normalisation of text: the one place that decides what the components get to see."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

HEAD_CHARACTERS = 260
TAIL_CHARACTERS = 120

_URL = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\w+", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"\d[\d\s\-()]{4,}\d|\d{5,}")
_SPACE = re.compile(r"\s+")
# Combining marks are not \w in Python, but they are letters' parts (Bengali vowels, say).
_NOT_WORD = re.compile(r"[^\w\s'\u0300-\u036f\u064b-\u0652\u0900-\u0963\u0966-\u0dff]|_")
_REPEATED = re.compile(r"(\w)\1{2,}")

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʻʼ`´", "'"))
_LOOK_ALIKE = str.maketrans(
    {
        "ә": "а", "ғ": "г", "қ": "к", "ң": "н", "ө": "о", "ұ": "у", "ү": "у", "һ": "х",
        "і": "и", "ё": "е", "ї": "и", "є": "е", "ў": "у", "ҳ": "х", "ҷ": "ч", "й": "и",
        "أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك", "ہ": "ه",
        "ھ": "ه", "ۃ": "ه", "ے": "ي", "ـ": "", "ؤ": "و", "ئ": "ي",
        "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i",
        "ʻ": "", "ʼ": "", "‘": "", "’": "", "`": "", "'": "", "´": "",
    }
)  # fmt: skip


def encodable(text: str) -> str:
    """Return the text with half characters (lone surrogates, legal in JSON) as '?'."""
    return text.encode("utf-8", "replace").decode("utf-8")


def bounded(text: str) -> str:
    """Cut a long text to its head and tail, at spaces where possible.

    People put the question first or last; what is between costs time and adds noise.
    """
    limit = HEAD_CHARACTERS + TAIL_CHARACTERS
    if len(text) <= limit:
        return text
    head = text[:HEAD_CHARACTERS].rsplit(None, 1)[0]
    tail_parts = text[-TAIL_CHARACTERS:].split(None, 1)
    tail = tail_parts[-1] if tail_parts else ""
    return f"{head} {tail}"


def _is_noise(character: str) -> bool:
    """Say whether a character carries no meaning: control, emoji, modifier, private use."""
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("So", "Sk")


class _Letters(dict[int, str]):
    """What becomes of each character, for `str.translate`: worked out when it is first met."""

    def __init__(self, rule: Callable[[str], str]) -> None:
        super().__init__()
        self._rule = rule

    def __missing__(self, code: int) -> str:
        found = self._rule(chr(code))
        if len(self) < _LETTERS_KEPT:
            self[code] = found
        return found


_LETTERS_KEPT = 20_000
_SILENCED = _Letters(lambda c: " " if _is_noise(c) and c not in "\u200c\u200d" else c)


def cleaned(text: str) -> str:
    """Return the text without control characters, emoji, addresses and long numbers.

    NFKC first (full-width letters, ligatures), white space as single spaces, at most
    HEAD_CHARACTERS + TAIL_CHARACTERS long. Case, punctuation and diacritics stay.
    """
    # NFKC can lengthen a text 18 times, so cut before and after.
    text = unicodedata.normalize(
        "NFKC",
        text[: 20 * (HEAD_CHARACTERS + TAIL_CHARACTERS)]
        + text[20 * (HEAD_CHARACTERS + TAIL_CHARACTERS) :][-TAIL_CHARACTERS:],
    )
    text = _URL.sub(" ", text)
    text = _LONG_NUMBER.sub(" ", text)
    return bounded(_SPACE.sub(" ", text.translate(_SILENCED)).strip())


def canonical(text: str) -> str:
    """Return cleaned text in lower case with no punctuation, letters kept as they are."""
    lowered = _NOT_WORD.sub(" ", cleaned(text).lower().translate(_APOSTROPHES))
    return _SPACE.sub(" ", _REPEATED.sub(r"\1\1", lowered)).strip()


def _without_marks(character: str) -> str:
    """Return a Latin, Greek or Arabic letter without its marks; other scripts unchanged."""
    decomposed = unicodedata.normalize("NFD", character)
    if len(decomposed) == 1:
        return "" if "\u064b" <= character <= "\u0652" else character
    base = decomposed[0]
    return base if base < "\u0250" else character


_BARE = _Letters(_without_marks)


def folded(text: str) -> str:
    """Return canonical text folded (see `fold`)."""
    return fold(canonical(text))


def fold(text: str) -> str:
    """Return canonical text with look-alike letters made equal and diacritics dropped.

    Kazakh letters become the Russian ones that people type instead, Arabic and Urdu
    variants of a letter become one, Latin letters lose accents and apostrophes.
    """
    return _SPACE.sub(" ", text.translate(_LOOK_ALIKE).translate(_BARE)).strip()


def script_of(text: str) -> str:
    """Name the script of most letters: latin, cyrillic, arabic, han, bengali, other or none."""
    counts = Counter(map(_script, text))
    counts["han"] *= 3
    del counts[""]
    return counts.most_common(1)[0][0] if counts.total() else "none"


SCRIPT_CODES = {
    "latin": "Latn",
    "cyrillic": "Cyrl",
    "arabic": "Arab",
    "han": "Hani",
    "bengali": "Beng",
}
"""ISO 15924 codes of the scripts that `script_of` names."""


@lru_cache(maxsize=8192)
def _script(character: str) -> str:
    if not character.isalpha():
        return ""
    code = ord(character)
    for name, ranges in _SCRIPTS.items():
        if any(low <= code <= high for low, high in ranges):
            return name
    return "other"


_SCRIPTS = {
    "latin": ((0x41, 0x24F), (0x1E00, 0x1EFF)),
    "cyrillic": ((0x400, 0x52F),),
    "arabic": ((0x600, 0x6FF), (0x750, 0x77F), (0xFB50, 0xFDFF), (0xFE70, 0xFEFF)),
    "han": ((0x3400, 0x9FFF), (0x20000, 0x2FFFF)),
    "bengali": ((0x980, 0x9FF),),
}
