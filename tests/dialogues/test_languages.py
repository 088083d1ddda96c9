"""What a guide lacks in a person's language comes in the nearest one they know, and says so."""

from __future__ import annotations

import pytest

from tests.chat import Chat

RUSSIAN = "Фото приносить не нужно"
ENGLISH = "You need no photo"


@pytest.mark.rasa
async def test_who_wrote_russian_and_then_arabic_gets_the_rest_in_russian(chat: Chat) -> None:
    """The short answer is in Arabic; the documents, which are not, come in Russian, said once."""
    await chat.say("сколько стоит паспорт")
    await chat.say("كيف أحصل على جواز سفر")
    assert chat.metadata["language"] == "ar"
    chat.not_hear("Русский")
    await chat.press("guide:passport:documents")
    chat.hear("بلغة أخرى", "Русский", RUSSIAN)
    assert chat.text.count("Русский") == 1
    assert chat.metadata["language"] == "ar"


@pytest.mark.rasa
async def test_a_language_written_beside_the_chosen_one_counts(chat: Chat) -> None:
    """Who chose Swahili and asks in Russian is answered in Swahili, and reads Russian best."""
    await chat.say("/language sw")
    await chat.say("как получить паспорт")
    assert chat.metadata["language"] == "sw"
    await chat.press("guide:passport:documents")
    chat.hear("Русский", RUSSIAN)


async def test_a_language_chosen_before_counts(quick_chat: Chat) -> None:
    """Also who only presses buttons: the language used before the one chosen now."""
    chat = quick_chat
    await chat.say("/language kk")
    await chat.say("/language fr")
    await chat.say("/guide:passport:documents")
    chat.hear("Қазақша")
    assert chat.metadata["language"] == "fr"


async def test_without_another_language_the_order_of_the_content_holds(quick_chat: Chat) -> None:
    """Nothing else is known of a person: languages.yml says which language is nearest."""
    chat = quick_chat
    await chat.say("/language fr")
    await chat.say("/guide:passport:documents")
    chat.hear("English", ENGLISH)


async def test_what_is_written_comes_before_what_was_chosen(quick_chat: Chat) -> None:
    """A language pressed on the way is no proof; one that was written is."""
    chat = quick_chat
    await chat.say("паспорт")
    await chat.say("/language kk")
    await chat.say("/language ar")
    await chat.say("/guide:passport:documents")
    chat.hear("Русский", RUSSIAN)


async def test_a_language_that_lacks_the_text_is_passed_over(quick_chat: Chat) -> None:
    """Of the languages known, the first that has the text."""
    chat = quick_chat
    await chat.say("/language ru")
    await chat.say("/language es")
    await chat.say("/language zh")
    await chat.say("/guide:passport:documents")
    chat.hear("Русский", RUSSIAN)


async def test_languages_kept_are_shown_and_erased(quick_chat: Chat) -> None:
    """/export names them all; after /forget nothing is known of them."""
    chat = quick_chat
    await chat.say("/language ru")
    await chat.say("/language ar")
    await chat.say("/export")
    chat.hear("العربية", "Русский")
    await chat.say("/forget")
    await chat.press("forget:yes")
    await chat.say("/language ar")
    await chat.say("/guide:passport:documents")
    chat.hear("English", ENGLISH)


@pytest.mark.rasa
@pytest.mark.parametrize(("text", "language"), [("паспорт", "ru"), ("护照", "zh")])
async def test_letters_of_another_script_are_answered_in_their_language(
    chat: Chat, text: str, language: str
) -> None:
    """A phone set to English is no sign: one word in Cyrillic is not English, however unsure it is
    which of the others it is."""
    await chat.say("how do I get a passport")
    assert chat.metadata["language"] == "en"
    await chat.say(text)
    assert chat.metadata["language"] == language


@pytest.mark.rasa
async def test_latin_letters_alone_change_no_language(chat: Chat) -> None:
    """Russian typed in Latin letters is still Russian."""
    await chat.say("как получить паспорт")
    await chat.say("pasport")
    assert chat.metadata["language"] == "ru"
