"""Character n-grams of the folded text as sparse features: what survives typing mistakes."""

from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix

from nlu import ngrams
from nlu.components.base import PLAIN_TEXT, Component
from nlu.components.registration import FEATURIZER, component
from nlu.text import folded

NGRAMS = "ngrams"
"""Message key: the weighted n-grams as one sparse row of length one."""


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
        texts = [folded(m.get(PLAIN_TEXT) or "") for m in training_data.training_examples]
        c = self._config
        counts = ngrams.matrix(texts, c["low"], c["high"], c["bits"])
        self._frequencies = ngrams.inverse_frequencies(counts)
        with self._storage.write_to(self._resource) as folder:
            np.save(folder / "frequencies.npy", self._frequencies)
        return self._resource

    def _read(self, folder: Path) -> None:
        """Read the frequencies; without them all n-grams weigh the same."""
        self._frequencies = np.load(folder / "frequencies.npy")

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the sparse row to each message that has text."""
        shape = (1, 1 << self._config["bits"])
        for message in messages:
            columns, values = self._row(folded(message.get(PLAIN_TEXT) or ""))
            if not len(columns):
                continue
            sparse = csr_matrix((values, columns, [0, len(columns)]), shape=shape)
            message.set(NGRAMS, sparse)
            message.add_features(Features(sparse, FEATURE_TYPE_SENTENCE, TEXT, type(self).__name__))
        return messages

    def _row(self, text: str) -> tuple[Any, ngrams.Floats]:
        c = self._config
        columns, values = ngrams.row(text, c["low"], c["high"], c["bits"])
        if self._frequencies is not None:
            values = values * self._frequencies[columns]
        length = float(np.linalg.norm(values)) or 1.0
        return columns, (values / length).astype(np.float32)
