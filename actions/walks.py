"""Walks: a few questions of a guide that lead to what fits the person's own case.

The slot `walk` holds {guide, walk, answers} while the questions run, and is dropped with the
result: what a person answered is not kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from actions.base import (
    Call,
    Choice,
    GuideFact,
    GuideWords,
    Lines,
    Outcome,
    Response,
    Say,
    WalkIndexes,
    WalkSource,
    WalkTotal,
    WalkWords,
    Words,
    action,
    choice,
    say,
)
from actions.navigation import HUMAN, MENU
from actions.words import listed, numbers_in, plain
from bot.conversation import SlotSet
from bot.library.model import Guide, Library, Question, Result, Walk
from bot.library.walks import FREE

BACK = choice("button.back", "walk_back")
STOP = choice("button.stop_questions", "walk_stop")

_FRACTION = re.compile(r"[-\u2212]\s*\d|\d\s*[.,/\u066b]\s*\d")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person is in a walk: the answers given, and the question or result they lead to."""

    guide: Guide
    name: str
    walk: Walk
    answers: tuple[tuple[str, str], ...] = ()

    @property
    def at(self) -> str:
        """The question or result that the answers lead to."""
        last = self.answers[-1] if self.answers else None
        return self.walk.questions[last[0]].target(last[1]) if last else self.walk.start

    @property
    def question(self) -> Question | None:
        """The question to be asked now; None at a result."""
        return self.walk.questions.get(self.at)

    def slot(self) -> SlotSet:
        """Return what is remembered of this place."""
        answers = [list(one) for one in self.answers]
        return SlotSet("walk", {"guide": self.guide.id, "walk": self.name, "answers": answers})


def place(library: Library, guide_id: str, name: str, answers: Any = ()) -> Place | None:
    """Return a place in a walk; answers that the content does not know any more are dropped."""
    guide = library.guides.get(guide_id)
    walk = guide.walks.get(name) if guide else None
    if guide is None or walk is None or not guide.walk_texts:
        return None
    here = Place(guide, name, walk)
    for question, answer in answers:
        if here.at != question or not walk.questions[question].target(answer):
            break
        here = Place(guide, name, walk, (*here.answers, (question, answer)))
    return here


def running(call: Call) -> Place | None:
    """Return where the person is in the walk that runs, if one does."""
    kept = call.slot("walk")
    return place(call.library, kept["guide"], kept["walk"], kept["answers"]) if kept else None


def choices_of(guide: Guide) -> tuple[Choice, ...]:
    """Return the choices that begin the walks of a guide; none without any words for them."""
    names = guide.walks if guide.walk_texts else ()
    return tuple(choice(f"button.walk_{name}", f"walk:{guide.id}:{name}") for name in names)


# -- the steps -----------------------------------------------------------------------------


@action("walk")
def walk(call: Call) -> Outcome:
    """Begin the questions of a guide; arguments: guide and walk."""
    here = place(call.library, call.argument(0), call.argument(1))
    return _show(here) if here else say("button.stale", MENU)


@action("pick")
def pick(call: Call) -> Outcome:
    """Take an answer; arguments: guide, walk, question, answer. An earlier one can be changed."""
    guide, name, question, answer = (call.argument(index) for index in range(4))
    here = running(call)
    if here is None or (here.guide.id, here.name) != (guide, name):
        here = place(call.library, guide, name)
    if here is None:
        return say("button.stale", MENU)
    before = []
    for one in here.answers:
        if one[0] == question:
            break
        before.append(one)
    after = place(call.library, guide, name, [*before, (question, answer)])
    if after is None or after.answers[-1:] != ((question, answer),):
        again = choice("button.again", f"walk:{guide}:{name}")
        return say("button.stale", again, MENU)
    return _show(after)


@action("walk_on")
def walk_on(call: Call) -> Outcome:
    """Ask the question that waits, again; argument 'again' when an answer was not understood."""
    here = running(call)
    if here is None:
        return say("button.stale", MENU)
    return _show(here, call.argument(0) == "again")


@action("walk_back")
def walk_back(call: Call) -> Outcome:
    """Go one question back; from the first, to the guide."""
    here = running(call)
    if here is None:
        return say("button.stale", MENU)
    if not here.answers:
        return walk_stop(call)
    return _show(Place(here.guide, here.name, here.walk, here.answers[:-1]))


@action("walk_stop")
def walk_stop(call: Call) -> Outcome:
    """Leave the questions; the answers are dropped."""
    here = running(call)
    to_guide = (_title(here.guide.id),) if here else ()
    response = Response((Say("walk.stopped"),), (*to_guide, MENU))
    return Outcome((response,), (SlotSet("walk", None),))


def _title(guide: str) -> Choice:
    return Choice(GuideWords(guide, "title"), f"guide:{guide}")


def _show(here: Place, again: bool = False) -> Outcome:
    question = here.question
    return _result(here) if question is None else _ask(here, question, again)


def _ask(here: Place, question: Question, again: bool) -> Outcome:
    base = f"pick:{here.guide.id}:{here.name}:{question.id}"
    if question.most:
        numbers = range(1, question.most + 1)
        answers = [Choice(Say("walk.number", {"number": n}), f"{base}:{n}") for n in numbers]
    elif question.yes_no:
        answers = [choice(f"button.answer_{one}", f"{base}:{one}") for one in ("yes", "no")]
    else:
        label = f"{question.id}."
        answers = [
            Choice(WalkWords(here.guide.id, label + one), f"{base}:{one}")
            for one in question.choices
        ]
    hint = Say("walk.again_number", {"most": question.most}) if question.most else Say("walk.again")
    words: list[Words] = [hint] if again else []
    words.append(WalkWords(here.guide.id, question.id, notice=not here.answers))
    content = f"walk:{here.guide.id}:{here.name}:{question.id}"
    response = Response(tuple(words), (*answers, BACK, STOP), content)
    return Outcome((response,), (here.slot(), SlotSet("guide", here.guide.id)))


def _result(here: Place) -> Outcome:
    guide, result = here.guide.id, here.walk.results[here.at]
    words: list[Words] = [Say(f"walk.head_{here.name}", {"title": GuideWords(guide, "title")})]
    if result.documents:
        items = tuple(WalkWords(guide, one) for one in result.documents)
        words += [Lines((Say("walk.documents"), Lines(items, bullets=True)))]
    words += _money(here, result)
    if result.where:
        items = tuple(WalkWords(guide, one) for one in result.where)
        words += [Lines((Say("walk.where"), Lines(items, bullets=True)))]
    words += [WalkWords(guide, one) for one in result.notes]
    words.append(WalkSource(guide, here.name, result.id))
    onward = [_title(one) for one in (guide, *result.next)]
    again = choice("button.again", f"walk:{guide}:{here.name}")
    content = f"walk:{guide}:{here.name}:{result.id}"
    response = Response(tuple(words), (*onward, again, HUMAN, MENU), content)
    return Outcome((response,), (SlotSet("walk", None), SlotSet("guide", guide)))


def _money(here: Place, result: Result) -> list[Words]:
    """Return fee and sum, each with how it was worked out."""
    guide = here.guide.id
    words: list[Words] = []
    if result.fee == FREE:
        words.append(Say("walk.free"))
    elif result.fee:
        words.append(Say("walk.fee", {"fee": GuideFact(guide, result.fee)}))
    if result.sum:
        given = dict(here.answers)
        counts = tuple(int(given[one.times]) if one.times else 1 for one in result.sum)
        rows: list[Words] = [
            Say(
                "walk.line",
                {"what": WalkWords(guide, one.word), "sum": GuideFact(guide, one.fact, count)},
            )
            for one, count in zip(result.sum, counts, strict=True)
        ]
        if result.total:
            total = WalkTotal(guide, here.name, result.id, counts)
            rows.append(Say("walk.total", {"sum": total}))
        words.append(Lines(tuple(rows)))
    words.append(WalkIndexes(guide, here.name, result.id))
    return words


# -- answers that are typed ----------------------------------------------------------------


def asked(call: Call) -> Place | None:
    """Return the place whose question was the last thing said, if it was one."""
    here = running(call)
    question = here.question if here else None
    if here is None or question is None:
        return None
    base = f"pick:{here.guide.id}:{here.name}:{question.id}:"
    return here if any(one.startswith(base) for one in call.conversation.choices) else None


def typed(call: Call, text: str) -> str:
    """Return the payload that a typed text stands for while a question waits, else ''.

    Understands numbers in digits of any script and in words, yes and no, the labels of the
    choices, back and stop, in every language shipped.
    """
    here = asked(call)
    if here is None or here.question is None:
        return ""
    question, said = here.question, plain(text)
    for name in ("back", "stop"):
        if said in listed(call.library, f"words.{name}"):
            return f"walk_{name}"
    base = f"pick:{here.guide.id}:{here.name}:{question.id}:"
    if question.yes_no:
        found = [one for one in ("yes", "no") if said in listed(call.library, f"words.{one}")]
        return base + found[0] if found else ""
    numbers = numbers_in(call.library, said)
    if question.most:
        if _FRACTION.search(text):
            return "walk_on:again"
        if not numbers:
            return ""
        right = len(numbers) == 1 and question.target(str(numbers[0])) != ""
        return base + str(numbers[0]) if right else "walk_on:again"
    options = list(question.choices)
    labels = [one for one in options if said in _labels(here, question.id, one)]
    if len(labels) == 1:
        return base + labels[0]
    if len(numbers) == 1 and len(said.split()) == 1:
        right = 0 < numbers[0] <= len(options)
        return base + options[numbers[0] - 1] if right else _beyond(call, numbers[0])
    return ""


def _beyond(call: Call, number: int) -> str:
    """Return the payload of a typed number that is no answer: 'back' and 'stop' have one too."""
    offered = call.conversation.choices
    return offered[number - 1] if 0 < number <= len(offered) else "walk_on:again"


def _labels(here: Place, question: str, option: str) -> set[str]:
    """Return a choice's label in every language."""
    return {plain(text.words[f"{question}.{option}"]) for text in here.guide.walk_texts.values()}
