"""Four voices about the intent, weighed on examples that they did not see.

Embeddings and character n-grams each give a linear model and a nearest neighbour. Linear
models know what all examples of an intent share; neighbours know the single odd phrase;
embeddings carry over to other words and languages; n-grams stand typing mistakes. How much
each voice counts, and so how sure the sum is, is fitted on a fifth of the examples held back.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from nlu import learning
from nlu.learning import Floats, Integers, Linear

EMBEDDING_SCALE = 4.0
EMBEDDING_PENALTY = 5e-5
NGRAM_SCALE = 3.0
NGRAM_PENALTY = 2e-5
HELD_BACK = 5
"""One source of so many is held back to weigh the voices."""

SEED = 11
_START = (1.0, 1.0, 6.0, 6.0)


@dataclass(frozen=True)
class Examples:
    """Training examples as arrays, one row an example; copies share the number of a source.

    Rows of `vectors` that are not a number belong to copies that were not embedded.
    """

    intents: list[str]
    vectors: Floats
    ngrams: csr_matrix
    sources: Integers
    clean: npt.NDArray[np.bool_]

    def part(self, chosen: npt.NDArray[np.bool_]) -> "Examples":
        """Return the chosen rows."""
        kept = np.flatnonzero(chosen)
        return Examples(
            [self.intents[i] for i in kept],
            self.vectors[kept],
            self.ngrams[kept],
            self.sources[kept],
            self.clean[kept],
        )

    @property
    def embedded(self) -> npt.NDArray[np.bool_]:
        """Say of each row whether it has a vector."""
        result: npt.NDArray[np.bool_] = ~np.isnan(self.vectors[:, 0])
        return result


class Neighbours:
    """The clean examples, ordered by intent: the likeness of the nearest one of each intent."""

    def __init__(self, vectors: Floats, ngrams: csr_matrix, first: Integers) -> None:
        self.vectors = vectors
        self.ngrams = ngrams
        self.first = first
        self._by_column = csr_matrix(ngrams.T)

    @classmethod
    def of(cls, examples: Examples, targets: Integers, mean: Floats) -> "Neighbours":
        """Keep the clean examples of each intent together; every intent needs one."""
        usable = np.flatnonzero(examples.clean & examples.embedded)
        ordered = usable[np.argsort(targets[usable], kind="stable")]
        first = np.searchsorted(targets[ordered], np.arange(targets.max() + 1))
        vectors = _directions(examples.vectors[ordered] - mean)
        return cls(vectors, csr_matrix(examples.ngrams[ordered]), first.astype(np.int64))

    def by_vector(self, centred: Floats) -> Floats:
        """Return the cosine with the nearest example of each intent, by embedding."""
        likeness = _directions(centred) @ self.vectors.T
        return np.asarray(np.maximum.reduceat(likeness, self.first, axis=-1))

    def by_ngrams(self, rows: csr_matrix) -> Floats:
        """Return the cosine with the nearest example of each intent, by n-grams."""
        likeness = (rows @ self._by_column).toarray()
        return np.asarray(np.maximum.reduceat(likeness, self.first, axis=-1))


def _directions(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), dtype=np.float32)


class Ensemble:
    """A trained model of intents."""

    def __init__(
        self,
        labels: list[str],
        mean: Floats,
        meaning: Linear,
        spelling: Linear,
        neighbours: Neighbours,
        weights: Floats,
    ) -> None:
        self.labels = labels
        self.mean = mean
        self.meaning = meaning
        self.spelling = spelling
        self.neighbours = neighbours
        self.weights = weights

    def voices(self, vectors: Floats, ngrams: csr_matrix) -> list[Floats]:
        """Return the four scores of each label, one row a text."""
        centred = vectors - self.mean
        return [
            self.meaning.scores(centred * EMBEDDING_SCALE),
            self.spelling.scores(ngrams * NGRAM_SCALE),
            self.neighbours.by_vector(centred),
            self.neighbours.by_ngrams(ngrams),
        ]

    def probabilities(self, vectors: Floats, ngrams: csr_matrix) -> Floats:
        """Return the share of each label, one row a text."""
        return learning.softmax(_mixed(self.voices(vectors, ngrams), self.weights))

    def save(self, path: Path) -> None:
        """Write labels and weights as arrays, nothing that runs."""
        near = self.neighbours
        np.savez(
            path,
            labels=np.array(self.labels),
            mean=self.mean,
            meaning=self.meaning.weights,
            meaning_bias=self.meaning.bias,
            spelling=self.spelling.weights.astype(np.float16),
            spelling_bias=self.spelling.bias,
            near_vectors=near.vectors.astype(np.float16),
            near_values=near.ngrams.data.astype(np.float16),
            near_columns=near.ngrams.indices,
            near_rows=near.ngrams.indptr,
            near_first=near.first,
            weights=self.weights,
        )

    @classmethod
    def load(cls, path: Path) -> "Ensemble":
        """Read what `save` wrote."""
        with np.load(path) as stored:
            spelling = Linear(stored["spelling"].astype(np.float32), stored["spelling_bias"])
            ngrams = csr_matrix(
                (stored["near_values"].astype(np.float32), stored["near_columns"],
                 stored["near_rows"]),
                shape=(len(stored["near_rows"]) - 1, spelling.weights.shape[0]),
            )  # fmt: skip
            vectors = stored["near_vectors"].astype(np.float32)
            return cls(
                [str(x) for x in stored["labels"]],
                stored["mean"],
                Linear(stored["meaning"], stored["meaning_bias"]),
                spelling,
                Neighbours(vectors, ngrams, stored["near_first"]),
                stored["weights"],
            )


def _mixed(voices: list[Floats], weights: Floats) -> Floats:
    return np.asarray(sum(w * v for w, v in zip(weights, voices, strict=True)), dtype=np.float32)


def trained(examples: Examples) -> Ensemble:
    """Train on all examples, with voices weighed on those held back."""
    labels = sorted(set(examples.intents))
    numbers = {label: number for number, label in enumerate(labels)}
    targets = np.array([numbers[i] for i in examples.intents], dtype=np.int64)
    apart = _held_back(examples, targets, len(labels))
    kept = ~apart
    first = _fitted(labels, examples.part(kept), targets[kept], None)
    judged = apart & examples.embedded
    weights = _weighed(first, examples.part(judged), targets[judged])
    final = _fitted(labels, examples, targets, first)
    final.weights = weights
    return final


def _held_back(examples: Examples, targets: Integers, classes: int) -> npt.NDArray[np.bool_]:
    """Choose sources to hold back; every intent keeps at least one clean example to train on."""
    rng = np.random.default_rng(SEED)
    sources = np.unique(examples.sources)
    chosen = rng.random(len(sources)) < 1 / HELD_BACK
    apart: npt.NDArray[np.bool_] = np.isin(examples.sources, sources[chosen])
    usable = examples.clean & examples.embedded
    left = np.bincount(targets[usable & ~apart], minlength=classes)
    apart &= left[targets] > 0
    return apart


def _fitted(
    labels: list[str], examples: Examples, targets: Integers, start: Ensemble | None
) -> Ensemble:
    embedded = examples.embedded
    mean = examples.vectors[examples.clean & embedded].mean(axis=0)
    meaning = learning.fit(
        (examples.vectors[embedded] - mean) * EMBEDDING_SCALE, targets[embedded], len(labels),
        penalty=EMBEDDING_PENALTY, iterations=30 if start else 60,
        start=start.meaning if start else None,
    )  # fmt: skip
    spelling = learning.fit(
        csr_matrix(examples.ngrams * NGRAM_SCALE), targets, len(labels),
        penalty=NGRAM_PENALTY, iterations=20 if start else 45,
        start=start.spelling if start else None,
    )  # fmt: skip
    near = Neighbours.of(examples, targets, mean)
    return Ensemble(labels, mean, meaning, spelling, near, np.array(_START, dtype=np.float32))


def _weighed(model: Ensemble, examples: Examples, targets: Integers) -> Floats:
    """Return the weights (never negative) that make the held-back examples likeliest."""
    if not len(targets):
        return np.array(_START, dtype=np.float32)
    voices = model.voices(examples.vectors, examples.ngrams)
    rows = np.arange(len(targets))

    def loss(weights: npt.NDArray[np.float64]) -> float:
        shares = learning.softmax(_mixed(voices, weights.astype(np.float32)))
        return -float(np.log(np.maximum(shares[rows, targets], 1e-9)).mean())

    found = minimize(
        loss, np.array(_START) / 2, method="L-BFGS-B", bounds=[(0, 3), (0, 3), (0, 30), (0, 30)],
        options={"maxiter": 30, "eps": 1e-3},
    )  # fmt: skip
    return np.asarray(found.x, dtype=np.float32)
