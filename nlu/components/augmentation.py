"""Noisy copies of the training examples."""

import hashlib
import random
from typing import Any

from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu import noise
from nlu.components.base import Component, language_of
from nlu.components.registration import FEATURIZER, component


class NoisyTrainingData(TrainingData):
    """Training data whose fingerprint is of its texts: features follow from them."""

    def fingerprint(self) -> str:
        """Return a digest of intents and texts, in their order."""
        digest = hashlib.sha256()
        for message in self.training_examples:
            digest.update(f"{message.get('intent')}\t{message.get('text')}\n".encode())
        return digest.hexdigest()


@component(FEATURIZER, trainable=False)
class Augmenter(Component):
    """Adds seeded noisy copies of each example; does nothing to messages of people."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`copies` of each example, `seed` of the noise."""
        return {"copies": 3, "seed": 20}

    def process(self, messages: list[Message]) -> list[Message]:
        """Leave messages as they are."""
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Return the examples and their noisy copies, each with the number of its source."""
        rng = random.Random(self._config["seed"])
        messages: list[Message] = []
        for number, message in enumerate(training_data.training_examples):
            message.set("source", number)
            messages.append(message)
            messages.extend(self._copies(message, number, rng))
        return NoisyTrainingData(
            messages,
            training_data.entity_synonyms,
            training_data.regex_features,
            training_data.lookup_tables,
            training_data.responses,
        )

    def _copies(self, message: Message, number: int, rng: random.Random) -> list[Message]:
        text, language = message.get("text") or "", language_of(message)
        names = [n for n in _CHOICES if noise.applies(n, language, text)]
        seen, copies = {text}, []
        for name in _drawn(names, self._config["copies"], rng):
            noisy = _noisy(text, language, name, rng)
            if noisy in seen or not noisy.strip():
                continue
            seen.add(noisy)
            metadata = {**(message.get("metadata") or {}), "noise": name}
            copies.append(
                Message(
                    {
                        "text": noisy,
                        "intent": message.get("intent"),
                        "metadata": metadata,
                        "source": number,
                    }
                )
            )
        return copies


_CHOICES = ("typo", "typos", "plain", "romanised", "russified", "sms", "mixed", "greeted")
_ALWAYS = ("romanised", "russified")


def _drawn(names: list[str], count: int, rng: random.Random) -> list[str]:
    """Draw kinds of noise: those that change the most first, the others at random."""
    first = [name for name in _ALWAYS if name in names]
    rest = [name for name in names if name not in first]
    rng.shuffle(rest)
    return [*first, *rest][:count]


def _noisy(text: str, language: str, name: str, rng: random.Random) -> str:
    if name == "greeted":
        return noise.greeted(text, language, rng)
    noisy = noise.NOISES[name](text, rng)
    if name in ("plain", "russified", "romanised") and rng.random() < 0.3:
        noisy = noise.typo(noisy, rng)
    return noisy
