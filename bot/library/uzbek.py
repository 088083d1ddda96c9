"""Uzbek from Latin into Cyrillic letters, by rule; what no rule can know is a list of words.

The Latin alphabet is that of the Law of 2 September 1993 (as amended on 6 May 1995), its
spelling that of Cabinet Resolution 339 of 24 August 1995; the Cyrillic one is that of 1940.
Latin letters tell most of the Cyrillic ones. Not so: э or е (by place), ц (written s or ts),
soft and hard signs of loan words (not written).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

_MARK = "[ʻʼ'‘’`´′]"
"""All that people write for the sign in oʻ and gʻ and for tutuq belgisi."""

_LETTERS = dict(zip("abdefghijklmnopqrstuvxyz", "абдефгҳижклмнопқрстувхйз", strict=True))
_GROUPS = {"o'": "ў", "g'": "ғ", "s'": "с", "sh": "ш", "ch": "ч", "ts": "ц", "'": "ъ"}
_GROUPS |= {"yo": "ё", "yu": "ю", "ya": "я", "ye": "е"}
_SOUND = re.compile(
    rf"[og]{_MARK}|s{_MARK}(?=h)|sh|ch|ts(?=iya|ion)|yo(?!{_MARK})|y[uae]|{_MARK}|[a-z]",
    re.IGNORECASE,
)
_VOWELS = frozenset("aeiou'")
"""After these, and at the start of a word, 'e' is э and 'ye' is е."""

_KEPT = (
    r"\{[^{}]*\}|https?://\S+|<[^<>\s]+>|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|@\w+|(?<![\w/])/[a-z_]+"
    r"|(?<!\w)[A-Za-z0-9-]{2,}(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(?:/\S*)?(?!\w)"
)
"""Values to fill in, addresses and commands."""

_WORD = rf"[^\W\d_](?:[^\W\d_]|{_MARK}(?=[^\W\d_])|(?<=[oOgG]){_MARK})*"
_FOREIGN = re.compile(r"(?i:w|c(?!h))|[a-z][A-Z]|[^A-Za-zʻʼ'‘’`´′]")
_ROMAN = re.compile(r"[IVX]+")


class Cyrillic:
    """Turns Uzbek in Latin letters into Cyrillic ones.

    `keep` are names that stay as they are; `words` are beginnings of words and their Cyrillic
    spelling. One with a capital letter in it stands for words written just so.
    """

    def __init__(self, keep: Iterable[str] = (), words: Mapping[str, str] | None = None) -> None:
        names = sorted(map(re.escape, keep), key=len, reverse=True)
        kept = "|".join([_KEPT, *(rf"(?<!\w){name}" for name in names)])
        self._pattern = re.compile(rf"(?P<kept>{kept})|{_WORD}")
        stems = {_plain(stem): spelling for stem, spelling in (words or {}).items()}
        self._stems = dict(sorted(stems.items(), key=lambda row: -len(row[0])))
        # A saved file leaves all other texts as they were.
        self._text = lru_cache(maxsize=30_000)(self._made)
        self._known = lru_cache(maxsize=30_000)(self._word)

    def __call__(self, text: str) -> str:
        """Return a text in Cyrillic letters; addresses, values, commands and names stay."""
        return self._text(text)

    def _made(self, text: str) -> str:
        return self._pattern.sub(self._part, text)

    def _part(self, match: re.Match[str]) -> str:
        return match.group() if match.lastgroup == "kept" else self._known(match.group())

    def _word(self, word: str) -> str:
        plain = _plain(word)
        for stem, spelling in self._stems.items():
            if (plain if stem != stem.lower() else plain.lower()).startswith(stem):
                rest = plain[len(stem) :]
                root = spelling.removesuffix("ь") if rest else spelling
                return _cased(root, plain[: len(stem)]) + _letters(rest, before=stem[-1].lower())
        if _FOREIGN.search(word) or _ROMAN.fullmatch(word):
            return word
        return _letters(plain)


def _plain(word: str) -> str:
    """Return a word with one kind of mark."""
    return re.sub(_MARK, "'", word)


def _letters(word: str, before: str = "") -> str:
    """Return a word by the rules alone; `before` is the Latin letter that it goes on from."""
    written = []
    for match in _SOUND.finditer(word):
        sound = match.group()
        low = sound.lower()
        letter = _GROUPS.get(low) or _LETTERS.get(low, sound)
        if low == "e" and (not before or before in _VOWELS):
            letter = "э"
        elif low == "ye" and before and before not in _VOWELS:
            letter = "ье"
        if sound[0].isupper():
            letter = letter.upper() if word.isupper() else letter.capitalize()
        written.append(letter)
        before = low[-1]
    return "".join(written)


def _cased(spelling: str, like: str) -> str:
    """Return a spelling with the capitals of a word; its own where the word has them inside."""
    if like.islower() or spelling != spelling.lower():
        return spelling
    return spelling.upper() if like.isupper() and len(like) > 1 else spelling.capitalize()
