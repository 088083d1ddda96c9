"""What a text looks like: enough to know most messages, without reading the sentence.

Three voices that cost next to nothing: a linear model of letter groups, one of word pieces, and
the nearest example by pieces. Where they are sure, the embedding, nine tenths of the time of a
reading, is spared: a cascade, cheap before dear. What they make of letters is heard again by
those who come later (nlu/ensemble.py).
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from nlu import learning
from nlu.learning import Floats, Integers, Linear
from nlu.neighbours import Neighbours
from nlu.ngrams import Row

NGRAM_SCALE, NGRAM_PENALTY = 3.0, 0.75
PIECE_SCALE, PIECE_PENALTY = 4.0, 1.5
"""Penalties are those of all examples together, as scikit-learn's 1 / C."""

SHORTLIST = 3
"""Intents whose examples are compared with a text: those that the linear models find likeliest."""

WEIGHTS = (0.72, 0.43, 8.3)
"""What letters, pieces and the nearest example count: the likeliest on training examples that
were hidden from training, with their near versions in all languages (docs/understanding.md)."""

SURE, ENOUGH = 0.97, 100
"""Share from which on a text is known by its looks, where intents have so many examples on the
mean: looks that a few have in common say too little."""


class Surface:
    """A trained model of what texts look like."""

    def __init__(
        self, labels: list[str], letters: Linear, pieces: Linear, neighbours: Neighbours
    ) -> None:
        self.labels = labels
        self.letters = letters
        self.pieces = pieces
        self.neighbours = neighbours

    @property
    def enough(self) -> bool:
        """Return whether there were examples enough to believe looks alone."""
        return len(self.neighbours.vectors) >= ENOUGH * len(self.labels)

    def spelt(self, row: Row) -> Floats:
        """Return the logits by letter groups; those that no example has say nothing."""
        columns, values = row
        weights, bias = self.letters.weights, self.letters.bias
        met = columns < len(weights)
        said: Floats = values[met] * NGRAM_SCALE @ weights[columns[met]] + bias
        return said

    def shares(self, spelt: Floats, pieces: Floats) -> Floats:
        """Return the share of each label, by letters (as `spelt` gives them) and pieces."""
        by_letters, by_pieces, nearest = WEIGHTS
        mixed = by_letters * spelt + by_pieces * self.pieces.scores(pieces * PIECE_SCALE)
        mixed += nearest * self.neighbours.among(pieces, mixed, SHORTLIST)
        return learning.softmax(np.asarray(mixed, dtype=np.float32))

    def save(self, path: Path) -> None:
        """Write labels and weights as arrays, nothing that runs."""
        np.savez(
            path,
            labels=np.array(self.labels),
            letters=self.letters.weights.astype(np.float16),
            letters_bias=self.letters.bias,
            pieces=self.pieces.weights,
            pieces_bias=self.pieces.bias,
            near_vectors=self.neighbours.vectors.astype(np.float16),
            near_first=self.neighbours.first,
        )

    @classmethod
    def load(cls, path: Path) -> "Surface":
        """Read what `save` wrote."""
        with np.load(path) as stored:
            return cls(
                [str(x) for x in stored["labels"]],
                Linear(stored["letters"].astype(np.float32), stored["letters_bias"]),
                Linear(stored["pieces"], stored["pieces_bias"]),
                Neighbours(stored["near_vectors"].astype(np.float32), stored["near_first"]),
            )


def trained(
    labels: list[str],
    letters: tuple[csr_matrix, Integers],
    pieces: tuple[Floats, Integers],
) -> Surface:
    """Train on rows of letters (with noisy copies) and of pieces (without), each with the numbers
    of their labels."""
    (rows, of_rows), (vectors, of_vectors), count = letters, pieces, len(labels)
    of_letters, of_pieces = NGRAM_PENALTY / len(of_rows), PIECE_PENALTY / len(of_vectors)
    with ThreadPoolExecutor(1) as pool:  # numpy and scipy let the other go on meanwhile
        spelt = pool.submit(learning.fit, rows * NGRAM_SCALE, of_rows, count, penalty=of_letters)
        said = learning.fit(vectors * PIECE_SCALE, of_vectors, count, penalty=of_pieces)
        return Surface(labels, spelt.result(), said, Neighbours.of(*pieces))
