"""The languages shipped: complete where they are said to be, plain, and each in its direction."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from actions.base import GuideSource, GuideWords
from bot.library.check import PLACEHOLDER
from bot.library.load import Loader
from bot.library.model import EMERGENCY_SECTIONS, OPTIONAL_SECTIONS, SECTIONS
from bot.writer import Writer

ROOT = Path(__file__).parent.parent.parent
LIBRARY, _ = Loader(ROOT / "content").load()
LANGUAGES = ("en", "ru", "kk", "ky", "uz", "fr", "es", "ar", "zh", "sw", "ur", "bn")
FULL = ("en", "ru", "kk", "ky", "uz")
"""Languages in which every guide is whole; the others have title, short answer and asks."""

PLAIN = 15
_SENTENCE = re.compile(r"[.!?…:;؟۔।]+(?:\s+|$)|\n+")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_every_language_has(language: str) -> None:
    """Every string of the interface, and each guide's title, short answer and ten asks."""
    assert set(LIBRARY.strings[language]) == set(LIBRARY.strings["en"])
    assert set(LIBRARY.glossary[language]) == set(LIBRARY.glossary["en"])
    for guide in LIBRARY.guides.values():
        text = guide.texts[language]
        assert text.title, guide.id
        assert text.short, guide.id
        assert len(text.asks) >= 10, guide.id
        assert text.status != "reviewed", "no text is reviewed before a native speaker did it"


@pytest.mark.parametrize("language", FULL)
def test_whole_guides_in_the_first_five(language: str) -> None:
    """Each guide has all its sections in five languages."""
    for guide in LIBRARY.guides.values():
        wanted = set(EMERGENCY_SECTIONS if guide.emergency else SECTIONS) - OPTIONAL_SECTIONS
        assert wanted <= set(guide.texts[language].sections), guide.id


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "zh"])
def test_sentences_are_short(language: str) -> None:
    """Nine in ten sentences of the short answers have at most 15 words, none more than 25."""
    lengths = []
    for guide in LIBRARY.guides.values():
        words = PLACEHOLDER.sub("x", guide.texts[language].short)
        lengths += [len(one.split()) for one in _SENTENCE.split(words) if one.strip()]
    assert max(lengths) <= 25
    assert sum(length <= PLAIN for length in lengths) >= 0.9 * len(lengths)


@pytest.mark.parametrize("language", ["ar", "ur"])
def test_numbers_keep_their_direction_among_words_from_right_to_left(language: str) -> None:
    """Phone numbers, addresses and sources stand apart, so that no reader shows them turned."""
    writer = Writer(LIBRARY, language)
    emergency = writer.words(GuideWords("emergency", "short"))
    assert "\u2066<tel:112>\u2069" in emergency
    portal = writer.words(GuideWords("birth-registration", "short"))
    assert "\u2066<https://egov.kz>\u2069" in portal
    source = writer.words(GuideSource("passport", ("short",)))
    assert source.count("\u2068") == source.count("\u2069") > 0


def test_words_from_left_to_right_have_no_marks() -> None:
    """Where all runs one way, nothing invisible is put into the text."""
    writer = Writer(LIBRARY, "ru")
    text = writer.words(GuideWords("emergency", "short")) + writer.words(
        GuideSource("passport", ("short",))
    )
    assert not re.search("[\u2066-\u2069]", text)
