"""Questions that name no service ('and how much is it?') are about the guide of before, others are
not; without one, Hashar asks which is meant and then answers what was asked."""

from __future__ import annotations

import pytest

from bot.conversation import Conversation
from bot.decide import Decision, decide
from bot.library.live import LiveLibrary
from bot.understanding import Understood
from tests.chat import Chat

ABOUT_PASSPORT = Conversation("c", "rest", language="en", slots={"guide": "passport"})


def decided(
    library: LiveLibrary,
    *ranking: tuple[str, float],
    before: Conversation = ABOUT_PASSPORT,
    **entities: str,
) -> Decision:
    """What is decided; the first intent is sure from 0.7 on, as in the model."""
    name, confidence = ranking[0]
    intent = name if confidence >= 0.7 else "nlu_fallback"
    understood = Understood(intent, confidence, ranking, entities)
    return decide(understood, before, library.current, search=lambda: ())


@pytest.mark.rasa
@pytest.mark.parametrize(
    ("language", "ask", "follow_up", "section"),
    [
        ("en", "how do I get a passport", "and how much is it?", "fee"),
        ("en", "how do I get a passport", "is it free", "fee"),
        ("en", "how do I get a passport", "can I do it from home", "where"),
        ("en", "divorce", "what if they refuse", "refusal"),
        ("ru", "как получить паспорт", "сколько это стоит?", "fee"),
        ("ru", "развод", "а какие бумаги брать с собой", "documents"),
        ("ru", "как получить паспорт", "а если откажут", "refusal"),
        ("kk", "төлқұжат қалай алам", "қанша күн күтемін", "time"),
        ("kk", "төлқұжат қалай алам", "анам үшін мен барсам бола ма", "for-someone-else"),
        ("ky", "паспорт кантип алам", "канча турат", "fee"),
        ("uz", "pasport qanday olaman", "qayerga boraman", "where"),
        ("fr", "comment obtenir un passeport", "et c'est combien", "fee"),
        ("es", "cómo saco el pasaporte", "qué papeles llevo", "documents"),
        ("ar", "كيف أحصل على جواز سفر", "كم يستغرق", "time"),
        ("zh", "怎么办护照", "要带什么材料", "documents"),
        ("sw", "nipate vipi pasipoti", "ni bei gani", "fee"),
        ("ur", "پاسپورٹ کیسے بنواؤں", "کتنے دن لگیں گے", "time"),
        ("bn", "পাসপোর্ট কীভাবে পাব", "কত টাকা লাগবে", "fee"),
    ],
)
async def test_follow_up_is_about_what_was_shown(
    chat: Chat, language: str, ask: str, follow_up: str, section: str
) -> None:
    """In each language, whether or not a word of the list of sections is in it."""
    await chat.say(f"/language {language}")
    await chat.say(ask)
    guide = chat.metadata["content_id"].partition("#")[0]
    assert guide.startswith("guide:")
    await chat.say(follow_up)
    assert chat.metadata["content_id"] == f"{guide}#{section}"


@pytest.mark.rasa
@pytest.mark.parametrize(
    "other",
    [
        "where can I buy cheap sneakers",
        "how much is a bus ticket to the sea",
        "where is my application",
        "I want to talk to a living person, where can I call",
        "how much of the course have I done",
    ],
)
async def test_other_question_is_not_about_what_was_shown(chat: Chat, other: str) -> None:
    """A word such as 'where' makes no follow-up of a question about something else."""
    await chat.say("how do I get a passport")
    await chat.say(other)
    assert not chat.metadata["content_id"].startswith("guide:passport")


@pytest.mark.rasa
async def test_despair_is_heard_after_a_guide(chat: Chat) -> None:
    """A mother's name in it does not make it a question about her passport."""
    await chat.say("how do I get a passport")
    await chat.say("I have nothing to feed my child with and my hands are shaking")
    assert not chat.metadata["content_id"].startswith("guide:passport")


@pytest.mark.rasa
async def test_without_a_guide_it_is_asked_what_is_meant(chat: Chat) -> None:
    """The next guide answers what was asked; after that it is forgotten."""
    await chat.say("how much is it?")
    chat.hear("What is this about?")
    await chat.say("passport")
    assert chat.metadata["content_id"] == "guide:passport#fee"
    await chat.say("divorce")
    assert chat.metadata["content_id"] == "guide:divorce"


@pytest.mark.rasa
async def test_what_waits_for_its_guide_is_shown_and_ends_with_a_button(chat: Chat) -> None:
    """/export names it; whoever goes another way is not answered a question of long ago."""
    await chat.say("how much is it?")
    await chat.say("/export")
    chat.hear("waits for the name of a service")
    await chat.say("/export")
    chat.not_hear("waits for the name of a service")


@pytest.mark.rasa
async def test_what_waits_for_its_guide_survives_a_question_back(chat: Chat) -> None:
    """Neither a text that was not understood nor 'which do you mean?' takes it back."""
    await chat.say("how much is it?")
    await chat.say("qwrtpsd fghjkl zxcvb")
    await chat.say("divorce")
    assert chat.metadata["content_id"] == "guide:divorce#fee"


@pytest.mark.rasa
async def test_what_follows_danger_is_about_the_danger(chat: Chat) -> None:
    """'Where do I go?' after a fire is not about the passport of before; help against violence
    begins with its numbers, whatever was asked before."""
    await chat.say("how do I get a passport")
    await chat.say("my house is on fire")
    assert chat.metadata["content_id"] == "guide:emergency"
    await chat.say("where do I go?")
    assert chat.metadata["content_id"] == "guide:emergency"
    other = chat.other()
    await other.say("where do I go?")
    await other.say("my husband beats me")
    assert other.metadata["content_id"] == "guide:family-help"
    other.hear("112", "111")


@pytest.mark.rasa
async def test_follow_up_in_a_course_is_not_about_the_guide_before_it(chat: Chat) -> None:
    """What was shown last is the course."""
    await chat.say("how do I get a passport")
    await chat.say("/course:digital-government")
    await chat.say("how long does it take?")
    chat.hear("What is this about?")


@pytest.mark.rasa
async def test_another_text_takes_back_what_was_asked(chat: Chat) -> None:
    """'Thanks' after 'how much is it?' ends it; the next guide is shown from its beginning."""
    await chat.say("how much is it?")
    await chat.say("thank you")
    await chat.say("passport")
    assert chat.metadata["content_id"] == "guide:passport"


def test_likely_guides_are_offered_with_the_question(library: LiveLibrary) -> None:
    """What the text may be about is a button that leads to the section."""
    found = decided(
        library,
        ("follow_up.time", 0.6),
        ("guide.marriage", 0.3),
        ("guide.divorce", 0.02),
        before=Conversation("c", "rest", language="en"),
    )
    assert found == Decision("which_service", ("time", "marriage"), "which")


@pytest.mark.parametrize("rival", ["human", "case_status", "distress", "course_progress"])
def test_sure_intent_goes_before_the_guide_of_before(library: LiveLibrary, rival: str) -> None:
    """A word that names a section does not outvote what the model is sure of."""
    found = decided(library, (rival, 0.9), ("follow_up.where", 0.05), section="where")
    assert found.action != "guide"


def test_follow_up_and_guide_are_no_rivals(library: LiveLibrary) -> None:
    """'How much is a passport' is about both."""
    found = decided(
        library, ("follow_up.fee", 0.6), ("guide.divorce", 0.3), guide="divorce", section="fee"
    )
    assert found == Decision("guide", ("divorce", "fee"), "intent")


def test_likely_other_guide_is_asked_about(library: LiveLibrary) -> None:
    """Where another guide is nearly as likely as a follow-up, it may be either."""
    found = decided(library, ("follow_up.time", 0.57), ("guide.marriage", 0.4))
    assert found == Decision("which_guide", ("marriage", "passport", "time"), "which")


def test_word_that_names_a_guide_is_not_believed_alone(library: LiveLibrary) -> None:
    """'Is that done at the TSON?' after a passport is about the passport."""
    found = decided(library, ("follow_up.where", 0.9), guide="service-centres", section="where")
    assert found == Decision("guide", ("passport", "where"), "context")


def test_feared_danger_goes_before_a_follow_up(library: LiveLibrary) -> None:
    """'Where do I go, he will kill me' is not about the passport."""
    ranking = (("follow_up.where", 0.4), ("guide.family-help", 0.33), ("distress", 0.15))
    assert decided(library, *ranking, section="where").action == "danger"


def test_half_a_follow_up_makes_nothing_surer(library: LiveLibrary) -> None:
    """Only guides are as sure as if follow-ups were not there."""
    ranking = (("follow_up.fee", 0.4), ("out_of_scope", 0.15), ("follow_up.time", 0.1))
    assert decided(library, *ranking).outcome == "not_found"


def test_what_is_no_topic_of_ours_is_no_follow_up(library: LiveLibrary) -> None:
    """'What papers does a gym want' is not about the passport."""
    ranking = (("follow_up.documents", 0.6), ("out_of_scope", 0.35))
    assert decided(library, *ranking, section="documents").action == "out_of_scope"


def test_a_model_that_ranks_nothing_leaves_the_word(library: LiveLibrary) -> None:
    """A Rasa assistant of one's own may know no follow-up intents."""
    understood = Understood("nlu_fallback", 0.3, (), {"section": "fee"})
    found = decide(understood, ABOUT_PASSPORT, library.current, search=lambda: ())
    assert found == Decision("guide", ("passport", "fee"), "context")


def test_feared_danger_brings_numbers_before_not_understood(library: LiveLibrary) -> None:
    """A fifth of the meaning is enough where nothing else is sure; less is not."""
    rest = (("greet", 0.3), ("menu", 0.2))
    feared = decided(library, ("out_of_scope", 0.4), ("guide.emergency", 0.25), *rest)
    assert feared == Decision("danger", ("guide.emergency",), "not_found")
    assert decided(library, ("out_of_scope", 0.5), ("distress", 0.1), *rest).action != "danger"


async def test_numbers_come_first_then_the_ways_on(quick_chat: Chat) -> None:
    """Numbers of the emergency guide, then 'I did not understand', with people and the menu."""
    await quick_chat.say("/danger:distress")
    quick_chat.hear("112", "did not understand")
    assert {"human", "menu"} <= set(quick_chat.payloads)
