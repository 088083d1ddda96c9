"""One linear model over embeddings and n-grams, with a temperature found out of fold."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack

from nlu import learning

BITS = 16
WIDTH = 1 << BITS
EMBEDDING_WEIGHT = 4.0
NGRAM_WEIGHT = 2.0
PENALTY = 2e-5
FOLDS = 3

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Examples:
    """Training examples as arrays, one row an example; copies share the number of a source."""

    intents: list[str]
    vectors: Floats
    ngrams: csr_matrix
    sources: npt.NDArray[np.int64]
    noises: list[str]
    languages: list[str]


class Ensemble:
    """A trained model of intents."""

    def __init__(
        self, labels: list[str], mean: Floats, model: learning.Linear, temperature: float
    ) -> None:
        self.labels = labels
        self._mean = mean
        self._model = model
        self._temperature = temperature

    def probabilities(
        self, vector: Floats, columns: npt.NDArray[np.int64], values: Floats
    ) -> Floats:
        """Return the share of each label for one message."""
        dense = (vector - self._mean) * EMBEDDING_WEIGHT
        width = len(dense)
        logits = dense @ self._model.weights[:width]
        logits += (values * NGRAM_WEIGHT) @ self._model.weights[width + columns]
        return learning.softmax((logits + self._model.bias) / self._temperature)

    def save(self, path: Path) -> None:
        """Write labels and weights as arrays."""
        np.savez(
            path,
            labels=np.array(self.labels),
            mean=self._mean,
            weights=self._model.weights.astype(np.float16),
            bias=self._model.bias,
            temperature=np.array([self._temperature]),
        )

    @classmethod
    def load(cls, path: Path) -> "Ensemble":
        """Read what `save` wrote."""
        with np.load(path) as stored:
            model = learning.Linear(stored["weights"].astype(np.float32), stored["bias"])
            labels = [str(x) for x in stored["labels"]]
            return cls(labels, stored["mean"], model, float(stored["temperature"][0]))


def trained(examples: Examples) -> Ensemble:
    """Train on all examples; the temperature comes from models that did not see the source."""
    labels = sorted(set(examples.intents))
    numbers = {label: number for number, label in enumerate(labels)}
    targets = np.array([numbers[i] for i in examples.intents], dtype=np.int64)
    mean = examples.vectors.mean(axis=0)
    features = csr_matrix(
        hstack(
            [
                csr_matrix((examples.vectors - mean) * EMBEDDING_WEIGHT),
                examples.ngrams * NGRAM_WEIGHT,
            ]
        ),
        dtype=np.float32,
    )
    model = learning.fit(features, targets, len(labels), penalty=PENALTY)
    return Ensemble(labels, mean, model, 1.0)
