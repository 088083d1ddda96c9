"""Which texts share words with a question: BM25 over character trigrams, for any script.

Trigrams find 'паспорта' by 'паспорт' and 'жәрдемақыны' by 'жәрдемақы' without a stemmer for
each language; Chinese, which writes no spaces, is cut into pairs of characters. All is done on
whole arrays: ten million characters take about three seconds and let other threads run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]

K1 = 1.2
"""BM25's saturation of repeated terms, at its usual value."""

QUESTION = 500
"""Characters of a question that are searched for."""

_GAP = re.compile(r"[\W_]+")
_SPACE = ord(" ")
_HAN = (0x3400, 0x9FFF)
_BITS = 21  # of a code point


class Words:
    """An index of texts. Immutable; `b` is BM25's weight of a text's length."""

    def __init__(self, texts: Sequence[str], b: float) -> None:
        self._size = len(texts)
        terms, rows = _terms(texts)
        self._terms, which = np.unique(terms, return_inverse=True)
        pairs, times = np.unique(which * max(1, self._size) + rows, return_counts=True)
        which, rows = np.divmod(pairs, max(1, self._size))
        self._starts = np.searchsorted(which, np.arange(len(self._terms) + 1))
        self._rows = rows.astype(np.int32)
        lengths = np.bincount(rows, times, self._size) if self._size else np.zeros(0)
        norm = K1 * (1 - b + b * lengths / max(1.0, float(lengths.mean()) if self._size else 1.0))
        holding = np.diff(self._starts)
        self._weights = _weight(self._size, holding).astype(np.float32)
        parts = times * (K1 + 1) / (times + norm[rows]) * self._weights[which]
        self._parts = parts.astype(np.float32)

    def scores(self, text: str) -> Scores:
        """Return for each text its BM25 score as a share of the highest possible one."""
        terms, _ = _terms([text[:QUESTION]])
        terms, times = np.unique(terms, return_counts=True)
        places = np.searchsorted(self._terms, terms)
        known = places < len(self._terms)
        known[known] = self._terms[places[known]] == terms[known]
        best = times[~known].sum() * _weight(self._size, 0)
        rows, parts = [], []
        for place, count in zip(places[known], times[known], strict=True):
            span = slice(self._starts[place], self._starts[place + 1])
            rows.append(self._rows[span])
            parts.append(self._parts[span] * count)
            best += count * self._weights[place]
        if not rows or not best:
            return np.zeros(self._size, dtype=np.float32)
        found = np.bincount(np.concatenate(rows), np.concatenate(parts), self._size)
        shares: Scores = (found / (best * (K1 + 1))).astype(np.float32)
        return shares


def _weight(size: int, holding: Any) -> Any:
    """Return the inverse document frequency of terms that so many texts hold."""
    return np.log(1 + (size - holding + 0.5) / (holding + 0.5))


def _terms(texts: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the trigrams of all texts as numbers, and the text that each stands in."""
    folded = [f" {_GAP.sub(' ', text.casefold()).strip()} " for text in texts]
    ends = np.cumsum([len(text) for text in folded], dtype=np.int64)
    codes = np.frombuffer("".join(folded).encode("utf-32-le", "replace"), dtype="<u4")
    codes = codes.astype(np.int64)
    if len(codes) < 3:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    first, second, third = codes[:-2], codes[1:-1], codes[2:]
    rows = np.repeat(np.arange(len(folded)), np.diff(ends, prepend=0))
    han = (_HAN[0] <= codes) & (codes <= _HAN[1])
    pairs = han[:-1] & han[1:]
    inside = (second != _SPACE) & (rows[:-2] == rows[2:]) & ~han[1:-1]
    terms = (first << 2 * _BITS) | (second << _BITS) | third
    two = (codes[:-1] << _BITS) | codes[1:]
    return (
        np.concatenate((terms[inside], two[pairs])),
        np.concatenate((rows[:-2][inside], rows[:-1][pairs])),
    )
