"""A citizen asks, browses, changes language, and is never left alone."""

from __future__ import annotations

import pytest

from tests.chat import Chat

pytestmark = pytest.mark.rasa


@pytest.mark.parametrize(
    ("question", "language", "content", "words"),
    [
        ("как получить паспорт", "ru", "guide:passport", ["34 600 тенге", "Источник", "март 2026"]),
        ("I lost my ID", "en", "guide:lost-documents", ["Source:", "check before you go"]),
        ("баламның тууын тіркегім келеді", "kk", "guide:birth-registration", ["Дереккөз"]),
    ],
)
async def test_question_gets_the_short_answer_first(
    chat: Chat, question: str, language: str, content: str, words: list[str]
) -> None:
    """A question in three languages gets the short answer with source and date, then buttons."""
    await chat.say(question)
    chat.hear(*words)
    assert chat.metadata["content_id"] == content
    assert chat.metadata["language"] == language
    guide = content.partition(":")[2]
    for section in ("documents", "steps", "fee", "where", "refusal", "for-someone-else"):
        assert f"guide:{guide}:{section}" in chat.payloads


async def test_question_about_the_fee_gets_the_fee(chat: Chat) -> None:
    """'How much' with a topic opens the fee; alone, it is about the topic shown last."""
    await chat.say("how much does a passport cost")
    assert chat.metadata["content_id"] == "guide:passport#fee"
    await chat.say("which documents do I need?")
    assert chat.metadata["content_id"] == "guide:passport#documents"


async def test_browsing_needs_no_typing(chat: Chat) -> None:
    """Every step from the menu to a section is a button or its number."""
    await chat.say("/start")
    await chat.press("menu")
    await chat.press("event:identity")
    await chat.press("guide:passport")
    number = chat.payloads.index("guide:passport:fee") + 1
    await chat.say(str(number))
    chat.hear("34,600 tenge")


async def test_language_changes_at_any_time(chat: Chat) -> None:
    """A chosen language stays, also for a question in another one, which offers to switch."""
    await chat.say("how do I get a passport")
    await chat.say("қазақша")
    chat.hear("Қазақша")
    await chat.press("guide:passport")
    assert chat.metadata["language"] == "kk"
    await chat.say("сколько стоит паспорт на ребёнка")
    assert chat.metadata["language"] == "kk"
    assert "language:ru" in chat.payloads


async def test_emergency_gives_numbers_first(chat: Chat) -> None:
    """In an emergency the first words are numbers, without menus."""
    for cry in ("пожар!!!", "my neighbour has a heart attack", "/emergency"):
        await chat.say(cry)
        assert "112" in chat.text[:40]
        assert chat.buttons == []


async def test_person_is_offered(chat: Chat) -> None:
    """Who asks for a person gets the site's contacts."""
    await chat.say("I want to talk to a real person")
    chat.hear("1414", "8-800-080-7777")


async def test_person_is_offered_unasked_after_two_failures(chat: Chat) -> None:
    """After two texts without an answer the contacts come by themselves; nothing is made up."""
    await chat.say("qwzx plorf")
    await chat.say("zzgh trewq mmn")
    chat.hear("1414")


async def test_small_talk_and_out_of_scope(chat: Chat) -> None:
    """Small talk is answered kindly; what it is not for is said so."""
    await chat.say("thank you so much")
    chat.hear("welcome")
    await chat.say("who won the football match yesterday")
    assert not chat.metadata["content_id"]
    chat.not_hear("Source:")


async def test_own_case_is_said_to_be_out_of_sight(chat: Chat) -> None:
    """A status question gets an honest answer and where to look."""
    await chat.say("где мое заявление, уже готово?")
    chat.hear("1414")
    assert "не" in chat.text


async def test_privacy_export_forget(chat: Chat) -> None:
    """/export shows what is kept, /forget erases it after one question, and a new start is new."""
    await chat.say("how do I get a passport")
    await chat.say("/export")
    chat.hear("Passport", "English")
    await chat.say("/forget")
    await chat.press("forget:yes")
    chat.hear("erased")
    await chat.say("/export")
    chat.not_hear("Passport")
    chat.hear("Messages from you: 0")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "😀😀😀",
        "\u0000\u0007\u200f",
        "?!?",
        "a" * 10_000,
        "пас" * 4000,
        "<script>alert(1)</script>",
        "{fee} {{x}}",
        "/",
        "//",
        "/guide:../../etc",
        "/nonsense",
        "**",
        "*" * 500,
        "паспорт passport төлқұжат 护照",
    ],
)
async def test_hostile_texts_get_a_kind_answer(chat: Chat, text: str) -> None:
    """Empty, endless, odd and mixed texts get an answer that does not echo them."""
    await chat.say(text)
    assert chat.text.strip()
    chat.not_hear("<script", "alert(1)", "{fee}")
