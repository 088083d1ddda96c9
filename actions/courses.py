"""Courses: micro-lessons, quizzes with feedback, progress, and the way back after a break."""

from __future__ import annotations

from typing import Any

from actions.base import (
    Call,
    Choice,
    CourseWords,
    LessonWords,
    Lines,
    Outcome,
    QuizWords,
    Response,
    Say,
    Words,
    action,
    choice,
    say,
)
from actions.navigation import MENU
from bot.conversation import SlotSet
from bot.library.model import Course, Lesson, QuizQuestion

STOP = choice("button.stop_course", "stop_course")


def _course(call: Call, name: str) -> Course | None:
    return call.library.courses.get(name)


def _lesson(course: Course, name: str) -> Lesson | None:
    return next((lesson for lesson in course.lessons if lesson.id == name), None)


def _progress(call: Call, course: Course) -> dict[str, Any]:
    found = (call.slot("progress") or {}).get(course.id, {})
    return {"lesson": found.get("lesson", ""), "answers": dict(found.get("answers", {}))}


def _remember(call: Call, course: Course, progress: dict[str, Any]) -> tuple[SlotSet, ...]:
    everything = {**(call.slot("progress") or {}), course.id: progress}
    return SlotSet("progress", everything), SlotSet("course", course.id), SlotSet("guide", None)


def _answered(course: Course, progress: dict[str, Any]) -> tuple[int, int, int]:
    """Return lessons finished, questions answered, and answered right the first time."""
    finished = right = count = 0
    for lesson in course.lessons:
        given = progress["answers"].get(lesson.id, {})
        known = [question for question in lesson.quiz if question.id in given]
        count += len(known)
        right += sum(given[question.id] == question.answer for question in known)
        finished += len(known) == len(lesson.quiz)
    return finished, count, right


@action("courses")
def courses(call: Call) -> Outcome:
    """List the courses; with only one, show it."""
    found = sorted(call.library.courses.values(), key=lambda one: (one.order, one.id))
    if not found:
        return say("courses.none", MENU)
    if len(found) == 1:
        return _show(call, found[0])
    choices = [Choice(CourseWords(one.id, "title"), f"course:{one.id}") for one in found]
    return say("courses.title", *choices, MENU, replace=True)


@action("course")
def course(call: Call) -> Outcome:
    """Show what a course is and offer to start or go on."""
    found = _course(call, call.argument(0))
    return _show(call, found) if found else say("button.stale", MENU)


def _show(call: Call, found: Course) -> Outcome:
    progress = _progress(call, found)
    again: tuple[Choice, ...] = ()
    words: list[Words] = [CourseWords(found.id, "title"), CourseWords(found.id, "short")]
    words.append(Say("course.length", {"count": len(found.lessons)}))
    if progress["lesson"]:
        words.append(_progress_words(found, progress))
        first = choice("button.go_on", f"resume:{found.id}")
        again = (choice("button.from_start", f"lesson:{found.id}:{found.lessons[0].id}"),)
    else:
        first = choice("button.start_course", f"lesson:{found.id}:{found.lessons[0].id}")
    lessons = choice("button.lessons", f"lessons:{found.id}")
    response = Response(tuple(words), (first, *again, lessons, MENU), f"course:{found.id}")
    return Outcome((response,), (SlotSet("guide", None),))


@action("lessons")
def lessons(call: Call) -> Outcome:
    """List the lessons of a course."""
    found = _course(call, call.argument(0))
    if not found:
        return say("button.stale", MENU)
    choices = [
        Choice(
            Say(
                "lesson.numbered",
                {"number": number, "title": LessonWords(found.id, one.id, "title")},
            ),
            f"lesson:{found.id}:{one.id}",
        )
        for number, one in enumerate(found.lessons, 1)
    ]
    words = (CourseWords(found.id, "title"), Say("lessons.choose"))
    return Outcome((Response(words, (*choices, MENU), replace=True),))


@action("lesson")
def lesson(call: Call) -> Outcome:
    """Show one lesson and offer its quiz."""
    found = _course(call, call.argument(0))
    one = _lesson(found, call.argument(1)) if found else None
    if not found or not one:
        return say("button.stale", MENU)
    progress = _progress(call, found)
    progress["lesson"] = one.id
    number = found.position(one.id) + 1
    words = (
        Say(
            "lesson.head",
            {
                "number": number,
                "count": len(found.lessons),
                "title": LessonWords(found.id, one.id, "title"),
            },
        ),
        LessonWords(found.id, one.id, "body"),
        LessonWords(found.id, one.id, "sources"),
    )
    quiz = choice("button.quiz", f"quiz:{found.id}:{one.id}:{one.quiz[0].id}")
    response = Response(words, (quiz, STOP), f"lesson:{found.id}:{one.id}")
    return Outcome((response,), _remember(call, found, progress))


def _options(found: Course, one: Lesson, question: QuizQuestion) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            QuizWords(found.id, one.id, question.id, option),
            f"answer:{found.id}:{one.id}:{question.id}:{option}",
        )
        for option in question.options
    )


def _question(one: Lesson, name: str) -> QuizQuestion | None:
    return next((question for question in one.quiz if question.id == name), None)


@action("quiz")
def quiz(call: Call) -> Outcome:
    """Ask one question."""
    found = _course(call, call.argument(0))
    one = _lesson(found, call.argument(1)) if found else None
    question = _question(one, call.argument(2)) if one else None
    if not found or not one or not question:
        return say("button.stale", MENU)
    words = (QuizWords(found.id, one.id, question.id, "question"),)
    content = f"quiz:{found.id}:{one.id}:{question.id}"
    return Outcome(
        (Response(words, _options(found, one, question), content),), (SlotSet("course", found.id),)
    )


@action("answer")
def answer(call: Call) -> Outcome:
    """Say whether an answer is right and why, and go on. The first answer counts."""
    found = _course(call, call.argument(0))
    one = _lesson(found, call.argument(1)) if found else None
    question = _question(one, call.argument(2)) if one else None
    option = call.argument(3)
    if not found or not one or not question or option not in question.options:
        return say("button.stale", MENU)
    progress = _progress(call, found)
    given = dict(progress["answers"].get(one.id, {}))
    given.setdefault(question.id, option)
    progress["answers"][one.id] = given
    part = "right" if option == question.answer else "wrong"
    words: list[Words] = [QuizWords(found.id, one.id, question.id, part)]
    if part == "wrong":
        right = QuizWords(found.id, one.id, question.id, question.answer)
        words.append(Say("quiz.right_answer", {"answer": right}))
    after = one.quiz.index(question) + 1
    position = found.position(one.id) + 1
    if after < len(one.quiz):
        onward = choice("button.next_question", f"quiz:{found.id}:{one.id}:{one.quiz[after].id}")
    elif position < len(found.lessons):
        following = found.lessons[position].id
        progress["lesson"] = following
        onward = choice("button.next_lesson", f"lesson:{found.id}:{following}")
    else:
        words.append(_finish_words(found, progress))
        onward = choice("button.progress", f"progress:{found.id}")
    choices = (
        (onward, STOP) if position < len(found.lessons) or after < len(one.quiz) else (onward, MENU)
    )
    response = Response(tuple(words), choices, f"quiz:{found.id}:{one.id}:{question.id}")
    return Outcome((response,), _remember(call, found, progress))


def _progress_words(found: Course, progress: dict[str, Any]) -> Say:
    finished, count, right = _answered(found, progress)
    values = {"finished": finished, "lessons": len(found.lessons), "right": right, "count": count}
    return Say("course.progress", values)


def _finish_words(found: Course, progress: dict[str, Any]) -> Words:
    finished, _, _ = _answered(found, progress)
    if finished < len(found.lessons):
        return Lines((Say("course.end_reached"), _progress_words(found, progress)))
    return Lines((Say("course.finished"), _progress_words(found, progress)))


def _running(call: Call) -> Course | None:
    """Return the course that runs, else the one last learned from."""
    name = call.argument(0) or call.slot("course") or ""
    begun = call.slot("progress") or {}
    return _course(call, name) or next(
        (call.library.courses[one] for one in begun if one in call.library.courses), None
    )


@action("resume")
def resume(call: Call) -> Outcome:
    """Go on where the person stopped: at the question not yet answered, else at the lesson."""
    found = _running(call)
    if not found:
        return courses(call)
    progress = _progress(call, found)
    one = _lesson(found, progress["lesson"]) or found.lessons[0]
    given = progress["answers"].get(one.id, {})
    waiting = [question for question in one.quiz if question.id not in given]
    if given and waiting:
        return quiz(_with(call, found.id, one.id, waiting[0].id))
    return lesson(_with(call, found.id, one.id))


def _with(call: Call, *arguments: str) -> Call:
    return Call(call.conversation, call.library, call.language, arguments, call.passages)


@action("progress")
def progress(call: Call) -> Outcome:
    """Show how far the person is."""
    found = _running(call)
    if not found or not (call.slot("progress") or {}).get(found.id):
        return say("progress.none", choice("button.courses", "courses"), MENU)
    words = (CourseWords(found.id, "title"), _progress_words(found, _progress(call, found)))
    ways = (choice("button.go_on", f"resume:{found.id}"), MENU)
    return Outcome((Response(words, ways),))


@action("stop_course")
def stop_course(call: Call) -> Outcome:
    """Leave the course; the place is kept."""
    found = _running(call)
    ways = (choice("button.go_on", f"resume:{found.id}"),) if found else ()
    response = Response((Say("course.stopped"),), (*ways, MENU))
    return Outcome((response,), (SlotSet("course", None),))
