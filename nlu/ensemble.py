"""What a text means, where its looks do not say it (nlu/surface.py): four voices.

Embeddings give a linear model and a nearest neighbour, so do letters: a linear model of character
n-grams, and the likest short example. Linear models know what all examples of an intent share;
neighbours know the single odd phrase; embeddings carry over to other words and languages; letters
stand typing mistakes.
"""

from pathlib import Path

import numpy as np

from nlu import learning
from nlu.engine import NAME
from nlu.learning import Floats, Integers, Linear
from nlu.neighbours import Neighbours
from nlu.phrases import Phrases
from nlu.projection import Projection

EMBEDDING_SCALE = 4.0
EMBEDDING_PENALTY = 1.5
"""Of all examples together, as scikit-learn's 1 / C: the more there are, the less it weighs."""

SHORTLIST = 10
"""Intents whose examples are compared with a text: those that the linear models find likeliest.

To compare all takes 4 ms of a reading, most of its time after the embedding. Of training examples
that were hidden from training, with their near versions, as many are right.
"""

MANY, WEIGHTS = 600, (0.45, 0.5, 11.0, 6.0)
"""Examples an intent, and what each voice counts: meaning, spelling, nearest by meaning, likest by
letters.

The first three were the likeliest on training examples that were hidden from training, with their
near versions in all languages. With the vectors of today others would be, which use more and are
wrong more often on held-out phrases, so these stayed (docs/understanding.md). For what nobody wrote
before, the fourth cannot help; 6 is the most that does it no harm.
"""

FEW, WEIGHTS_OF_FEW = 10, (2.0, 0.2, 11.0, 6.0)
"""The same for a few examples: what they have in common is surer than which one is nearest, and
letters say little of other languages. Between the two the weights change evenly by the logarithm.
Set on the draws of `bench.fewshot` that docs/understanding.md reports.
"""

SURE = 0.9
"""Share from which on the letters of short examples, up to a millisecond, are not asked."""

FORMAT = f"3 {NAME}"
"""Of the stored arrays, and what made their vectors. Others are refused, not half understood."""


class Ensemble:
    """A trained model of intents."""

    def __init__(
        self,
        labels: list[str],
        projection: Projection,
        meaning: Linear,
        neighbours: Neighbours,
        phrases: Phrases,
        weights: Floats,
    ) -> None:
        self.labels = labels
        self.projection = projection
        self.meaning = meaning
        self.neighbours = neighbours
        self.phrases = phrases
        self.weights = weights

    def probabilities(self, vector: Floats, spelt: Floats, text: str) -> Floats:
        """Return the share of each label in one (folded) text, from its vector and the logits by
        its letters."""
        direction = self.projection(vector)
        meaning, spelling, nearest, likest = self.weights
        mixed = meaning * self.meaning.scores(direction * EMBEDDING_SCALE) + spelling * spelt
        mixed += nearest * self.neighbours.among(direction, mixed, SHORTLIST)
        shares = learning.softmax(np.asarray(mixed, dtype=np.float32))
        if shares.max() >= SURE:
            return shares
        mixed += likest * self.phrases.scores(text, len(mixed))
        return learning.softmax(np.asarray(mixed, dtype=np.float32))

    def save(self, path: Path) -> None:
        """Write labels and weights as arrays, nothing that runs."""
        np.savez(
            path,
            format=FORMAT,
            labels=np.array(self.labels),
            mean=self.projection.mean,
            directions=self.projection.directions,
            meaning=self.meaning.weights,
            meaning_bias=self.meaning.bias,
            near_vectors=self.neighbours.vectors.astype(np.float16),
            near_first=self.neighbours.first,
            phrases=np.array(self.phrases.texts, dtype=np.str_),
            phrase_targets=self.phrases.targets,
            weights=self.weights,
        )

    @classmethod
    def load(cls, path: Path) -> "Ensemble":
        """Read what `save` wrote. Raises KeyError for what another version wrote."""
        with np.load(path) as stored:
            if str(stored["format"]) != FORMAT:
                raise KeyError(f"format {stored['format']}")
            return cls(
                [str(x) for x in stored["labels"]],
                Projection(stored["mean"], stored["directions"]),
                Linear(stored["meaning"], stored["meaning_bias"]),
                Neighbours(stored["near_vectors"].astype(np.float32), stored["near_first"]),
                Phrases(stored["phrases"].tolist(), stored["phrase_targets"]),
                stored["weights"],
            )


def trained(
    labels: list[str],
    vectors: Floats,
    texts: list[str],
    targets: Integers,
    projection: Projection,
) -> Ensemble:
    """Train on the vectors and folded texts of clean examples, with the numbers of their labels."""
    directions = projection(vectors)
    meaning = learning.fit(
        directions * EMBEDDING_SCALE, targets, len(labels), penalty=EMBEDDING_PENALTY / len(targets)
    )
    near = Neighbours.of(directions, targets)
    weights = weights_for(len(targets) / len(labels))
    return Ensemble(labels, projection, meaning, near, Phrases(texts, targets), weights)


def weights_for(examples: float) -> Floats:
    """Return what each voice counts where intents have so many examples on the mean."""
    share = np.clip(np.log(examples / FEW) / np.log(MANY / FEW), 0.0, 1.0)
    few, many = np.log(WEIGHTS_OF_FEW), np.log(WEIGHTS)
    found: Floats = np.exp(few + share * (many - few)).astype(np.float32)
    return found
