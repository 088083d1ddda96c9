"""A trainee learns in small steps, leaves, and comes back to the same place."""

from __future__ import annotations

import pytest

from bot.library.live import LiveLibrary
from tests.chat import Chat

COURSE = "digital-government"


async def test_course_from_start_to_end(quick_chat: Chat, library: LiveLibrary) -> None:
    """Every lesson and question can be gone through by buttons, with feedback each time."""
    chat, course = quick_chat, library.current.courses[COURSE]
    await chat.say("/course")
    await chat.press("Start the course")
    for number, lesson in enumerate(course.lessons, 1):
        chat.hear(f"{number} of {len(course.lessons)}", "Source")
        await chat.press("To the question")
        for index, question in enumerate(lesson.quiz, 1):
            await chat.press(f"answer:{COURSE}:{lesson.id}:{question.id}:{question.answer}")
            if index < len(lesson.quiz):
                await chat.press("Next question")
        if number < len(course.lessons):
            await chat.press("Next lesson")
    chat.hear("finished the course")
    count = sum(len(lesson.quiz) for lesson in course.lessons)
    chat.hear(f"{count} of {count}")


async def test_wrong_answer_teaches_and_the_first_answer_counts(
    quick_chat: Chat, library: LiveLibrary
) -> None:
    """A wrong answer is explained with the right one; trying again does not change the score."""
    chat, lesson = quick_chat, library.current.courses[COURSE].lessons[0]
    question = lesson.quiz[0]
    wrong = next(option for option in question.options if option != question.answer)
    base = f"/answer:{COURSE}:{lesson.id}:{question.id}"
    await chat.say(f"{base}:{wrong}")
    chat.hear("right answer")
    await chat.say(f"{base}:{question.answer}")
    await chat.say("/progress")
    chat.hear("0 of 1")


async def test_letters_and_numbers_answer_a_quiz(quick_chat: Chat, library: LiveLibrary) -> None:
    """Typing 'a' or '1' is as good as pressing the button."""
    chat, lesson = quick_chat, library.current.courses[COURSE].lessons[0]
    await chat.say(f"/quiz:{COURSE}:{lesson.id}:{lesson.quiz[0].id}")
    await chat.say(lesson.quiz[0].answer)
    first = chat.text
    await chat.say(f"/quiz:{COURSE}:{lesson.id}:{lesson.quiz[0].id}")
    await chat.say(str("abcde".index(lesson.quiz[0].answer) + 1))
    assert chat.text == first


async def test_break_and_return(quick_chat: Chat, library: LiveLibrary) -> None:
    """After stopping, the course goes on at the lesson where it was left."""
    chat, course = quick_chat, library.current.courses[COURSE]
    await chat.say(f"/lesson:{COURSE}:{course.lessons[3].id}")
    await chat.say("/stop")
    chat.hear("place is kept")
    await chat.say("/course")
    await chat.press("Go on")
    chat.hear(f"4 of {len(course.lessons)}")


async def test_question_in_the_middle_leads_back(quick_chat: Chat, library: LiveLibrary) -> None:
    """A guide question during a lesson is answered, with a way back to the lesson."""
    chat, course = quick_chat, library.current.courses[COURSE]
    await chat.say(f"/lesson:{COURSE}:{course.lessons[1].id}")
    await chat.say("how do I get a passport")
    assert chat.metadata["content_id"] == "guide:passport"
    await chat.press("Back to my lesson")
    chat.hear(f"2 of {len(course.lessons)}")


@pytest.mark.rasa
@pytest.mark.parametrize("text", ["I want to learn about digital government", "хочу пройти курс"])
async def test_course_is_found_by_words(chat: Chat, text: str) -> None:
    """A public servant finds the course by asking."""
    await chat.say(text)
    assert any(payload.startswith(("lesson:", "course:")) for payload in chat.payloads)


@pytest.mark.parametrize(
    "payload", ["answer:x", "lesson:digital-government:99-no", "quiz:::", "resume:none"]
)
async def test_old_and_forged_buttons(quick_chat: Chat, payload: str) -> None:
    """Buttons that lead nowhere get a kind sentence and a way on."""
    await quick_chat.say(f"/{payload}")
    assert quick_chat.buttons
