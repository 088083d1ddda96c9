"""The nearest example of each intent, by the cosine of vectors."""

import numpy as np

from nlu.learning import Floats, Integers


class Neighbours:
    """The clean examples, ordered by intent."""

    def __init__(self, vectors: Floats, first: Integers) -> None:
        self.vectors = vectors
        self.first = first

    @classmethod
    def of(cls, directions: Floats, targets: Integers) -> "Neighbours":
        """Keep the examples of each intent together; every intent needs one."""
        order = np.argsort(targets, kind="stable")
        first = np.searchsorted(targets[order], np.arange(targets.max() + 1))
        return cls(directions[order], first.astype(np.int64))

    def scores(self, direction: Floats, intents: Integers) -> Floats:
        """Return the cosine of one text with the nearest example of each of some intents."""
        ends = np.append(self.first[1:], len(self.vectors))
        return np.array(
            [(self.vectors[self.first[i] : ends[i]] @ direction).max() for i in intents],
            dtype=np.float32,
        )

    def among(self, direction: Floats, mixed: Floats, count: int) -> Floats:
        """Return the cosine for all intents, compared only for those that others find likeliest
        (`mixed`); the rest are taken to be as far as the farthest of these."""
        likely = np.argpartition(-mixed, min(count, len(mixed)) - 1)[:count]
        near = self.scores(direction, likely)
        result = np.full(len(mixed), near.min(), dtype=np.float32)
        result[likely] = near
        return result
