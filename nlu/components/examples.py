"""Training examples as the classifiers learn from them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from rasa.shared.nlu.constants import INTENT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.asks import content_folder, topics
from nlu.components.base import LANGUAGE, noise_of
from nlu.components.ngrams import NGRAMS
from nlu.learning import Floats, Integers
from nlu.projection import Projection


@dataclass(frozen=True)
class Examples:
    """Messages with words, the names of their intents in order, and the number of each one's."""

    messages: list[Message]
    labels: list[str]
    targets: Integers

    @property
    def clean(self) -> "Examples":
        """Return those without noise; each intent has one."""
        kept = [i for i, message in enumerate(self.messages) if not noise_of(message)]
        return Examples([self.messages[i] for i in kept], self.labels, self.targets[kept])


def examples_of(data: TrainingData) -> Examples:
    """Return all messages of intents that have an example with words and without noise."""
    messages = [m for m in data.training_examples if m.get(INTENT) and m.get(NGRAMS) is not None]
    labels = sorted({str(m.get(INTENT)) for m in messages if not noise_of(m)})
    numbers = {label: number for number, label in enumerate(labels)}
    usable = [m for m in messages if m.get(INTENT) in numbers]
    targets = np.array([numbers[m.get(INTENT)] for m in usable], dtype=np.int64)
    return Examples(usable, labels, targets)


def apart(
    messages: Sequence[Message], vectors: Floats, vectors_of: Callable[[list[str]], Floats]
) -> Projection:
    """Learn what tells languages apart: from messages and their vectors, or, where all are in one
    language, from the content's asks."""
    languages = [str((m.get(LANGUAGE) or {}).get("name", "")) for m in messages]
    if len(set(languages) - {""}) < 2:
        asks = [(topic.language, ask) for topic in topics(content_folder()) for ask in topic.asks]
        if asks:
            vectors = vectors_of([text for _, text in asks])
            languages = [language for language, _ in asks]
    return Projection.of(vectors, languages)
