"""The intent of a message, with a calibrated confidence."""

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix

from nlu import ensemble
from nlu.components.base import VECTOR, Component, language_of, noise_of
from nlu.components.ngrams import NGRAMS
from nlu.components.registration import CLASSIFIER, component

RANKING_LENGTH = 10


@component(CLASSIFIER, trainable=True)
class HybridClassifier(Component):
    """Combines sentence embeddings and character n-grams (see nlu/ensemble.py)."""

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        super().__init__(config, model_storage, resource)
        self._model: ensemble.Ensemble | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Nothing to set: what the ensemble learns with is in nlu/ensemble.py."""
        return {}

    def train(self, training_data: TrainingData) -> Resource:
        """Train on every example that has an intent, a vector and n-grams."""
        usable = [
            m
            for m in training_data.training_examples
            if m.get(INTENT) and m.get(VECTOR) is not None and m.get(NGRAMS) is not None
        ]
        if not usable:
            return self._resource
        self._model = ensemble.trained(_examples(usable))
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder / "ensemble.npz")
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> GraphComponent:
        """Load the trained ensemble; without one no intent is ever sure."""
        self = cls(config, model_storage, resource)
        try:
            with model_storage.read_from(resource) as folder:
                self._model = ensemble.Ensemble.load(folder / "ensemble.npz")
        except (ValueError, FileNotFoundError):
            self._model = None
        return self

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `intent` and `intent_ranking`; a message without words has neither."""
        for message in messages:
            vector, row = message.get(VECTOR), message.get(NGRAMS)
            if self._model is None or vector is None or row is None:
                message.set(INTENT, {"name": None, "confidence": 0.0}, add_to_output=True)
                message.set(INTENT_RANKING_KEY, [], add_to_output=True)
                continue
            shares = self._model.probabilities(vector, *row)
            best = np.argsort(-shares)[:RANKING_LENGTH]
            ranking = [
                {"name": self._model.labels[i], "confidence": round(float(shares[i]), 5)}
                for i in best
            ]
            message.set(INTENT, dict(ranking[0]), add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages


def _examples(messages: list[Message]) -> ensemble.Examples:
    rows = [m.get(NGRAMS) for m in messages]
    pointers = np.concatenate([[0], np.cumsum([len(columns) for columns, _ in rows])])
    sparse = csr_matrix(
        (
            np.concatenate([values for _, values in rows]),
            np.concatenate([columns for columns, _ in rows]),
            pointers,
        ),
        shape=(len(rows), ensemble.WIDTH),
    )
    return ensemble.Examples(
        intents=[str(m.get(INTENT)) for m in messages],
        vectors=np.stack([m.get(VECTOR) for m in messages]),
        ngrams=sparse,
        sources=np.array([m.get("source", i) for i, m in enumerate(messages)]),
        noises=[noise_of(m) for m in messages],
        languages=[language_of(m) for m in messages],
    )
