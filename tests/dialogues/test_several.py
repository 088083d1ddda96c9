"""Several questions in one message, each answered shortly; a story is not cut into nonsense."""

from __future__ import annotations

from collections import Counter

import pytest

from actions.base import Call, Choice, Response, Say
from bench import several
from bot.conversation import Conversation
from bot.decide import Decision
from bot.dialogue import Dialogue
from bot.library.live import LiveLibrary
from bot.questions import split
from bot.several import Several, chosen, responses
from bot.understanding import Understanding, Understood
from tests.chat import Chat
from tests.fakes.rasa import FakeRasa


def contents(chat: Chat) -> list[str]:
    """The content ids of the last answers, in order."""
    return [row["metadata"]["content_id"] for row in chat.answers]


@pytest.mark.rasa
@pytest.mark.parametrize(
    ("message", "first", "second"),
    [
        (
            "How do I get a passport? And how do I register my newborn?",
            "guide:passport",
            "guide:birth-registration",
        ),
        (
            "how do I register a marriage and how do I replace my driving licence",
            "guide:marriage",
            "guide:driving-licence",
        ),
        (
            "Здравствуйте! Подскажите, пожалуйста, как получить паспорт? "
            "И какие выплаты при рождении ребёнка? Спасибо",
            "guide:passport",
            "guide:child-benefits",
        ),
        (
            "Сәлеметсіз бе! Төлқұжатты қалай аламын? Баланың тууын қалай тіркеймін?",
            "guide:passport",
            "guide:birth-registration",
        ),
        (
            "Жүргізуші куәлігін ауыстыру керек. Сонымен қатар сотталмағаны туралы анықтама "
            "қайдан алынады?",
            "guide:driving-licence",
            "guide:criminal-record#where",
        ),
        (
            "Hi, I need a new passport. And also my ID card runs out, how do I renew it?",
            "guide:passport",
            "guide:identity-card",
        ),
    ],
)
async def test_two_questions_get_two_answers(
    chat: Chat, message: str, first: str, second: str
) -> None:
    """Each question gets a short answer with its source and a button to all of it, in order."""
    await chat.say(message)
    assert contents(chat) == [first, second]
    assert [row["text"].count("20") > 0 for row in chat.answers] == [True, True]
    assert {one.partition("#")[0] for one in (first, second)} <= set(chat.payloads)
    assert chat.payloads[-1] == "menu"


@pytest.mark.rasa
async def test_list_of_four_names_the_fourth(chat: Chat) -> None:
    """Three are answered; what else was asked is named by a button."""
    await chat.say(
        "1. как получить паспорт\n2. как зарегистрировать брак\n"
        "3. замена прав\n4. прописка в новой квартире"
    )
    assert contents(chat) == ["guide:passport", "guide:marriage", "guide:driving-licence", ""]
    chat.hear("Вы также спросили")
    assert "guide:residence-registration" in chat.payloads


@pytest.mark.rasa
async def test_short_follow_ups_are_about_the_same_guide(chat: Chat) -> None:
    """'Which documents?' after 'a passport?' in one message is about the passport."""
    await chat.say("How do I get a passport? Which documents do I need? How long does it take?")
    assert contents(chat) == ["guide:passport", "guide:passport#documents", "guide:passport#time"]


@pytest.mark.rasa
async def test_an_and_may_join_a_question_and_its_follow_up(chat: Chat) -> None:
    """'How do I get a passport and how much is it' has two answers about the passport."""
    await chat.say("Как получить паспорт и сколько он стоит?")
    assert contents(chat) == ["guide:passport", "guide:passport#fee"]


@pytest.mark.rasa
@pytest.mark.parametrize(
    ("message", "content"),
    [
        (
            "We got married in May and live in Almaty. How do I get a new passport?",
            "guide:passport",
        ),
        ("Hello! how do I get a passport", "guide:passport"),
        ("I lost my passport and identity card", "guide:lost-documents"),
    ],
)
async def test_one_question_stays_one(chat: Chat, message: str, content: str) -> None:
    """A greeting, a story before the question, or an 'and' inside it makes no second question."""
    await chat.say(message)
    assert contents(chat) == [content]


@pytest.mark.parametrize(("echo", "first"), [(0.1, "guide:emergency"), (0.0, "guide:divorce")])
def test_numbers_come_before_the_answers(library: LiveLibrary, echo: float, first: str) -> None:
    """Where a part may be about danger and the whole message echoes it."""
    sure = Understood("guide.divorce", 0.98, (("guide.divorce", 0.98),))
    feared = Understood("nlu_fallback", 0.3, (("out_of_scope", 0.3), ("guide.emergency", 0.25)))
    whole = Understood("guide.divorce", 0.85, (("guide.divorce", 0.85), ("guide.emergency", echo)))
    read = [("How do I get a divorce?", sure), ("What if he sets it alight at night?", feared)]
    before, decision = Conversation("c", "rest", language="en"), Decision("guide", ("divorce",))
    found = chosen(read, False, whole, decision, before, library.current, lambda *_: ())
    assert isinstance(found, Several)
    said = responses(found, Call(before, library.current, "en"))
    assert said[0].content == first
    assert "guide:divorce" in [one.content for one in said]


def test_sure_and_unsure(library: LiveLibrary) -> None:
    """One sure question is answered; about one that lies between two others it is asked back."""
    sure = Understood("guide.passport", 0.98, (("guide.passport", 0.98),))
    between = (("guide.property", 0.5), ("guide.residence-registration", 0.3))
    unsure = Understood("nlu_fallback", 0.7, between)
    read = [("How do I get a passport?", sure), ("And what about our new flat?", unsure)]
    before = Conversation("c", "rest", language="en")
    whole = Decision("guide", ("passport",))
    found = chosen(read, False, sure, whole, before, library.current, lambda *_: ())
    assert isinstance(found, Several)
    short, back = responses(found, Call(before, library.current, "en"))
    assert short.content == "guide:passport"
    assert back.words == (Say("several.unsure"),)
    offered = [one.payload for one in back.choices]
    assert offered[:3] == ["guide:property", "guide:residence-registration", "not_found"]


@pytest.mark.rasa
@pytest.mark.parametrize(
    ("message", "content", "said"),
    [
        (
            "How do I get a passport? Who repairs the street lamps in our village?",
            "guide:passport",
            "I did not understand your other question",
        ),
        (
            "Какие пособия положены при рождении ребёнка? А как подать на грант в университет?",
            "guide:child-benefits",
            "Другой ваш вопрос я не понимаю",
        ),
        (
            "1. төлқұжатты қалай аламын\n2. ит асырауға салық қанша",
            "guide:passport",
            "Басқа сұрағыңызды түсінбедім",
        ),
    ],
)
async def test_second_question_that_nothing_is_near_to_is_not_passed_over(
    chat: Chat, message: str, content: str, said: str
) -> None:
    """The first is answered; the person is told to send the other by itself, or to ask people."""
    await chat.say(message)
    assert contents(chat) == [content, ""]
    chat.hear(said)
    assert "human" in chat.payloads


@pytest.mark.rasa
@pytest.mark.parametrize(
    ("message", "guide"),
    [
        (
            "Hello, my husband and I have lived apart for two years and we both want to end the "
            "marriage peacefully. Do we need to go to court for that? How much is it?",
            "divorce",
        ),
        (
            "Здравствуйте, отец скончался в больнице в другом городе. В каком месте оформляют "
            "свидетельство и что нужно принести, кроме его удостоверения?",
            "death-registration",
        ),
    ],
)
async def test_questions_about_one_thing_bring_up_no_other(
    chat: Chat, message: str, guide: str
) -> None:
    """Parts that would mean something else by themselves stay with the message's own topic."""
    await chat.say(message)
    assert {one.partition("#")[0] for one in contents(chat)} == {f"guide:{guide}"}


@pytest.mark.rasa
@pytest.mark.parametrize("cry", ["Fire! How do I get a passport?", "пожар! как получить паспорт?"])
async def test_danger_comes_first(chat: Chat, cry: str) -> None:
    """Danger anywhere in the message: the numbers, and nothing else."""
    await chat.say(cry)
    assert contents(chat) == ["guide:emergency"]
    assert "112" in chat.text[:40]


@pytest.mark.rasa
@pytest.mark.parametrize(
    ("question", "about", "service"),
    [
        ("is my driving licence ready yet?", "cannot see", "guide:driving-licence"),
        ("моя заявка на садик не двигается", "не вижу", "guide:kindergarten"),
        ("төлқұжатым дайын ба?", "көрмеймін", "guide:passport"),
    ],
)
async def test_own_case_of_a_named_service(
    chat: Chat, question: str, about: str, service: str
) -> None:
    """What Hashar cannot see is said, with the service's guide, contacts and status words."""
    await chat.say(question)
    chat.hear(about, "1414")
    assert service in chat.payloads
    assert any(one.startswith("term:status-") for one in chat.payloads)


@pytest.mark.rasa
@pytest.mark.parametrize(
    "cry", ["I do not want to live any more", "не хочу жить", "өмір сүргім келмейді"]
)
async def test_despair_is_met_with_care(chat: Chat, cry: str) -> None:
    """Warm words, the numbers that are in the facts, a person; nothing to fill in."""
    await chat.say(cry)
    chat.hear("112", "111")
    assert "human" in chat.payloads
    assert not contents(chat)[0]


async def test_official_words_of_an_answer_can_be_tapped(quick_chat: Chat) -> None:
    """An answer's official words are a button away, in plain words, in its language."""
    chat = quick_chat
    await chat.say("/language kk")
    await chat.say("/guide:residence-registration")
    await chat.press("words:residence-registration:short")
    await chat.press("term:eds")
    chat.hear("ЭЦҚ")
    await chat.press("guide:residence-registration")
    assert chat.metadata["content_id"] == "guide:residence-registration"


async def test_cost_is_bounded(quick_chat: Chat, fake_rasa: FakeRasa) -> None:
    """However many questions a message holds, Rasa is asked a few times only."""
    before = fake_rasa.asked
    await quick_chat.say(" ".join(f"What about thing number {n}?" for n in range(40)))
    assert fake_rasa.asked - before <= 5


@pytest.mark.rasa
@pytest.mark.slow
async def test_two_questions_get_two_answers_and_one_is_not_torn(
    rasa_url: str, library: LiveLibrary
) -> None:
    """Of messages written apart, as people write: see `python -m bench.several` for the figures."""
    understanding = Understanding(rasa_url, 30)
    rows = several.read(several.MESSAGES)
    found = await several.verdicts(rows, Dialogue(understanding, library))
    await understanding.close()
    two, single, unknown = (
        [verdict for row, verdict in found if row.kind == kind]
        for kind in ("two", "single", "unknown")
    )
    assert two.count("both") >= 0.7 * len(two), Counter(two)
    assert single.count("torn") + single.count("told") <= 0.05 * len(single), Counter(single)
    assert unknown.count("told") >= 0.7 * len(unknown), Counter(unknown)


@pytest.mark.parametrize(
    ("content", "offered", "verdict"),
    [
        (("passport", "pension"), (), "both"),
        (("passport#fee",), ("pension",), "named"),
        (("passport",), (), "one"),
        ((), ("passport",), "none"),
    ],
)
def test_what_counts_as_an_answer(
    content: tuple[str, ...], offered: tuple[str, ...], verdict: str
) -> None:
    """The measure tells answers from buttons, and both from nothing."""
    row = several.Row("held", "en", ("passport", "pension"), frozenset(), "")
    answers = [Response((), (), f"guide:{one}") for one in content]
    back = Response((), tuple(Choice("", f"guide:{one}") for one in offered))
    assert several.judge(row, [*answers, back]) == verdict


@pytest.mark.parametrize(
    ("content", "words", "offered", "verdict"),
    [
        (("passport",), (Say("several.not_understood"),), (), "told"),
        (("passport",), (), ("pension",), "told"),
        (("passport",), (), (), "silent"),
        (("passport", "pension"), (), (), "torn"),
        ((), (Say("several.not_understood"),), (), "none"),
    ],
)
def test_what_counts_as_told(
    content: tuple[str, ...], words: tuple[Say, ...], offered: tuple[str, ...], verdict: str
) -> None:
    """Of a second question that no guide answers a person is told, or asked what is meant."""
    row = several.Row("held", "en", ("passport", "-"), frozenset({"passport", "-"}), "")
    answers = [Response((), (), f"guide:{one}") for one in content]
    back = Response(words, tuple(Choice("", f"guide:{one}") for one in offered))
    assert several.judge(row, [*answers, back]) == verdict


def test_what_counts_as_torn() -> None:
    """An answer, or a question back, about something else beside the right one."""
    row = several.Row("held", "en", ("passport",), frozenset({"passport"}), "")
    right, other = (Response((), (), f"guide:{one}") for one in ("passport#fee", "pension"))
    back = Response((), (Choice("", "guide:pension"),))
    assert [several.judge(row, one) for one in ([right], [right, other], [right, back], [])] == [
        "whole", "torn", "torn", "unsure",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("passport", ()),
        ("How much is a passport?", ()),
        ("Кто вы? Что вы?", ("Кто вы?", "Что вы?")),
        ("We moved. How do I register? Is it free?", ("How do I register?", "Is it free?")),
        ("- passport fee\n- driving licence fee", ("passport fee", "driving licence fee")),
        ("1) паспорт\n2) права", ("паспорт", "права")),
        ("护照怎么办？结婚多少钱？", ("护照怎么办？", "结婚多少钱？")),
        ("كم سعر الجواز؟ وأين؟", ("كم سعر الجواز؟", "وأين؟")),
        ("It costs 1.5 MCI or 2.5 MCI", ()),
        ("bread and butter", ()),
        ("I need a passport. And also, how do I marry?", ("I need a passport.", "how do I marry?")),
        ("I need rest. How do I get a passport?", ("How do I get a passport?",)),
        (
            "Нужен новый паспорт, а ещё надо менять права",
            ("Нужен новый паспорт", "надо менять права"),
        ),
        (
            "how do I marry, where do I get a passport and when does the office open",
            ("how do I marry", "where do I get a passport", "when does the office open"),
        ),
        ("ЭЦҚ қалай аламын, сосын тіркелемін?", ()),
        ("离婚怎么办理，另外护照多少钱", ("离婚怎么办理", "护照多少钱")),
        ("???", ()),
        ("", ()),
    ],
)
def test_parts(text: str, parts: tuple[str, ...]) -> None:
    """Sentences that ask, lines of a list, questions without spaces; nothing else is cut."""
    assert split(text).texts == parts
