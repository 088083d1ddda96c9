"""Which language a message is in, and the text that the features are made of."""

from pathlib import Path
from typing import Any

from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu import identification, text, translit
from nlu.components.base import LANGUAGE, PLAIN_TEXT, Component, language_of, noise_of
from nlu.components.registration import FEATURIZER, component
from nlu.politeness import question


@component(FEATURIZER, trainable=True)
class LanguageIdentifier(Component):
    """Sets `language` and its script, and the plain text: no greeting, no case, Cyrillic where
    romanised."""

    identifier: identification.Identifier | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`unsure`: below this confidence no language is named."""
        return {"unsure": 0.35}

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the languages that the examples name."""
        messages = training_data.training_examples
        codes = [language_of(m) if noise_of(m) in _LEARNT else "" for m in messages]
        if any(codes):
            self.identifier = identification.trained(_canonical(messages), codes)
            with self._storage.write_to(self._resource) as folder:
                self.identifier.save(folder / "languages.npz")
        return self._resource

    def _read(self, folder: Path) -> None:
        """Read what was learnt; without it every language is unknown."""
        self.identifier = identification.Identifier.load(folder / "languages.npz")

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `language` and the plain text of each message."""
        for message in messages:
            canonical = text.canonical(message.get("text") or "")
            self._set(message, canonical, self._identify(canonical))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Do the same to the examples, all at once.

        Not by the language that an example names: what is taken for another language in a
        message is best learnt from examples that were mistaken in the same way.
        """
        messages = training_data.training_examples
        plain = _canonical(messages)
        nothing = [("", "", 0.0)] * len(plain)
        found = self.identifier.identify_all(plain) if self.identifier else nothing
        for message, canonical, one in zip(messages, plain, found, strict=True):
            self._set(message, canonical, one)
        return training_data

    def _set(self, message: Message, canonical: str, found: tuple[str, str, float]) -> None:
        kind, name, confidence = found
        message.set(PLAIN_TEXT, _in_usual_script(question(canonical), kind))
        sure = confidence >= self._config["unsure"]
        message.set(
            LANGUAGE,
            {
                "name": name if sure else "",
                "script": text.SCRIPT_CODES.get(text.script_of(canonical), ""),
                "confidence": round(confidence, 4),
            },
            add_to_output=True,
        )

    def _identify(self, canonical: str) -> tuple[str, str, float]:
        if self.identifier is None or not canonical:
            return "", "", 0.0
        return self.identifier.identify(canonical)


_LEARNT = ("", "romanised", "russified", "plain")
"""Noises that change what a language looks like; mistyped words would only blur it."""


def _canonical(messages: list[Message]) -> tuple[str, ...]:
    return tuple(text.canonical(message.get("text") or "") for message in messages)


def _in_usual_script(text: str, kind: str) -> str:
    """Return romanised Cyrillic in Cyrillic, and Uzbek in Latin letters."""
    language, _, script = kind.partition("/")
    if script == "latin" and language in translit.ROMANISED_LANGUAGES:
        return translit.to_cyrillic(text, language)
    if kind == "uz/cyrillic":
        return translit.uzbek_latin(text)
    return text
