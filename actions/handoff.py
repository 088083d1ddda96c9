"""A person: the site's contacts; and what Hashar cannot see: cases, opening hours, places."""

from __future__ import annotations

from actions.base import (
    Call,
    Choice,
    FactWords,
    GuideWords,
    Lines,
    Outcome,
    Response,
    Say,
    TermWords,
    action,
    choice,
)
from actions.glossary import STATUS, terms
from actions.navigation import EMERGENCY, HUMAN, MENU, way_back
from bot.conversation import SlotSet


def contact_lines(call: Call) -> Lines:
    """Return the site's contacts as a list."""
    rows = tuple(
        Say(f"contact.{name}", {"contact": FactWords(name)}) for name in call.library.site.contacts
    )
    return Lines(rows, bullets=True)


def _with_contacts(call: Call, key: str, *choices: object) -> Outcome:
    ways = (*choices, MENU, *way_back(call))
    return Outcome((Response((Say(key), contact_lines(call)), ways),))  # type: ignore[arg-type]


@action("human")
def human(call: Call) -> Outcome:
    """Name the people who can help."""
    return _with_contacts(call, "human.text", EMERGENCY)


@action("case_status")
def case_status(call: Call) -> Outcome:
    """Say honestly that Hashar cannot see a case, and where to look; argument: a guide, or none."""
    guide = call.library.guides.get(call.argument(0))
    states = tuple(
        Choice(TermWords(one, "word"), f"term:{one}")
        for one in terms(call)
        if one.startswith(STATUS)
    )
    if guide is None:
        return _with_contacts(call, "case_status.text", *states)
    title = GuideWords(guide.id, "title")
    ways = [Choice(title, f"guide:{guide.id}")]
    if "complaint" in call.library.guides:
        ways.append(Choice(GuideWords("complaint", "title"), "guide:complaint"))
    said = Say("case_status.guide", {"guide": title})
    choices = (*ways, *states, MENU, *way_back(call))
    response = Response((said, contact_lines(call)), choices)
    return Outcome((response,), (SlotSet("guide", guide.id),))


@action("office_hours")
def office_hours(call: Call) -> Outcome:
    """Say honestly that opening hours and addresses are not known here, and who knows."""
    ways = [choice("button.service_centres", "guide:service-centres")]
    known = ways if "service-centres" in call.library.guides else []
    return _with_contacts(call, "office_hours.text", *known)


@action("location")
def location(call: Call) -> Outcome:
    """Thank for a place, say that it was not kept, and who knows the offices nearby."""
    return _with_contacts(call, "location.text")


@action("distress")
def distress(call: Call) -> Outcome:
    """Be calm and warm: people first, numbers first, nothing to fill in."""
    facts = call.library.site.facts
    rows = tuple(
        Say(f"distress.{name}", {"phone": FactWords(name)})
        for name in ("emergency_phone", "family_phone")
        if name in facts
    )
    help_with_money = [
        choice("button.social_assistance", "guide:social-assistance")
        for guide in ("social-assistance",)
        if guide in call.library.guides
    ]
    words = (
        Say("distress.text"),
        Lines(rows, bullets=True),
        Say("distress.near"),
        Say("distress.more"),
    )
    # What follows is not about the guide of before.
    return Outcome((Response(words, (HUMAN, *help_with_money, MENU)),), (SlotSet("guide", None),))
