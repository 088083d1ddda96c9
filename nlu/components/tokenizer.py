"""Words by the rules of each language: spaCy's blank tokenizers, no models."""

from functools import lru_cache
from typing import Any

import spacy
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message
from spacy.tokens import Doc
from spacy.vocab import Vocab

from nlu.components.base import LANGUAGE
from nlu.components.registration import TOKENIZER, component

TOKENIZED_CHARACTERS = 1_000

_RULES = {"en": "en", "ru": "ru", "kk": "ky", "ky": "ky", "es": "es", "ar": "ar", "zh": "zh",
          "ur": "ur", "bn": "bn"}  # fmt: skip
"""Rules by language. Kazakh uses Kyrgyz ones (spaCy has none); French takes 4 s to load, and
its rules beyond the general ones do not matter to a gazetteer, so it is with the rest on 'xx'."""


@lru_cache(maxsize=1)
def vocabulary() -> Vocab:
    """Return the one vocabulary that all tokenizers and matchers share."""
    return Vocab()


@lru_cache(maxsize=16)
def _rules(name: str) -> "spacy.language.Language":
    return spacy.blank(name, vocab=vocabulary())


def tokenized(text: str, language: str) -> Doc:
    """Split a text by the rules of a language (unknown: general rules)."""
    return _rules(_RULES.get(language, "xx")).make_doc(text)


@component(TOKENIZER, trainable=False)
class LanguageTokenizer(Tokenizer):
    """Sets Rasa's tokens on each message."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GraphComponent:
        """Make the tokenizer and load the rules of the languages, so that no message waits."""
        for name in {*_RULES.values(), "xx"}:
            _rules(name)
        return cls(config)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's own settings of a tokenizer, unused here."""
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
        }

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """Split the first 1,000 characters of a text."""
        text = (message.get(attribute) or "")[:TOKENIZED_CHARACTERS]
        language = (message.get(LANGUAGE) or {}).get("name", "")
        document = tokenized(text, language)
        return [Token(t.text, t.idx) for t in document if not t.is_space]
