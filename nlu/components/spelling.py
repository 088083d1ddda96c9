"""Correction of mistyped words, before any feature is made."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.asks import content_folder
from nlu.components.base import LANGUAGE, PLAIN_TEXT, Component, language_of, noise_of
from nlu.components.registration import FEATURIZER, component
from nlu.spelling import Speller, counted
from nlu.text import canonical

_ENDS = re.compile(r"[.!?;:\n]+")
_NAMES = re.compile(r"\{[^}]*\}")


@component(FEATURIZER, trainable=True)
class SpellingCorrector(Component):
    """Brings unknown words to the nearest word of the examples in the message's language."""

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        super().__init__(config, model_storage, resource)
        self._speller = Speller({}, ())

    def train(self, training_data: TrainingData) -> Resource:
        """Count the words of the clean examples; words of the content's texts are right too."""
        clean = [m for m in training_data.training_examples if not noise_of(m)]
        counts = counted((m.get(PLAIN_TEXT) or "", language_of(m)) for m in clean)
        counts.pop("", None)
        self._speller = Speller(counts, _content_words(content_folder()))
        with self._storage.write_to(self._resource) as folder:
            stored = {"words": self._speller.words, "known": sorted(self._speller.known)}
            text = json.dumps(stored, ensure_ascii=False)
            (folder / "words.json").write_text(text, encoding="utf-8")
        return self._resource

    def _read(self, folder: Path) -> None:
        """Read the words; without them nothing is corrected."""
        stored = json.loads((folder / "words.json").read_text(encoding="utf-8"))
        self._speller = Speller(stored["words"], stored["known"])

    def process(self, messages: list[Message]) -> list[Message]:
        """Correct the plain text of messages whose language is known."""
        for message in messages:
            plain = message.get(PLAIN_TEXT)
            if plain:
                message.set(PLAIN_TEXT, self._speller.corrected(plain, _language(message)))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Do the same to the examples, all at once."""
        messages = [m for m in training_data.training_examples if m.get(PLAIN_TEXT)]
        texts = [m.get(PLAIN_TEXT) for m in messages]
        corrected = self._speller.corrected_all(texts, [_language(m) for m in messages])
        for message, text in zip(messages, corrected, strict=True):
            message.set(PLAIN_TEXT, text)
        return training_data


def _language(message: Message) -> str:
    return str((message.get(LANGUAGE) or {}).get("name", ""))


def _content_words(folder: Path) -> Iterator[str]:
    """Yield the words of all pages, glossaries and interface strings."""
    for pattern in ("**/*.md", "strings/*.yml", "glossary/*.yml"):
        for file in sorted(folder.glob(pattern)):
            try:
                sentences = _ENDS.split(_NAMES.sub(" ", file.read_text(encoding="utf-8")))
            except (OSError, UnicodeDecodeError):
                continue
            for sentence in sentences:
                yield from canonical(sentence).split()
