"""Who writes Uzbek in Cyrillic letters is answered in them, buttons too."""

from __future__ import annotations

import re

import pytest

from tests.chat import Chat

LATIN = re.compile(r"[A-Za-z]{2,}")
NAMES = re.compile(r"Манба: .*|https?://\S+|egov\.kz\S*|eGov Mobile|eOtinish|Hashar")
OTHER_LANGUAGES = frozenset({"English", "Oʻzbekcha", "Français", "Español", "Kiswahili"})


def all_in_cyrillic(chat: Chat) -> None:
    """Demand that neither words nor buttons have Latin letters; sources and names have."""
    labels = [label for label in chat.buttons if label not in OTHER_LANGUAGES]
    assert LATIN.findall(NAMES.sub("", "\n".join([chat.text, *labels]))) == []
    assert chat.metadata["language"] == "uz-Cyrl"


@pytest.mark.rasa
async def test_a_question_in_cyrillic_letters(chat: Chat) -> None:
    """The answer, its buttons and all that follows come in Cyrillic letters."""
    await chat.say("паспортни қандай оламан, ёрдам беринг")
    chat.hear("34 600 тенге", "Манба:", "март, 2026", "боришдан олдин")
    assert chat.metadata["content_id"] == "guide:passport"
    all_in_cyrillic(chat)
    await chat.press("guide:passport:without-phone")
    all_in_cyrillic(chat)
    await chat.press("menu")
    chat.hear("нима ҳақида")
    all_in_cyrillic(chat)


@pytest.mark.rasa
async def test_the_script_last_written_is_answered(chat: Chat) -> None:
    """From Latin to Cyrillic letters and back, with each sure message."""
    await chat.say("passportni qanday olaman, yordam bering")
    assert chat.metadata["language"] == "uz"
    await chat.say("шахсий гувоҳномамни йўқотиб қўйдим")
    all_in_cyrillic(chat)
    await chat.say("bolalar bogʻchasiga navbatga qanday yozilaman")
    assert chat.metadata["language"] == "uz"
    chat.hear("bogʻcha")


@pytest.mark.rasa
async def test_a_chosen_language_stays_in_the_script_last_written(chat: Chat) -> None:
    """Uzbek, chosen, follows the script; Russian, chosen, stays and offers to switch."""
    await chat.say("/language uz")
    await chat.say("шахсий гувоҳномамни йўқотиб қўйдим")
    all_in_cyrillic(chat)
    await chat.say("сколько стоит паспорт")
    assert chat.metadata["language"] == "uz-Cyrl"
    assert "language:ru" in chat.payloads
    await chat.say("/language ru")
    await chat.say("шахсий гувоҳномамни йўқотиб қўйдим")
    assert chat.metadata["language"] == "ru"
    await chat.press("Язык ответа: Ўзбекча (кирилл)")
    all_in_cyrillic(chat)


@pytest.mark.rasa
async def test_asked_for_in_words(chat: Chat) -> None:
    """'In Uzbek', written in Uzbek, means in the script that it is written in."""
    await chat.say("ўзбекча гапир")
    chat.hear("Ўзбекча (кирилл)")
    all_in_cyrillic(chat)
    await chat.say("o'zbekcha gapir")
    assert chat.metadata["language"] == "uz"


async def test_chosen_from_the_menu(quick_chat: Chat) -> None:
    """/language offers it by its own name; a walk is answered with words in Cyrillic letters."""
    chat = quick_chat
    await chat.say("/language")
    await chat.press("Ўзбекча (кирилл)")
    chat.hear("Энди мен шу тилда жавоб бераман: Ўзбекча (кирилл).")
    await chat.say("/walk:social-assistance:amount")
    await chat.say("ҳа")
    await chat.say("учта")
    chat.hear("3 × 1,5 × 4 325 тенге = 19 462 тенге")
    all_in_cyrillic(chat)
    await chat.say("/glossary")
    all_in_cyrillic(chat)


async def test_emergency_in_cyrillic_letters(quick_chat: Chat) -> None:
    """The numbers stand as they are, the words around them in Cyrillic letters."""
    await quick_chat.say("/language UZ_cyrl")
    await quick_chat.say("/emergency")
    quick_chat.hear("112", "103: тез ёрдам")
    all_in_cyrillic(quick_chat)
