"""Correction of mistyped words towards the words of the training examples.

Only words that nobody wrote anywhere in our texts are touched, so a rare but right word stays
as long as a guide uses it; and only by one change, or two in a long word.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from nlu.text import script_of

SHORTEST = 4
TWO_CHANGES = 9
ALPHABETS = ("latin", "cyrillic", "arabic", "bengali")
_DIGIT = re.compile(r"\d")
_ALSO = {"kk": ("ru",), "ky": ("ru",), "ru": ("kk",), "uz": ("ru",)}
"""Languages that people mix into a language."""


class Speller:
    """Words by language, how often each occurs, and words that are right though no example."""

    def __init__(self, words: Mapping[str, Mapping[str, int]], known: Iterable[str]) -> None:
        self.words = {code: dict(counts) for code, counts in words.items()}
        self.known = frozenset(known)
        self._right = self.known.union(*self.words.values()) if self.words else self.known
        self._buckets: dict[tuple[str, int], list[str]] = defaultdict(list)
        for code in self.words:
            for word in dict.fromkeys(
                w for c in (code, *_ALSO.get(code, ())) for w in self.words.get(c, ())
            ):
                if len(word) >= SHORTEST and not _DIGIT.search(word):
                    self._buckets[code, len(word)].append(word)
        self._nearest = lru_cache(maxsize=20_000)(self._search)

    def corrected(self, text: str, language: str) -> str:
        """Return the text with unknown words replaced by their nearest known ones."""
        if language not in self.words:
            return text
        return " ".join(
            word if word in self._right else self._nearest(word, language) for word in text.split()
        )

    def _search(self, word: str, language: str) -> str:
        length = len(word)
        if length < SHORTEST or _DIGIT.search(word) or script_of(word) not in ALPHABETS:
            return word
        most = 2 if length >= TWO_CHANGES else 1
        near = [
            other
            for size in range(length - most, length + most + 1)
            for other in self._buckets.get((language, size), ())
        ]
        found = extract(word, near, scorer=OSA.distance, score_cutoff=most, limit=8)
        if not found:
            return word
        counts = self.words[language]
        return min(found, key=lambda f: (f[1], -counts.get(f[0], 0), f[0]))[0]


def counted(examples: Iterable[tuple[str, str]]) -> dict[str, Counter[str]]:
    """Count the words of (plain text, language) pairs."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for text, language in examples:
        counts[language].update(text.split())
    return counts
