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
from actions.guides import danger_responses
from actions.navigation import HUMAN, MENU, way_back
from bot.conversation import Conversation, SlotSet, apply
from bot.decide import (
    FAILED,
    MAYBE,
    SEARCHED,
    SURE,
    Decision,
    decide,
    follow_up_share,
    known,
)
from bot.library.model import Library, Passage
from bot.questions import asks, exclaimed, long_enough
from bot.understanding import Understood, Vector

Search = Callable[[str, "Vector | None"], tuple[Passage, ...]]

SHOWN = 3
"""Answers at most; what else was asked is named with buttons."""

OFFERED = 3
"""Guides offered for a part that is not sure."""

OWN = 0.95
"""From this confidence on a part of a message brings up a guide of its own. On held-out messages
about one thing, nearly all parts that were sure of another thing were so below it."""

ECHO = 0.05
"""Share of the whole message's meaning from which on a guide is echoed in it: a part then brings
the guide up when it is as sure as any message has to be. Two questions mostly echo both."""

FAINT = 0.35
"""A question that nothing is near to is told of where less than this of its meaning is about the
guide of the message, or about no guide ('how much is it?')."""

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
    """What the parts of a message come to: sure answers in order, and one that is unsure.

    `feared` is the intent of a danger that the message may be about, or ''.
    """

    sure: tuple[Part, ...]
    unsure: Part | None = None
    feared: str = ""


def weigh(
    read: Sequence[tuple[str, Understood]],
    anchor: str,
    echoed: frozenset[str],
    before: Conversation,
    library: Library,
    search: Search,
) -> tuple[list[Part], list[Part]]:
    """Return the parts that are sure, each with another meaning, and those that are not.

    A part is decided with what the parts before it were about, so that 'and how much is it' is
    about the same guide. `anchor` is the guide that the whole message is about, or ''; `echoed`
    are the intents that it may be about.
    """
    sure: list[Part] = []
    unsure: list[Part] = []
    about = anchor or str(before.slots.get("guide", ""))
    for text, understood in read:
        find = cache(partial(search, text, understood.vector))
        running = apply(before, [SlotSet("guide", about or None)])
        found = decide(understood, running, library, find, text)
        if found.action == "danger" and found.arguments[0] not in echoed:
            found = Decision("not_found", outcome="not_found")  # a part alone is easily misread
        passages = find() if found.outcome in SEARCHED else ()
        urgent = _urgent(found, library)
        if urgent and (exclaimed(text) or understood.confidence >= OWN):
            return [Part(text, understood, found, passages)], []
        if urgent or exclaimed(text):
            continue
        bar = SURE if understood.ranking and understood.ranking[0][0] in echoed else OWN
        decision = _within(found, understood, bar, about, anchor)
        part = Part(text, understood, decision or found, passages)
        if decision is None:
            if _to_tell(part):
                unsure.append(part)
                if about != anchor or _about_other(part, anchor):
                    about = ""  # what follows may be about this part
        elif decision.action in ANSWERED:
            if not any(_same(one.decision, decision) for one in sure):
                sure.append(part)
            about = decision.arguments[0] if decision.action == "guide" else about
    return sure, unsure


def _within(
    decision: Decision, understood: Understood, bar: float, about: str, anchor: str
) -> Decision | None:
    """Return what a part means beside the others; None when that is not sure.

    Out of its message a part easily means something else: it has to be as sure as `bar` to bring
    up another guide than the one at hand or the one that it names.
    """
    if decision.outcome not in ("intent", "context"):
        return None
    if understood.confidence >= bar or decision.outcome == "context":
        return decision
    guide = decision.arguments[0] if decision.action == "guide" else ""
    if guide and guide in (about, anchor, understood.entities.get("guide")):
        return decision
    return None


def _same(one: Decision, other: Decision) -> bool:
    """Return whether two decisions answer the same; the status of a case is one question."""
    if one.action != other.action:
        return False
    return one.action == "case_status" or one.arguments == other.arguments


def chosen(
    read: Sequence[tuple[str, Understood]],
    joined: bool,
    understood: Understood,
    whole: Decision,
    before: Conversation,
    library: Library,
    search: Search,
) -> Several | Decision | None:
    """Return several answers, one part's decision in place of the whole's, or None for the whole.

    `understood` and `whole` are what the whole message means and comes to. Danger comes first:
    then nothing else is answered.
    """
    if not read or _urgent(whole, library):
        return None
    certain = whole.outcome in ("intent", "context") and whole.action in ANSWERED
    anchor = whole.arguments[0] if certain and whole.action == "guide" else ""
    echoed = frozenset(name for name, share in understood.ranking if share >= ECHO and not joined)
    if len(read) == 1 and (certain or whole.action == "danger"):
        return None
    sure, unsure = weigh(read, anchor, echoed, before, library, search)
    if sure and _urgent(sure[0].decision, library):
        return None if joined else sure[0].decision
    guides = [one.decision.arguments[0] for one in sure if one.decision.action == "guide"]
    astray = anchor and anchor not in guides
    decisions = [whole, *(one.decision for one in unsure)]
    if feared := next((one.arguments[0] for one in decisions if one.action == "danger"), ""):
        answers = [Part("", understood, whole, ())] if astray else sure
        if answers:
            return Several(tuple(answers), None, feared)
        return Decision("danger", (feared,), "not_found")
    if astray:
        return None
    if len(read) == 1:  # a story around a question may hide what it is about
        return sure[0].decision if sure else None
    open_ = [one for one in unsure if not certain or (anchor and _about_other(one, anchor))]
    open_ = [one for one in open_ if _failed(one) or _others(one, sure, library)]
    if len(sure) >= 2:
        return Several(tuple(sure), open_[0] if open_ else None)
    if not sure or joined:
        return None
    if open_:
        return Several(tuple(sure), open_[0])
    return None if certain else sure[0].decision


def _to_tell(part: Part) -> bool:
    """Return whether something is said about a part that is not sure: it may be about danger, or it
    is a question."""
    if part.decision.action == "danger":
        return True
    if part.decision.action in ("which_service", "walk_on") or not long_enough(part.text):
        return False
    return asks(part.text) or not _failed(part)


def _failed(part: Part) -> bool:
    """Return whether nothing that Hashar knows is near to a part."""
    return part.decision.outcome in FAILED


def _about_other(part: Part, anchor: str) -> bool:
    """Return whether a part is about something else than the guide of the whole message.

    A part that is merely unclear is most likely about that guide; so it must lie between two
    others, or have next to nothing to do with that guide, and not be a bare 'how much is it?'.
    """
    if part.decision.outcome == "which":
        return anchor not in part.decision.arguments
    ranking = part.understood.ranking
    near = follow_up_share(ranking) + dict(ranking).get(f"guide.{anchor}", 0.0)
    if _failed(part):
        return near < FAINT or part.decision.outcome == "out_of_scope"
    return near < MAYBE and anchor not in {one.guide for one in part.passages}


def _urgent(decision: Decision, library: Library) -> bool:
    guide = library.guides.get(decision.arguments[0]) if decision.arguments else None
    emergency = decision.action == "guide" and guide is not None and guide.emergency
    return emergency or decision.action in URGENT


# -- what is said --------------------------------------------------------------------------


def responses(found: Several, call: Call) -> tuple[Response, ...]:
    """Return numbers where danger is feared, one short message for each answer, what else was
    asked."""
    first = danger_responses(call, found.feared) if found.feared else ()
    said = [_short(one.decision, call) for one in found.sure[:SHOWN]]
    said[0] = replace(said[0], words=(Say("several.text"), *said[0].words))
    if rest := [_button(one.decision) for one in found.sure[SHOWN:]]:
        said.append(Response((Say("several.others"),), tuple(filter(None, rest))))
    if found.unsure and (others := _others(found.unsure, found.sure, call.library)):
        titles = tuple(_guide(one) for one in others)
        none = choice("button.none_of_these", "not_found")
        said.append(Response((Say("several.unsure"),), (*titles, none)))
    elif found.unsure:
        said.append(Response((Say("several.not_understood"),)))
    last = said[-1]
    said[-1] = replace(last, choices=(*last.choices, HUMAN, *way_back(call), MENU))
    return (*first, *said)


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
    if _failed(part):
        return []
    answered = {one.decision.arguments[0] for one in sure if one.decision.arguments}
    likely = [name for name, _ in part.understood.ranking[:2] if known(name, library)]
    ids = [name.partition(".")[2] for name in likely if name.startswith("guide.")]
    ids += [one.guide for one in part.passages[:2]]
    return [one for one in dict.fromkeys(ids) if one not in answered][:OFFERED]
