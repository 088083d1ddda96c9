"""Phrases that mean the same, together; and the guides that they may belong to."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.library.live import LiveLibrary
from bot.library.search import Vector
from bot.redaction import without_marks
from bot.store.phrases import Phrase

ALIKE = 0.45
"""Cosine of character trigrams from which two phrases are one: word forms and typos."""

SAME_MEANING = 0.92
"""Cosine of e5 'query: ' vectors from which two phrases are one. Unrelated ones reach 0.85."""

EMBEDDED = 100
"""Groups, largest first, that are also compared by meaning: a vector costs 10 to 60 ms."""

_OFFSET = 20.0
"""Softens the ranks that are added up (reciprocal rank fusion)."""

_ENDS = '.,!?;:«»()"'

Grams = dict[str, float]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Phrases of one meaning, the most frequent first, and the nearest guides, best first."""

    phrases: tuple[Phrase, ...]
    guides: tuple[str, ...] = ()

    @property
    def first(self) -> Phrase:
        """The phrase that stands for all."""
        return self.phrases[0]

    @property
    def count(self) -> int:
        """How often any of them was written."""
        return sum(phrase.count for phrase in self.phrases)


def clusters(
    phrases: Sequence[Phrase], live: LiveLibrary, embed: Callable[[str], Vector] | None
) -> list[Cluster]:
    """Return the phrases in groups, most written first.

    Greedy: a phrase joins the group whose first phrase it is most alike, by character trigrams,
    then by meaning where `embed` makes vectors of them. The vectors are made here, of redacted
    phrases: a stored vector of what was written could be turned back into words.
    """
    groups = _by_letters(phrases)
    groups.sort(key=lambda group: -sum(phrase.count for phrase in group))
    vectors: dict[str, Vector] = {}
    if embed:
        vectors = {group[0].id: embed(without_marks(group[0].text)) for group in groups[:EMBEDDED]}
        groups = _by_meaning(groups, vectors)
    asks = Asks(live)
    found = [
        Cluster(tuple(group), asks.guides(group[0], vectors.get(group[0].id))) for group in groups
    ]
    return sorted(found, key=lambda cluster: (-cluster.count, cluster.first.number))


def _by_letters(phrases: Sequence[Phrase]) -> list[list[Phrase]]:
    groups: list[tuple[Grams, list[Phrase]]] = []
    for phrase in phrases:
        grams = trigrams(without_marks(phrase.text))
        near = [(cosine(grams, other), group) for other, group in groups]
        score, best = max(near, key=lambda one: one[0], default=(0.0, []))
        if score >= ALIKE:
            best.append(phrase)
        else:
            groups.append((grams, [phrase]))
    return [group for _, group in groups]


def _by_meaning(groups: list[list[Phrase]], vectors: dict[str, Vector]) -> list[list[Phrase]]:
    kept: list[list[Phrase]] = []
    for group in groups:
        own = vectors.get(group[0].id)
        near = [
            (float(own @ vectors[other[0].id]), other)
            for other in kept
            if own is not None and other[0].id in vectors
        ]
        score, best = max(near, key=lambda one: one[0], default=(0.0, []))
        if score >= SAME_MEANING:
            best.extend(group)
        else:
            kept.append(group)
    return kept


def trigrams(text: str) -> Grams:
    """Return the character trigrams of a text, words padded, as a vector of length 1."""
    counts: Counter[str] = Counter()
    for word in text.casefold().split():
        padded = f" {word.strip(_ENDS)} "
        counts.update(padded[start : start + 3] for start in range(max(1, len(padded) - 2)))
    length = math.sqrt(sum(value * value for value in counts.values())) or 1.0
    return {gram: value / length for gram, value in counts.items()}


def cosine(one: Grams, other: Grams) -> float:
    """Return the cosine of two vectors of `trigrams`, 0 to 1."""
    if len(one) > len(other):
        one, other = other, one
    return sum(value * other.get(gram, 0.0) for gram, value in one.items())


class Asks:
    """Finds guides for a phrase: by their asks and titles, by search, by what was thought of."""

    def __init__(self, live: LiveLibrary) -> None:
        self._live = live
        self._asks = [
            (guide.id, language, trigrams(ask))
            for guide in live.current.guides.values()
            for language, text in guide.texts.items()
            for ask in (text.title, *text.asks)
        ]

    def guides(self, phrase: Phrase, vector: Vector | None, count: int = 3) -> tuple[str, ...]:
        """Return the ids of the nearest guides, best first."""
        text = without_marks(phrase.text)
        grams = trigrams(text)
        by_ask: dict[str, float] = defaultdict(float)
        for guide, language, ask in self._asks:
            if language == phrase.language:
                by_ask[guide] = max(by_ask[guide], cosine(grams, ask))
        alike = sorted((guide for guide in by_ask if by_ask[guide] > 0), key=lambda g: -by_ask[g])
        found = [passage.guide for passage in self._live.search(text, vector)]
        thought = [name.partition(":")[2].partition("#")[0] for name, _ in phrase.nearest]
        scores: dict[str, float] = defaultdict(float)
        for ranking in (alike[:10], found, thought):
            for rank, guide in enumerate(dict.fromkeys(ranking)):
                scores[guide] += 1 / (_OFFSET + rank)
        known = [guide for guide in scores if guide in self._live.current.guides]
        return tuple(sorted(known, key=lambda guide: -scores[guide])[:count])
