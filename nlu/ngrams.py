"""Hashed character n-grams with no state, and the sparse rows that they make."""

import zlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, diags

Floats = npt.NDArray[np.float32]
Columns = npt.NDArray[np.int64]
Row: TypeAlias = tuple[Columns, Floats]
"""The columns of one text, ascending, and their weights."""

WORDS = 20_000
"""Words of which the columns are kept, some 10 MB: most words of a message were written before."""

_NONE: Columns = np.zeros(0, np.int64)


def ngrams(word: str, low: int, high: int) -> list[str]:
    """Return the character n-grams of a word (with its borders) and the whole word."""
    padded = f" {word} "
    length = len(padded)
    sizes = range(low, min(high + 1, length))
    grams = [padded[i : i + size] for size in sizes for i in range(length - size + 1)]
    return [*grams, f"{padded}\t"]


@lru_cache(maxsize=WORDS)
def columns(word: str, low: int, high: int, bits: int) -> Columns:
    """Return the column of each n-gram of a word; CRC-32, so the same on every machine."""
    mask = (1 << bits) - 1
    crc = zlib.crc32
    return np.array([crc(gram.encode()) & mask for gram in ngrams(word, low, high)], np.int64)


def row(text: str, low: int, high: int, bits: int) -> Row:
    """Return the columns of a text and their weights: 1 + log(count), not normalised."""
    words = [columns(word, low, high, bits) for word in text.split()]
    found, counts = np.unique(np.concatenate(words or [_NONE]), return_counts=True)
    return found, (1.0 + np.log(counts)).astype(np.float32)


@lru_cache(maxsize=1)
def matrix(texts: tuple[str, ...], low: int, high: int, bits: int) -> csr_matrix:
    """Return one row of n-gram weights a text, 2 ** bits columns wide, as `row` gives them.

    The last one is kept: what learns from texts is asked to do the same to them next.
    """
    words = [(number, word) for number, text in enumerate(texts) for word in text.split()]
    found = [columns(word, low, high, bits) for _, word in words]
    numbers = np.repeat([number for number, _ in words], [len(one) for one in found])
    joined = np.concatenate(found or [_NONE])
    ones = np.ones(len(joined), dtype=np.float32)
    counts = csr_matrix((ones, (numbers, joined)), shape=(len(texts), 1 << bits))
    counts.data = (1.0 + np.log(counts.data)).astype(np.float32)
    return counts


def rows(matrix: csr_matrix) -> list[Row]:
    """Return the rows of a matrix."""
    ends = pairwise(matrix.indptr)
    return [(matrix.indices[start:end], matrix.data[start:end]) for start, end in ends]


def joined(rows: Sequence[Row]) -> csr_matrix:
    """Return rows as one matrix, as wide as their last column."""
    pointers = np.cumsum([0, *(len(found) for found, _ in rows)])
    indices = np.concatenate([found for found, _ in rows])
    data = np.concatenate([values for _, values in rows])
    return csr_matrix((data, indices, pointers), shape=(len(rows), indices.max() + 1))


def scaled(counts: csr_matrix, weights: Floats) -> csr_matrix:
    """Return rows with each column weighed, then scaled to length one."""
    weighed = counts @ diags(weights)
    lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
    return csr_matrix(diags(1.0 / np.maximum(lengths, 1e-9)) @ weighed, dtype=np.float32)


def inverse_frequencies(counts: csr_matrix) -> Floats:
    """Return log((1 + n) / (1 + df)) + 1 for every column."""
    return rarity(np.bincount(counts.indices, minlength=counts.shape[1]), counts.shape[0])


def rarity(found: npt.NDArray[Any], texts: int) -> Floats:
    """Return log((1 + n) / (1 + df)) + 1 for what was found in so many of n texts."""
    return (np.log((1 + texts) / (1 + found)) + 1).astype(np.float32)
