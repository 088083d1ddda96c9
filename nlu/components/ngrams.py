"""Character n-grams of the folded text: what survives typing mistakes."""

from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix

from nlu import ngrams
from nlu.components.base import PLAIN_TEXT, Component
from nlu.components.registration import FEATURIZER, component
from nlu.text import fold

NGRAMS = "ngrams"
"""Message key: the weighted n-grams, a row of length one (`nlu.ngrams.Row`)."""


@component(FEATURIZER, trainable=True)
class NgramFeaturizer(Component):
    """Sets hashed n-grams weighted by inverse document frequency."""

    _frequencies: ngrams.Floats | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`low` to `high` letters, hashed into 2 ** `bits` columns."""
        return {"low": 2, "high": 5, "bits": 14}

    def train(self, training_data: TrainingData) -> Resource:
        """Count in how many examples each n-gram occurs."""
        self._frequencies = ngrams.inverse_frequencies(self._counts(training_data))
        with self._storage.write_to(self._resource) as folder:
            np.save(folder / "frequencies.npy", self._frequencies)
        return self._resource

    def _counts(self, training_data: TrainingData) -> csr_matrix:
        texts = tuple(fold(m.get(PLAIN_TEXT) or "") for m in training_data.training_examples)
        return ngrams.matrix(texts, **self._sizes)

    @property
    def _sizes(self) -> dict[str, int]:
        return {name: self._config[name] for name in ("low", "high", "bits")}

    def _read(self, folder: Path) -> None:
        """Read the frequencies; without them all n-grams weigh the same."""
        self._frequencies = np.load(folder / "frequencies.npy")

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the row of each message that has text."""
        for message in messages:
            columns, values = ngrams.row(fold(message.get(PLAIN_TEXT) or ""), **self._sizes)
            if self._frequencies is not None:
                values = values * self._frequencies[columns]
            length = float(np.linalg.norm(values)) or 1.0
            self._set(message, (columns, (values / length).astype(np.float32)))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Do the same to the examples, all at once."""
        counts = self._counts(training_data)
        weights = self._frequencies
        if weights is None:
            weights = np.ones(counts.shape[1], dtype=np.float32)
        rows = ngrams.rows(ngrams.scaled(counts, weights))
        for message, row in zip(training_data.training_examples, rows, strict=True):
            self._set(message, row)
        return training_data

    @staticmethod
    def _set(message: Message, row: ngrams.Row) -> None:
        if len(row[0]):
            message.set(NGRAMS, row)
