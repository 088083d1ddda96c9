"""Noisy copies of the training examples."""

import hashlib
import random
from typing import Any

from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu import noise
from nlu.components.base import Component, Example, language_of
from nlu.components.registration import FEATURIZER, component


class NoisyTrainingData(TrainingData):
    """Training data whose fingerprint is of its texts: features follow from them, and no component
    changes them."""

    _fingerprint = ""

    def fingerprint(self) -> str:
        """Return a digest of intents and texts, in their order."""
        if self._fingerprint:
            return self._fingerprint
        digest = hashlib.sha256()
        for message in self.training_examples:
            digest.update(f"{message.get('intent')}\t{message.get('text')}\n".encode())
        self._fingerprint = digest.hexdigest()
        return self._fingerprint


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
        """Return the examples and their noisy copies."""
        messages: list[Message] = []
        for message in training_data.training_examples:
            messages += [message, *self.copies(message)]
        return NoisyTrainingData(
            messages,
            training_data.entity_synonyms,
            training_data.regex_features,
            training_data.lookup_tables,
            training_data.responses,
        )

    def copies(self, message: Message) -> list[Message]:
        """Return noisy copies of one example: always the same, so that caches know them."""
        text, language = message.get("text") or "", language_of(message)
        rng = random.Random(f"{self._config['seed']} {language} {text}")
        seen, copies = {text}, []
        for name in self._names(language, text, rng):
            noisy = _noisy(text, language, name, rng)
            if noisy in seen or not noisy.strip():
                continue
            seen.add(noisy)
            metadata = {**(message.get("metadata") or {}), "noise": name}
            data = {"text": noisy, "intent": message.get("intent"), "metadata": metadata}
            copies.append(Example(data))
        return copies

    def _names(self, language: str, text: str, rng: random.Random) -> list[str]:
        """Choose kinds of noise: all that change the letters, the rest by chance."""
        letters = [n for n in _LETTERS if noise.applies(n, language, text)]
        slips = [n for n in _SLIPS if noise.applies(n, language, text)]
        rng.shuffle(slips)
        return [*letters, *slips[: max(1, self._config["copies"] - len(letters))]]


_LETTERS = ("romanised", "russified")
_SLIPS = ("typo", "typos", "plain", "sms", "mixed", "greeted")


def _noisy(text: str, language: str, name: str, rng: random.Random) -> str:
    if name == "greeted":
        return noise.greeted(text, language, rng)
    noisy = noise.NOISES[name](text, rng)
    if name in ("plain", "russified", "romanised") and rng.random() < 0.3:
        noisy = noise.typo(noisy, rng)
    return noisy
