"""One plain form of a text to search in: digits of all scripts, look-alikes, odd spaces."""

from __future__ import annotations

import re
import unicodedata

_HIDDEN = ("Cf", "Me", "Mn", "Cc")
_LOOK = dict(
    zip("OoОоQІіIl|ЗзЧчSsбBВ", "0000011111334455688", strict=True)  # Latin and Cyrillic letters
)
_SEPARATED = re.compile(r"[^\W\d_]|\d")
_WORD = re.compile(r"\S+")
_TWINS = dict(zip("aceopxyiABCEHKMOPTXIkmt", "асеорхуіАВСЕНКМОРТХІкмт", strict=True))
_LATIN_TWINS = {cyrillic: latin for latin, cyrillic in _TWINS.items()}


def normal(text: str) -> str:
    """Return a text in NFC without invisible characters and stray marks, white space as blanks."""
    text = unicodedata.normalize("NFC", text)
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if character.isspace():
            kept.append(" ")
        elif category not in _HIDDEN or (category == "Mn" and not _stray(character)):
            kept.append(character)
    return "".join(kept)


def _stray(mark: str) -> bool:
    """Return whether a mark is a variation selector or an accent; scripts need their own."""
    return "\ufe00" <= mark <= "\ufe0f" or "\u0300" <= mark <= "\u036f"


def folded(text: str) -> str:
    """Return a normal text in plain characters, each in its old place (the length stays).

    Digits of any script become 0 to 9, letters inside numbers that look like digits become
    digits, letters of another alphabet inside a word become those of the word's.
    """
    plain = "".join(_plain(character) for character in text)
    words = list(_WORD.finditer(plain))
    pieces, end = [], 0
    for index, word in enumerate(words):
        around = [words[other].group() for other in _beside(index, len(words))]
        pieces += [plain[end : word.start()], _word(word.group(), around)]
        end = word.end()
    return "".join((*pieces, plain[end:]))


def _beside(index: int, size: int) -> list[int]:
    return [other for other in (index - 1, index + 1) if 0 <= other < size]


def _plain(character: str) -> str:
    if character < "\x80":
        return character
    number = unicodedata.digit(character, None)
    if number is not None:
        return str(number)
    if unicodedata.category(character) == "Pd":
        return "-"
    same = unicodedata.normalize("NFKC", character)
    return same if len(same) == 1 else character


def _word(word: str, around: list[str]) -> str:
    letters = _SEPARATED.findall(word)
    digits = sum(one.isdigit() for one in letters)
    alike = sum(one in _LOOK for one in letters)
    only = digits + alike == len(letters)
    among = digits == 0 and len(letters) == 1 and around and all(map(_numeric, around))
    if only and alike and ((digits >= 2 and digits >= alike) or among):
        return "".join(_LOOK.get(one, one) for one in word)
    return _one_alphabet(word)


def _numeric(word: str) -> bool:
    return all(one.isdigit() for one in _SEPARATED.findall(word))


def _one_alphabet(word: str) -> str:
    """Return a word of mixed Latin and Cyrillic letters in the alphabet of most of them."""
    cyrillic = sum("\u0400" <= one <= "\u052f" for one in word)
    latin = sum(one.isascii() and one.isalpha() for one in word)
    if not cyrillic or not latin:
        return word
    twins = _TWINS if cyrillic >= latin else _LATIN_TWINS
    return "".join(twins.get(one, one) for one in word)
