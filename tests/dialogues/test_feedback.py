"""'Did this help?' after an answer that was only found by search."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from tests.channels.telegram_parts import until
from tests.chat import Chat

QUESTIONS = [
    (
        "en",
        "the poverty line of the region minus income per person",
        "Did this help?",
        "Talk to a person",
    ),
    ("ru", "заключение комиссии для ребёнка", "Это помогло?", "Поговорить с человеком"),
    ("kk", "мүлікті тіркеу нотариус ақысы", "Бұл көмектесті ме?", "Адаммен сөйлесу"),
]
"""Words of passages that the fake model knows no intent for: it is never sure of them."""


def counted(content: str, helped: str) -> float:
    """How often this answer was given about this content."""
    labels = {"content": content, "helped": helped}
    return REGISTRY.get_sample_value("hashar_feedback_total", labels) or 0.0


@pytest.mark.parametrize(("language", "question", "asks", "person"), QUESTIONS)
async def test_passage_asks_whether_it_helped(
    quick_chat: Chat, language: str, question: str, asks: str, person: str
) -> None:
    """After a passage, 'no' offers the other passages' guides and a person, and is counted."""
    chat = quick_chat
    await chat.say(f"/language {language}")
    await chat.say(question)
    chat.hear(asks)
    content = chat.metadata["content_id"]
    shown = content.removeprefix("guide:").replace("#", ":")
    others = {one.split(":")[1] for one in chat.payloads if one.startswith("guide:")}
    before = counted(content, "false")
    await chat.press(f"feedback:no:{shown}")
    await until(lambda: counted(content, "false") == before + 1)  # counted after the answer
    assert others <= {one.split(":")[1] for one in chat.payloads if one.startswith("guide:")}
    assert person in chat.buttons


async def test_helped_is_thanked_for_and_counted(quick_chat: Chat) -> None:
    """'Yes, this helped' is thanked for and counted by content."""
    chat = quick_chat
    await chat.say(QUESTIONS[0][1])
    content = chat.metadata["content_id"]
    before = counted(content, "true")
    await chat.press("Yes, this helped")
    chat.hear("Good to hear")
    await until(lambda: counted(content, "true") == before + 1)


async def test_sure_answer_does_not_ask(quick_chat: Chat) -> None:
    """A sure answer is not followed by a question: no flood."""
    chat = quick_chat
    await chat.say("how do I get a passport")
    chat.not_hear("Did this help?")
    assert not [one for one in chat.payloads if one.startswith("feedback")]


async def test_forged_feedback_is_not_counted(quick_chat: Chat) -> None:
    """A payload about content that does not exist adds no line to the metrics."""
    chat = quick_chat
    await chat.say("/feedback:no:no-such-guide:steps")
    chat.hear("sorry")
    assert counted("guide:no-such-guide#steps", "false") == 0.0
