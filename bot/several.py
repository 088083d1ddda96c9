"""Several questions in one message: each sure one answered shortly, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from actions import ACTIONS
from actions.base import (
    Call,
    Choice,
    GuideSource,
    GuideWords,
    Response,
    Say,
    choice,
)
from actions.navigation import HUMAN, MENU, way_back
from bot.conversation import Conversation, SlotSet, apply
from bot.decide import SEARCHED, Decision, decide, known
from bot.library.model import Library, Passage
from bot.questions import exclaimed, long_enough
from bot.understanding import Understood, Vector

Search = Callable[[str, "Vector | None"], tuple[Passage, ...]]

SHOWN = 3
"""Answers at most; what else was asked is named with buttons."""

OFFERED = 3
"""Guides offered for a part that is not sure."""

URGENT = frozenset({"emergency", "distress"})
ANSWERED = frozenset({"guide", "course", "courses", "case_status", "office_hours", "human"})
"""Actions that answer a question; small talk around a question is not answered beside it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message, what it means and what is near to it."""

    text: str
    understood: Understood
    decision: Decision
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Several:
    """What the parts of a message come to: sure answers in order, and one that is unsure."""

    sure: tuple[Part, ...]
    unsure: Part | None = None


def weigh(
    read: Sequence[tuple[str, Understood]],
    joined: bool,
    before: Conversation,
    library: Library,
    search: Search,
) -> tuple[list[Part], list[Part]]:
    """Return the parts that are sure, each with another meaning, and those that are not.

    A part is decided with what the parts before it were about, so that 'and how much is it'
    is about the same guide.
    """
    sure: list[Part] = []
    unsure: list[Part] = []
    running = before
    for text, understood in read:
        find = cache(partial(search, text, understood.vector))
        decision = decide(understood, running, library, find, text)
        passages = find() if decision.outcome in SEARCHED else ()
        part = Part(text, understood, decision, passages)
        if exclaimed(text) and not _urgent(decision, library):
            continue
        certain = decision.outcome in ("intent", "context")
        if certain and decision.action in ANSWERED | URGENT:
            if not any(_same(one.decision, decision) for one in sure):
                sure.append(part)
            if decision.action == "guide":
                running = apply(running, [SlotSet("guide", decision.arguments[0])])
        elif decision.outcome in ("which", "passages") and long_enough(text) and not joined:
            unsure.append(part)
    return sure, unsure


def _same(one: Decision, other: Decision) -> bool:
    """Return whether two decisions answer the same; the status of a case is one question."""
    if one.action != other.action:
        return False
    return one.action == "case_status" or one.arguments == other.arguments


def chosen(
    read: Sequence[tuple[str, Understood]],
    joined: bool,
    whole: Decision,
    before: Conversation,
    library: Library,
    search: Search,
) -> Several | Decision | None:
    """Return several answers, one part's decision in place of the whole's, or None for the whole.

    Danger comes first: then nothing else is answered.
    """
    if len(read) < 2 or _urgent(whole, library):
        return None
    sure, unsure = weigh(read, joined, before, library, search)
    if urgent := next((one for one in sure if _urgent(one.decision, library)), None):
        return urgent.decision
    if len(sure) >= 2:
        return Several(tuple(sure), unsure[0] if unsure else None)
    if len(sure) == 1 and not joined:
        if unsure and _others(unsure[0], sure, library):
            return Several(tuple(sure), unsure[0])
        certain = whole.outcome in ("intent", "context") and whole.action in ANSWERED
        return None if certain else sure[0].decision
    return None


def _urgent(decision: Decision, library: Library) -> bool:
    guide = library.guides.get(decision.arguments[0]) if decision.arguments else None
    emergency = decision.action == "guide" and guide is not None and guide.emergency
    return emergency or decision.action in URGENT


# -- what is said --------------------------------------------------------------------------


def responses(found: Several, call: Call) -> tuple[Response, ...]:
    """Return one short message for each answer, then what else was asked."""
    said = [_short(one.decision, call) for one in found.sure[:SHOWN]]
    said[0] = replace(said[0], words=(Say("several.text"), *said[0].words))
    if rest := [_button(one.decision) for one in found.sure[SHOWN:]]:
        said.append(Response((Say("several.others"),), tuple(filter(None, rest))))
    if found.unsure and (others := _others(found.unsure, found.sure, call.library)):
        titles = tuple(_guide(one) for one in others)
        none = choice("button.none_of_these", "not_found")
        said.append(Response((Say("several.unsure"),), (*titles, none)))
    last = said[-1]
    said[-1] = replace(last, choices=(*last.choices, HUMAN, *way_back(call), MENU))
    return tuple(said)


def _short(decision: Decision, call: Call) -> Response:
    """Return an answer by itself: no menus, one button to all of it."""
    answered = replace(call, arguments=decision.arguments)
    if decision.action != "guide":
        full = ACTIONS[decision.action](answered).responses[0]
        return replace(full, choices=tuple(one for one in full.choices if _own(one)))
    guide = call.library.guides[decision.arguments[0]]
    section = decision.arguments[1] if len(decision.arguments) > 1 else ""
    section = section if section in guide.sections else ""
    part = section or "short"
    words = (GuideWords(guide.id, part, lead=True), GuideSource(guide.id, (part,)))
    more = choice("button.more_about", f"guide:{guide.id}", title=GuideWords(guide.id, "title"))
    return Response(words, (more,), f"guide:{guide.id}" + (f"#{section}" if section else ""))


def _own(one: Choice) -> bool:
    return one.payload.split(":")[0] in ("course", "lesson", "guide", "glossary")


def _button(decision: Decision) -> Choice | None:
    if decision.action == "guide":
        return _guide(decision.arguments[0], ":".join(decision.arguments))
    return HUMAN if decision.action == "human" else None


def _guide(guide: str, payload: str = "") -> Choice:
    return Choice(GuideWords(guide, "title"), f"guide:{payload or guide}")


def _others(part: Part, sure: Sequence[Part], library: Library) -> list[str]:
    """Return the guides that an unsure part may mean, without those answered already."""
    answered = {one.decision.arguments[0] for one in sure if one.decision.arguments}
    likely = [name for name, _ in part.understood.ranking[:2] if known(name, library)]
    ids = [name.partition(".")[2] for name in likely if name.startswith("guide.")]
    ids += [one.guide for one in part.passages[:2]]
    return [one for one in dict.fromkeys(ids) if one not in answered][:OFFERED]
