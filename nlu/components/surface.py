"""The intent of a message by its looks, where they are enough."""

from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu import surface
from nlu.components.base import Component, ranked
from nlu.components.examples import examples_of
from nlu.components.ngrams import NGRAMS
from nlu.components.pieces import PIECES
from nlu.components.registration import CLASSIFIER, component
from nlu.ngrams import joined

SPELT = "spelt"
"""Message key: the logits of all intents by the letters of the text."""

REFUSAL = "out_of_scope"


@component(CLASSIFIER, trainable=True)
class SurfaceClassifier(Component):
    """Weighs letters and word pieces (see nlu/surface.py)."""

    _model: surface.Surface | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`sure`: the share from which on an intent is set, and what comes later is spared.

        A text is never turned away by its looks alone: `out_of_scope` is left to those.
        """
        return {"sure": surface.SURE}

    def train(self, training_data: TrainingData) -> Resource:
        """Train on every example that has an intent and words."""
        examples = examples_of(training_data)
        if not examples.labels:
            return self._resource
        clean = examples.clean
        self._model = surface.trained(
            examples.labels,
            (joined([m.get(NGRAMS) for m in examples.messages]), examples.targets),
            (np.stack([m.get(PIECES) for m in clean.messages]), clean.targets),
        )
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder / "surface.npz")
        return self._resource

    def _read(self, folder: Path) -> None:
        """Read the trained model; without one nothing is set."""
        self._model = surface.Surface.load(folder / "surface.npz")

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the logits by letters, and the intent of each message whose looks are enough."""
        for message in messages:
            row, pieces = message.get(NGRAMS), message.get(PIECES)
            if self._model is None or row is None or pieces is None:
                continue
            spelt = self._model.spelt(row)
            message.set(SPELT, spelt)
            shares = self._model.shares(spelt, pieces)
            best = int(shares.argmax())
            sure = self._model.enough and shares[best] >= self._config["sure"]
            if sure and self._model.labels[best] != REFUSAL:
                ranked(message, self._model.labels, shares)
        return messages
