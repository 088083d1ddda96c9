"""The language of an answer: the one that is written, unless the person chose another."""

from __future__ import annotations

from dataclasses import replace

from actions.base import Choice, LanguageName, Response, Say
from bot.conversation import Conversation, Event, LanguageSet
from bot.library.model import Library
from bot.understanding import Understood

SURE = 0.8
"""From this confidence on, the language of a text becomes the language of the answer."""


def spoken(
    before: Conversation, library: Library, understood: Understood
) -> tuple[str, tuple[Event, ...]]:
    """Return the language of the answer. A chosen language stays; else people are answered
    in the language they write."""
    written = understood.language
    sure = understood.language_confidence >= SURE and written in library.languages
    if before.pinned and before.language in library.languages:
        return before.language, ()
    if sure or (not before.language and written in library.languages):
        return written, (LanguageSet(written),)
    return before.language or next(iter(library.languages)), ()


def offered(
    responses: tuple[Response, ...],
    before: Conversation,
    library: Library,
    understood: Understood,
) -> tuple[Response, ...]:
    """To someone who chose one language and writes another: offer to switch."""
    written = understood.language
    differs = before.pinned and written in library.languages and written != before.language
    if not responses or not differs or understood.language_confidence < SURE:
        return responses
    name = {"language": LanguageName(written)}
    offer = Choice(Say("button.switch_language", name), f"language:{written}")
    last = responses[-1]
    if any(one.payload == offer.payload for one in last.choices):
        return responses
    return (*responses[:-1], replace(last, choices=(*last.choices, offer)))
