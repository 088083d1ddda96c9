"""Word pieces: what a text says at first sight (see nlu/pieces.py)."""

from pathlib import Path

import numpy as np
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu import embedder, pieces
from nlu.components.base import PLAIN_TEXT, Component, noise_of
from nlu.components.examples import apart
from nlu.components.registration import FEATURIZER, component
from nlu.learning import Floats

PIECES = "pieces"
"""Message key: the vector of the text's word pieces, `nlu.pieces.WIDTH` numbers of length one."""


@component(FEATURIZER, trainable=True)
class PieceFeaturizer(Component):
    """Sets the mean vector of the word pieces of the plain text."""

    _model: pieces.Pieces | None = None

    def train(self, training_data: TrainingData) -> Resource:
        """Learn how rare pieces are, what tells languages apart, and where examples differ."""
        clean = _clean(training_data)
        if not clean:
            return self._resource
        engine = embedder.engine()
        texts = [engine.tokens(m.get(PLAIN_TEXT)) for m in clean]
        weights = pieces.rarity(texts, engine.vocabulary)
        means = _means(texts, weights)
        projection = apart(
            clean, means, lambda asks: _means([engine.tokens(ask) for ask in asks], weights)
        )
        self._model = pieces.Pieces.of(means, weights, projection)
        with self._storage.write_to(self._resource) as folder:
            np.savez(
                folder / "pieces.npz",
                weights=weights.astype(np.float16),
                mean=self._model.mean,
                axes=self._model.axes,
            )
        return self._resource

    def _read(self, folder: Path) -> None:
        """Read what was learnt; without it there are no vectors."""
        with np.load(folder / "pieces.npz") as stored:
            weights = stored["weights"].astype(np.float32)
            self._model = pieces.Pieces(weights, stored["mean"], stored["axes"])

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the vector of each message that has text."""
        having = [m for m in messages if m.get(PLAIN_TEXT)]
        if self._model is not None and having:
            texts = [embedder.engine().tokens(m.get(PLAIN_TEXT)) for m in having]
            rows = self._model(_means(texts, self._model.weights))
            for message, row in zip(having, rows, strict=True):
                message.set(PIECES, row)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Do the same to the examples, but not to their noisy copies."""
        self.process(_clean(training_data))
        return training_data


def _clean(data: TrainingData) -> list[Message]:
    return [m for m in data.training_examples if m.get(PLAIN_TEXT) and not noise_of(m)]


def _means(texts: list[list[int]], weights: Floats) -> Floats:
    return pieces.means(texts, weights, embedder.engine().piece_vectors)
