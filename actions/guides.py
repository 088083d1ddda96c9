"""Guides: the short answer first, then its sections by button; never a made-up answer."""

from __future__ import annotations

from dataclasses import replace

from actions.base import (
    ACTIONS,
    Call,
    Choice,
    CourseWords,
    GuideSource,
    GuideWords,
    Outcome,
    Response,
    Say,
    Words,
    action,
    choice,
    say,
)
from actions.glossary import terms_in
from actions.handoff import contact_lines
from actions.navigation import HUMAN, MENU, way_back
from actions.walks import choices_of
from bot.conversation import Event, SlotSet
from bot.library.model import EMERGENCY_SECTIONS, SECTIONS, Guide

DANGERS = ("distress", "guide.emergency", "guide.family-help")
"""Intents of people in danger or despair; the model's fallback lets them through sooner, too."""

PASSAGES = 3
"""How many passages are shown at most when a text was not understood."""


def _section_choices(guide: Guide, without: str = "") -> list[Choice]:
    return [
        choice(f"section.{section}", f"guide:{guide.id}:{section}")
        for section in SECTIONS
        if section != without and section in guide.sections
    ]


def _title(guide_id: str, payload: str = "") -> Choice:
    return Choice(GuideWords(guide_id, "title"), payload or f"guide:{guide_id}")


@action("guide")
def guide(call: Call) -> Outcome:
    """Show a guide's short answer, or one of its sections."""
    found = call.library.guides.get(call.argument(0))
    section = call.argument(1)
    if found is None:
        return say("button.stale", MENU)
    if found.emergency:
        return emergency(call)
    if section and section not in found.sections:
        section = ""
    part = section or "short"
    words = (GuideWords(found.id, part, lead=True), GuideSource(found.id, (part,)))
    onward = [_title(other) for other in found.next if not section and other in call.library.guides]
    walks = () if section else choices_of(found)
    explained = terms_in(call, found, part)
    official = (choice("button.words", f"words:{found.id}:{part}"),) if explained else ()
    choices = (
        *walks,
        *_section_choices(found, section),
        *official,
        *onward[:3],
        HUMAN,
        *way_back(call),
        MENU,
    )
    content = f"guide:{found.id}" + (f"#{section}" if section else "")
    return Outcome((Response(words, choices, content),), (SlotSet("guide", found.id),))


@action("event")
def event(call: Call) -> Outcome:
    """List the guides of a life event."""
    guides = call.library.guides_of(call.argument(0))
    if not guides:
        return say("button.stale", MENU)
    choices = (*(_title(one.id) for one in guides), MENU)
    words = (Say(f"life_event.{call.argument(0)}"), Say("event.choose"))
    return Outcome((Response(words, choices, replace=True),))


@action("emergency")
def emergency(call: Call) -> Outcome:
    """Numbers first, no menus; never claim to call."""
    guides = [one for one in call.library.guides.values() if one.emergency]
    if not guides:
        return say("emergency.short")
    found = guides[0]
    parts = ("short", *(part for part in EMERGENCY_SECTIONS if part in found.sections))
    source = GuideSource(found.id, parts, brief=True)
    words: tuple[Words, ...] = (*(GuideWords(found.id, part) for part in parts), source)
    # What follows ('where do I go?') is about this, not about the passport of before.
    return Outcome((Response(words, content=f"guide:{found.id}"),), (SlotSet("guide", found.id),))


@action("which_guide")
def which_guide(call: Call) -> Outcome:
    """Ask which of two or three guides is meant; arguments are guide ids, then a section."""
    section = call.arguments[-1] if call.arguments and call.arguments[-1] in SECTIONS else ""
    ids = [one for one in call.arguments if one in call.library.guides]
    suffix = f":{section}" if section else ""
    choices = [_title(one, f"guide:{one}{suffix}") for one in ids]
    return say("which.guide", *choices, choice("button.none_of_these", "not_found"))


@action("which_service")
def which_service(call: Call) -> Outcome:
    """Ask what a question such as 'how much is it?' is about; the next guide that is written about
    answers it. Arguments are the section that it asks for, then guides that may be meant."""
    section, guides = call.argument(0), call.arguments[1:]
    if section not in SECTIONS:
        return say("button.stale", MENU)
    titles = (_title(one, f"guide:{one}:{section}") for one in guides if one in call.library.guides)
    asked = say("which.service", *titles, *way_back(call), MENU, HUMAN)
    return replace(asked, events=(SlotSet("asked", section),))


@action("which_course")
def which_course(call: Call) -> Outcome:
    """Ask whether a course or a guide is meant; arguments are payloads joined by '/'."""
    choices = []
    for one in call.arguments:
        kind, _, name = one.partition("/")
        if kind == "course" and name in call.library.courses:
            from_course = choice(
                "button.course_named", f"course:{name}", course=CourseWords(name, "title")
            )
            choices.append(from_course)
        elif name in call.library.guides:
            choices.append(_title(name))
    return say("which.guide", *choices, choice("button.none_of_these", "not_found"))


@action("passages")
def passages(call: Call) -> Outcome:
    """Show the nearest passages with their source, and ask whether they helped."""
    shown = call.passages[:PASSAGES]
    if not shown:
        return not_found(call)
    responses = []
    best = shown[0]
    words = (
        Say("passages.intro"),
        GuideWords(best.guide, best.section, lead=True),
        GuideSource(best.guide, (best.section,)),
        Say("passages.ask"),
    )
    others = [
        Choice(
            Say(
                "passages.other",
                {"title": GuideWords(one.guide, "title"), "section": Say(f"section.{one.section}")},
            ),
            f"guide:{one.guide}:{one.section}",
        )
        for one in shown[1:]
        if one.section in SECTIONS
    ]
    choices = (
        *others,
        choice("button.helped", f"feedback:yes:{best.guide}:{best.section}"),
        choice("button.not_helped", f"feedback:no:{best.guide}:{best.section}"),
        *way_back(call),
        MENU,
    )
    content = f"guide:{best.guide}#{best.section}"
    responses.append(Response(words, choices, content))
    events: tuple[Event, ...] = (SlotSet("guide", best.guide),)
    return Outcome(tuple(responses), events)


@action("not_found")
def not_found(call: Call) -> Outcome:
    """Say plainly that there is no answer, and offer the ways on; a person after two failures."""
    if call.conversation.failures >= 1:
        words = (Say("not_found.again"), contact_lines(call))
        return Outcome((Response(words, (MENU, choice("button.help", "help"), *way_back(call))),))
    return say("not_found.first", MENU, HUMAN, choice("button.help", "help"), *way_back(call))


@action("danger")
def danger(call: Call) -> Outcome:
    """Numbers to call before what else was found, or 'I did not understand': the text may be about
    danger. The argument is the intent that is feared."""
    if call.argument(0) not in DANGERS:
        return say("button.stale", MENU)
    return Outcome((*danger_responses(call, call.argument(0)), *passages(call).responses))


def danger_responses(call: Call, feared: str) -> tuple[Response, ...]:
    """Return the numbers to call and kind words for an intent of DANGERS."""
    kind, _, name = feared.partition(".")
    return ACTIONS[kind](replace(call, arguments=(name,) if name else ())).responses
