"""Vectors of texts without the language they are in.

Vectors say the language of a text more loudly than its topic. What tells languages apart is taken
away, which brings the versions of a question in two languages together, also in a language that
no example is in, and in mixed speech.
"""

import numpy as np

from nlu.learning import Floats

MEAN_PRIOR = 20
"""Examples that the mean of all languages weighs in the mean of one: a rare language is near it."""


class Projection:
    """Vectors without what tells languages apart: the mean of all languages (width numbers), and
    the directions from it to the mean of each (at most one a language, of length one, at right
    angles)."""

    def __init__(self, mean: Floats, directions: Floats) -> None:
        self.mean = mean
        self.directions = directions

    @classmethod
    def of(cls, vectors: Floats, languages: list[str]) -> "Projection":
        """Learn from texts in several languages; '' is a text of no known one."""
        names = np.array(languages)
        known = sorted(set(languages) - {""})
        overall = vectors.mean(axis=0)
        means = [_drawn(vectors[names == language], overall) for language in known] or [overall]
        mean = np.mean(means, axis=0)
        _, sizes, directions = np.linalg.svd(np.stack(means) - mean, full_matrices=False)
        kept = directions[sizes > sizes.max(initial=0) * 1e-3]
        return cls(mean.astype(np.float32), kept.astype(np.float32))

    def __call__(self, vectors: Floats) -> Floats:
        """Return what is left of vectors, of length one."""
        rows = vectors - self.mean
        rows = rows - (rows @ self.directions.T) @ self.directions
        return scaled(rows)


def scaled(rows: Floats) -> Floats:
    """Return vectors brought to length one; nothing stays nothing."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), dtype=np.float32)


def _drawn(own: Floats, overall: Floats) -> Floats:
    result: Floats = (own.sum(axis=0) + MEAN_PRIOR * overall) / (len(own) + MEAN_PRIOR)
    return result
