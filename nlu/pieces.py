"""What a text says at first sight: the mean of its word pieces' own vectors, before any context.

The pieces and their vectors are those of the embedding's vocabulary, so a word means about the
same in all its languages; the transformer, which makes a sentence of them, takes nine tenths of
the time of a reading. Pieces weigh by how rare they are among the examples (compare Arora, Liang
and Ma, 2017: such means are hard to beat where one looks for a topic).
"""

from collections.abc import Callable, Sequence

import numpy as np

from nlu import ngrams
from nlu.learning import Floats
from nlu.projection import Projection, scaled

WIDTH = 128
"""Numbers kept, along the axes on which examples differ most: no worse than all 384."""

_TOGETHER = 2000  # texts, whose pieces take 25 MB


class Pieces:
    """Weights of all pieces, the mean of texts, and the axes (WIDTH x width of the engine)."""

    def __init__(self, weights: Floats, mean: Floats, axes: Floats) -> None:
        self.weights = weights
        self.mean = mean
        self.axes = axes

    @classmethod
    def of(cls, vectors: Floats, weights: Floats, projection: Projection) -> "Pieces":
        """Learn the axes from the weighed means of examples; they leave languages aside."""
        rows = projection(vectors)
        _, axes = np.linalg.eigh(rows.T @ rows)
        return cls(weights, projection.mean, axes[:, ::-1][:, :WIDTH].T.astype(np.float32))

    def __call__(self, vectors: Floats) -> Floats:
        """Return weighed means as vectors of WIDTH numbers, of length one."""
        return scaled((vectors - self.mean) @ self.axes.T)


def rarity(texts: Sequence[Sequence[int]], count: int) -> Floats:
    """Return log((1 + n) / (1 + df)) + 1 for each of `count` pieces."""
    found = np.zeros(count, dtype=np.float32)
    for ids in texts:
        found[list(set(ids))] += 1.0
    return ngrams.rarity(found, len(texts))


def means(
    texts: Sequence[Sequence[int]], weights: Floats, vectors_of: Callable[[list[int]], Floats]
) -> Floats:
    """Return the weighed mean of each text's pieces, of length one; every text has a piece."""
    return np.concatenate(
        [
            _means(texts[at : at + _TOGETHER], weights, vectors_of)
            for at in range(0, len(texts), _TOGETHER)
        ]
    )


def _means(
    texts: Sequence[Sequence[int]], weights: Floats, vectors_of: Callable[[list[int]], Floats]
) -> Floats:
    ids = [piece for text in texts for piece in text]
    starts = np.cumsum([0, *(len(text) for text in texts[:-1])])
    return scaled(np.add.reduceat(vectors_of(ids) * weights[ids, None], starts))
