"""A few questions lead to what fits one's own case, in any language, with pauses."""

from __future__ import annotations

import copy

import pytest

from bot.library.live import LiveLibrary
from bot.settings import Settings
from bot.system import System
from tests.chat import Chat
from tests.fakes.rasa import FakeRasa


async def test_checklist_by_buttons(quick_chat: Chat) -> None:
    """From the guide: two questions, then papers, fee, place, source and what comes next."""
    chat = quick_chat
    await chat.say("register a birth")
    await chat.press("What do I need in my case?")
    await chat.press("Register a birth")
    await chat.press("Yes")
    chat.hear("- The marriage certificate", "Fee: free", "egov.kz", "Source:", "March 2026")
    assert "guide:child-benefits" in chat.payloads


@pytest.mark.parametrize(
    ("language", "answers", "heard"),
    [
        ("en", ["first card"], ["Fee: free", "go with your parents"]),
        ("en", ["2", "no"], ["0.2 × 4,325 tenge = 865 tenge"]),
        ("ru", ["обмен: срок кончается или вышел", "да"], ["865 тенге", "оштрафовать"]),
        ("kk", ["3"], ["865 теңге", "102"]),
        ("ky", ["биринчи күбөлүк"], ["акысыз"]),
        ("uz", ["2", "yoʻq"], ["865"]),
        ("fr", ["2", "non"], ["Frais", "865"]),
        ("ar", ["٢", "لا"], ["865"]),
        ("bn", ["২", "না"], ["865"]),
    ],
)
async def test_checklist_by_typing(
    quick_chat: Chat, language: str, answers: list[str], heard: list[str]
) -> None:
    """Digits of any script, yes and no, and labels answer the questions in each language."""
    chat = quick_chat
    await chat.say(f"/language {language}")
    await chat.say("/walk:identity-card:checklist")
    for answer in answers:
        await chat.say("My first card" if answer == "first card" else answer)
    chat.hear(*heard)
    assert chat.metadata["content_id"].startswith("walk:identity-card:checklist:")


@pytest.mark.parametrize(
    ("language", "count", "shown"),
    [
        ("en", "two", "2 × 1.5 × 4,325 tenge = 12,975 tenge"),
        ("ru", "трое", "3 × 1,5 × 4 325 тенге = 19 462 тенге"),
        ("ru", "у нас двое детей", "2 × 1,5 × 4 325 тенге = 12 975 тенге"),
        ("kk", "төртеу", "4 × 1,5 × 4 325 теңге = 25 950 теңге"),
        ("uz", "uchta", "3 × 1,5 × 4 325"),
        ("ar", "٣", "19"),
        ("zh", "两个", "12,975"),
        ("bn", "৩", "19,462"),
    ],
)
async def test_amount_shows_how_it_was_worked_out(
    quick_chat: Chat, language: str, count: str, shown: str
) -> None:
    """A number in words or in any digits is multiplied exactly, a half rounded down."""
    chat = quick_chat
    await chat.say(f"/language {language}")
    await chat.say("/walk:social-assistance:amount")
    await chat.say("1")
    await chat.say(count)
    chat.hear(shown, "2026")


async def test_amounts_are_added_up(quick_chat: Chat) -> None:
    """Passports of a family: each line, and the sum of both."""
    chat = quick_chat
    await chat.say("/walk:passport:amount")
    await chat.press("For adults and children together")
    await chat.say("2")
    await chat.say("three")
    chat.hear("2 × 8 × 4,325 tenge = 69,200 tenge", "3 × 4 × 4,325 tenge = 51,900 tenge")
    chat.hear("Together: 121,100 tenge", "MCI in 2026: 4,325 tenge", "lada.kz")


@pytest.mark.parametrize("odd", ["0", "12", "-3", "99999999999999999999", "2 or 3", "1.5"])
async def test_odd_numbers_are_asked_again(quick_chat: Chat, odd: str) -> None:
    """A number that cannot be is asked for again, kindly, and nothing is lost."""
    chat = quick_chat
    await chat.say("/walk:social-assistance:amount")
    await chat.say("yes")
    await chat.say(odd)
    chat.hear("whole number from 1 to 9", "How many such children")
    await chat.say("1")
    chat.hear("6,487 tenge")


async def test_back_and_change_of_mind(quick_chat: Chat) -> None:
    """'Back' asks the question before; an older button changes an earlier answer."""
    chat = quick_chat
    await chat.say("/walk:lost-documents:checklist")
    await chat.press("Identity card")
    chat.hear("before?")
    await chat.say("back")
    chat.hear("Which document")
    await chat.press("Passport")
    await chat.say("/pick:lost-documents:checklist:what:licence")
    chat.hear("spetsTSON", "5,406 tenge")


async def test_question_in_the_middle_leads_back(quick_chat: Chat) -> None:
    """Another question is answered, then the walk goes on where it was."""
    chat = quick_chat
    await chat.say("/walk:identity-card:checklist")
    await chat.say("2")
    await chat.say("how do I get a passport")
    assert chat.metadata["content_id"] == "guide:passport"
    await chat.say("yes")  # not an answer: the question was not the last thing said
    assert not chat.metadata["content_id"].startswith("walk:")
    await chat.say("/menu")
    await chat.say("passport")
    await chat.press("Back to the questions")
    chat.hear("overdue")
    await chat.say("yes")
    chat.hear("fined")


async def test_language_changes_in_the_middle(quick_chat: Chat) -> None:
    """The question that waits comes again in the new language; answers given stay."""
    chat = quick_chat
    await chat.say("/walk:identity-card:checklist")
    await chat.say("2")
    await chat.say("/language kk")
    chat.hear("Куәліктің мерзімі")
    await chat.say("иә")
    chat.hear("айыппұл")


async def test_a_restart_loses_no_answer(
    settings: Settings, fake_rasa: FakeRasa, library: LiveLibrary
) -> None:
    """Stopped and started again between two answers, the walk goes on where it was."""
    sender = ""
    for answer, heard in (("2", "overdue"), ("yes", "fined")):
        system = System(settings, settings.redis_url, fake_rasa.url, library=copy.copy(library))
        await system.start(alone=True)
        async with Chat.with_system(system) as chat:
            chat.sender = sender or chat.sender
            if not sender:
                await chat.say("/walk:identity-card:checklist")
            sender = chat.sender
            await chat.say(answer)
            chat.hear(heard)
        await system.stop()


async def test_language_without_words_says_so(quick_chat: Chat) -> None:
    """Where the words of a walk do not exist yet, they come in the nearest language, said so."""
    chat = quick_chat
    await chat.say("/language sw")
    await chat.say("/walk:identity-card:checklist")
    chat.hear("English", "Which identity card")


async def test_stop_and_what_is_kept(quick_chat: Chat) -> None:
    """While it runs, /export names the walk; stopped or finished, nothing of it is kept."""
    chat = quick_chat
    await chat.say("/walk:identity-card:checklist")
    await chat.say("2")
    await chat.say("/export")
    chat.hear("Questions begun: Identity card")
    await chat.press("menu")
    await chat.say("/walk_on")
    await chat.say("stop")
    chat.hear("not kept")
    await chat.say("/export")
    chat.not_hear("Questions begun")


@pytest.mark.parametrize(
    "payload",
    [
        "walk:none:checklist",
        "walk:passport:none",
        "pick:passport:amount:none:1",
        "pick:passport:amount:n_thin:99",
        "pick:identity-card:checklist:late:maybe",
        "walk_on",
        "walk_back",
        "walk_stop",
    ],
)
async def test_old_and_forged_buttons(quick_chat: Chat, payload: str) -> None:
    """Buttons of walks that lead nowhere get a kind sentence and a way on."""
    await quick_chat.say(f"/{payload}")
    assert quick_chat.buttons
    assert quick_chat.text


async def test_every_walk_can_be_walked(quick_chat: Chat, library: LiveLibrary) -> None:
    """Every choice of every walk, first and last, ends at a result with source and date."""
    chat = quick_chat
    for guide in library.current.guides.values():
        for name in guide.walks:
            for side in (0, -1):
                await chat.say(f"/walk:{guide.id}:{name}")
                while picks := [one for one in chat.payloads if one.startswith("pick:")]:
                    await chat.press(picks[side])
                chat.hear("Source:", "check before you go")


@pytest.mark.rasa
@pytest.mark.parametrize("answer", ["of course yes please", "разумеется да", "иә дұрыс айтасыз"])
async def test_yes_in_other_words(chat: Chat, answer: str) -> None:
    """A yes that is in no list is understood by the model while a question waits."""
    await chat.say("/walk:driving-licence:checklist")
    await chat.say("1")
    await chat.say(answer)
    assert chat.metadata["content_id"] == "walk:driving-licence:checklist:replace_expired"
