"""The language of an answer: the one that is written, unless the person chose another."""

from __future__ import annotations

import re
from dataclasses import replace

from babel.core import get_global

from actions.base import Choice, LanguageName, Response, Say
from bot.conversation import Conversation, Event, LanguageSet, LanguageWritten
from bot.library.model import Library
from bot.understanding import Understood

SURE = 0.8
"""From this confidence on, the language of a text becomes the language of the answer."""


def spoken(
    before: Conversation, library: Library, understood: Understood
) -> tuple[str, tuple[Event, ...]]:
    """Return the language of the answer, and what to remember of the person's languages.

    A chosen language stays, in the script last written; else people are answered in the
    language they write.
    """
    written = library.shipped(understood.tag)
    plain = understood.language_confidence >= SURE or _foreign(before.language, understood.script)
    sure = plain and bool(written)
    wrote: tuple[Event, ...] = (LanguageWritten(written),) if sure else ()
    chosen = before.language if before.pinned and before.language in library.languages else ""
    if chosen and not (sure and _same_language(written, chosen)):
        return chosen, wrote
    if sure or (not before.language and written):
        return written, (LanguageSet(written), *wrote)
    return before.language or next(iter(library.languages)), ()


def offered(
    responses: tuple[Response, ...],
    before: Conversation,
    library: Library,
    understood: Understood,
) -> tuple[Response, ...]:
    """To someone who chose one language and writes another: offer to switch."""
    written = library.shipped(understood.tag)
    differs = before.pinned and written and not _same_language(written, before.language)
    if not responses or not differs or understood.language_confidence < SURE:
        return responses
    name = {"language": LanguageName(written)}
    offer = Choice(Say("button.switch_language", name), f"language:{written}")
    last = responses[-1]
    if any(one.payload == offer.payload for one in last.choices):
        return responses
    return (*responses[:-1], replace(last, choices=(*last.choices, offer)))


def _foreign(language: str, script: str) -> bool:
    """Return whether a language is not written in such letters, so that a text must be in another.

    Latin letters tell nothing, as people type any language in them. The letters that a language is
    usually written in are CLDR's: 'en_Latn_US'.
    """
    usual = get_global("likely_subtags").get(language.replace("-", "_"), language)
    return bool(language) and script not in ("", "Latn", *re.split("[-_]", usual))


def _same_language(one: str, other: str) -> bool:
    """Return whether two languages differ in script only: 'uz' and 'uz-Cyrl'."""
    return one.partition("-")[0] == other.partition("-")[0]
