"""The intent of a message, with a calibrated confidence."""

from pathlib import Path

import numpy as np
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu import embedder, ensemble
from nlu.components.base import PLAIN_TEXT, VECTOR, Component, ranked
from nlu.components.embeddings import cache_path
from nlu.components.examples import apart, examples_of
from nlu.components.registration import CLASSIFIER, component
from nlu.components.surface import SPELT
from nlu.text import fold


@component(CLASSIFIER, trainable=True)
class HybridClassifier(Component):
    """Weighs sentence embeddings and letters (see nlu/ensemble.py)."""

    _model: ensemble.Ensemble | None = None

    def train(self, training_data: TrainingData) -> Resource:
        """Train on every example that has an intent and words."""
        clean = examples_of(training_data).clean
        if not clean.labels:
            return self._resource
        vectors = np.stack([m.get(VECTOR) for m in clean.messages])
        self._model = ensemble.trained(
            clean.labels,
            vectors,
            [fold(m.get(PLAIN_TEXT)) for m in clean.messages],
            clean.targets,
            apart(clean.messages, vectors, embedder.Cache(cache_path()).embed_all),
        )
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder / "ensemble.npz")
        return self._resource

    def _read(self, folder: Path) -> None:
        """Read the trained ensemble; without one no intent is ever sure."""
        self._model = ensemble.Ensemble.load(folder / "ensemble.npz")

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `intent` and `intent_ranking` where the looks did not say it; a message without
        words has neither."""
        for message in messages:
            if message.get(INTENT_RANKING_KEY):
                continue
            vector, spelt = message.get(VECTOR), message.get(SPELT)
            if self._model is None or vector is None or spelt is None:
                message.set(INTENT, {"name": None, "confidence": 0.0}, add_to_output=True)
                message.set(INTENT_RANKING_KEY, [], add_to_output=True)
                continue
            text = fold(message.get(PLAIN_TEXT) or "")
            ranked(message, self._model.labels, self._model.probabilities(vector, spelt, text))
        return messages
