"""Registering components with Rasa's default recipe, without paying for it when serving.

Rasa's recipe imports TensorFlow. Training needs the recipe; a trained model names its
classes itself and does not. So a component is registered when the recipe is there already,
and otherwise when `register_all` is called (the importer does, and it runs before the recipe).
"""

import sys
from collections.abc import Callable
from typing import TypeVar

Component = TypeVar("Component", bound=type)

_RECIPE = "rasa.engine.recipes.default_recipe"
_known: dict[type, tuple[tuple[str, ...], bool]] = {}

TOKENIZER = "MESSAGE_TOKENIZER"
FEATURIZER = "MESSAGE_FEATURIZER"
CLASSIFIER = "INTENT_CLASSIFIER"
EXTRACTOR = "ENTITY_EXTRACTOR"


def component(*kinds: str, trainable: bool) -> Callable[[Component], Component]:
    """Mark a class as a component of these kinds (names of the recipe's ComponentType)."""

    def mark(cls: Component) -> Component:
        _known[cls] = (kinds, trainable)
        if _RECIPE in sys.modules:
            _register(cls)
        return cls

    return mark


def _register(cls: type) -> None:
    recipe = sys.modules[_RECIPE].DefaultV1Recipe  # type: ignore[attr-defined]
    kinds, trainable = _known[cls]
    recipe.register([recipe.ComponentType[kind] for kind in kinds], trainable)(cls)


def register_all() -> None:
    """Register every component imported so far."""
    import rasa.engine.recipes.default_recipe  # noqa: F401

    for cls in _known:
        _register(cls)
