"""Hashed character n-grams with no state, and the sparse rows that they make."""

import zlib
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

Floats = npt.NDArray[np.float32]


def ngrams(text: str, low: int, high: int) -> list[str]:
    """Return the character n-grams inside each word (with its borders) and the whole words."""
    grams: list[str] = []
    for word in text.split():
        padded = f" {word} "
        length = len(padded)
        for size in range(low, high + 1):
            if size >= length:
                break
            grams.extend([padded[i : i + size] for i in range(length - size + 1)])
        grams.append(f"{padded}\t")
    return grams


def hashed(grams: Iterable[str], bits: int) -> npt.NDArray[np.int64]:
    """Return the column of each n-gram; CRC-32, so the same on every machine."""
    mask = (1 << bits) - 1
    crc = zlib.crc32
    return np.array([crc(gram.encode()) & mask for gram in grams], dtype=np.int64)


def row(text: str, low: int, high: int, bits: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return the columns of a text and their weights: 1 + log(count), not normalised."""
    columns, counts = np.unique(hashed(ngrams(text, low, high), bits), return_counts=True)
    return columns, (1.0 + np.log(counts)).astype(np.float32)


def matrix(texts: Sequence[str], low: int, high: int, bits: int) -> csr_matrix:
    """Return one row of n-gram weights a text, 2 ** bits columns wide."""
    indices: list[npt.NDArray[np.int64]] = []
    values: list[Floats] = []
    pointers = [0]
    for text in texts:
        columns, weights = row(text, low, high, bits)
        indices.append(columns)
        values.append(weights)
        pointers.append(pointers[-1] + len(columns))
    joined = np.concatenate(indices) if indices else np.zeros(0, dtype=np.int64)
    data = np.concatenate(values) if values else np.zeros(0, dtype=np.float32)
    return csr_matrix((data, joined, pointers), shape=(len(texts), 1 << bits))


def inverse_frequencies(counts: csr_matrix) -> Floats:
    """Return log((1 + n) / (1 + df)) + 1 for every column."""
    frequency = np.bincount(counts.indices, minlength=counts.shape[1])
    return (np.log((1 + counts.shape[0]) / (1 + frequency)) + 1).astype(np.float32)
