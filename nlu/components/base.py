"""What all components of the pipeline share."""

import hashlib
from abc import abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.learning import Floats

PLAIN_TEXT = "plain_text"
"""Message key: the text that features are made of (see language.py)."""

VECTOR = "vector"
"""Message key: the float32 embedding, for components; `embedding` is the one in the answer."""

LANGUAGE = "language"
"""Message key and answer field: {'name': code or '', 'confidence': 0..1}."""

RANKING_LENGTH = 10


class Example(Message):
    """A training example, told from others by what it says: its features follow from that.

    Rasa tells messages apart by all that is in them, and copies all of it when it merges data;
    with tens of thousands that took a seventh of a training.
    """

    def fingerprint(self) -> str:
        """Return a digest of intent, text and metadata."""
        said = f"{self.get('intent')}\t{self.get('text')}\t{self.get('metadata')}"
        return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()

    def __deepcopy__(self, memo: dict[int, Any]) -> "Example":
        """Return a copy that shares what nobody changes: texts and metadata."""
        return Example(self.data)


class Component(GraphComponent):
    """A graph component with its configuration and its place in the model archive."""

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        self._config = {**self.get_default_config(), **config}
        self._storage = model_storage
        self._resource = resource

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GraphComponent:
        """Make the component, untrained."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> GraphComponent:
        """Load what training stored; where it stored nothing, the component stays untrained."""
        self = cls(config, model_storage, resource)
        with suppress(ValueError, FileNotFoundError), model_storage.read_from(resource) as folder:
            self._read(folder)
        return self

    def _read(self, folder: Path) -> None:
        """Read what `train` wrote there; a component that learns nothing has nothing to read."""

    @abstractmethod
    def process(self, messages: list[Message]) -> list[Message]:
        """Add what this component knows to each message."""

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Do to the training examples what `process` does to messages."""
        self.process(training_data.training_examples)
        return training_data


def language_of(message: Message) -> str:
    """Return the language a training example says it is in, or ''."""
    metadata = message.get("metadata") or {}
    for level in ("example", "intent"):
        values = metadata.get(level)
        if isinstance(values, dict) and values.get("language"):
            return str(values["language"])
    return ""


def noise_of(message: Message) -> str:
    """Return the noise a training example was made with, or ''."""
    return str((message.get("metadata") or {}).get("noise", ""))


def ranked(message: Message, labels: list[str], shares: Floats) -> None:
    """Set the likeliest intent of a message and the ranking of the first ten."""
    best = np.argsort(-shares)[:RANKING_LENGTH]
    ranking = [{"name": labels[i], "confidence": round(float(shares[i]), 5)} for i in best]
    message.set(INTENT, dict(ranking[0]), add_to_output=True)
    message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
