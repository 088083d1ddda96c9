"""Finding one's way: start, menu, help, language."""

from __future__ import annotations

from actions.base import (
    ACTIONS,
    Call,
    Choice,
    GuideWords,
    LanguageName,
    Outcome,
    Response,
    Say,
    action,
    choice,
    say,
)
from bot.conversation import Feedback, LanguageSet, NotUnderstood, SlotSet

MENU = choice("button.menu", "menu")
HUMAN = choice("button.human", "human")
EMERGENCY = choice("button.emergency", "emergency")


def way_back(call: Call) -> tuple[Choice, ...]:
    """Return the choices that lead back into running questions and the running course."""
    ways = []
    if (call.slot("walk") or {}).get("guide") in call.library.guides:
        ways.append(choice("button.back_to_questions", "walk_on"))
    if (course := call.slot("course")) in call.library.courses:
        ways.append(choice("button.back_to_lesson", f"resume:{course}"))
    return tuple(ways)


def _languages(call: Call) -> tuple[Choice, ...]:
    return tuple(Choice(LanguageName(code), f"language:{code}") for code in call.library.languages)


@action("start")
def start(call: Call) -> Outcome:
    """Say who this is and what it can do; offer the languages and the ways in."""
    ways = (
        choice("button.life_events", "menu"),
        choice("button.courses", "courses"),
        EMERGENCY,
        *_languages(call),
    )
    return Outcome((Response((Say("start.hello"), Say("start.how")), ways),))


@action("menu")
def menu(call: Call) -> Outcome:
    """Show the life events that have guides, the courses and help."""
    events = [event for event in call.library.site.life_events if call.library.guides_of(event)]
    choices = [choice(f"life_event.{event}", f"event:{event}") for event in events]
    choices += [
        choice("button.courses", "courses"),
        choice("button.glossary", "glossary"),
        choice("button.language", "language"),
        HUMAN,
    ]
    return say("menu.title", *choices, replace=True)


@action("help")
def help_(call: Call) -> Outcome:
    """Explain in few words how to ask, and what else there is."""
    ways = (MENU, choice("button.language", "language"), HUMAN, EMERGENCY, *way_back(call))
    return say("help.text", *ways)  # a cry for help may be read as a question about the bot


@action("language")
def language(call: Call) -> Outcome:
    """Offer the languages, or change to the one that is named."""
    code = call.library.shipped(call.argument(0))
    if not code:
        return say("language.choose", *_languages(call), replace=True)
    guide = call.slot("guide")
    again = (choice("button.show_again", f"guide:{guide}"),) if guide in call.library.guides else ()
    words = (Say("language.changed", {"language": LanguageName(code)}),)
    response = Response(words, (*again, MENU, *way_back(call)), replace=True)
    waiting = ACTIONS["walk_on"](call).responses if call.slot("walk") else ()
    return Outcome((response, *waiting), (LanguageSet(code, pinned=True),))


@action("feedback")
def feedback(call: Call) -> Outcome:
    """Thank for 'this helped'; after 'it did not', offer what else was near, and a person.

    Arguments: 'yes' or 'no', then guide and section of what was shown. Only content that
    exists is counted, so that a forged payload cannot fill the metrics.
    """
    helped, guide = call.argument(0) == "yes", call.library.guides.get(call.argument(1))
    section = call.argument(2) if guide and call.argument(2) in guide.sections else ""
    content = f"guide:{guide.id}#{section}" if guide and section else ""
    counted = (Feedback(content, helped),) if content else ()
    if helped:
        words, ways = Say("feedback.yes"), (MENU, *way_back(call))
        return Outcome((Response((words,), ways),), counted)
    written = call.library.written_in(call.language)
    missed = NotUnderstood("", written, ((content, 1.0),) if content else ())
    ways = (*_also_near(call), HUMAN, MENU, *way_back(call))
    return Outcome(
        (Response((Say("feedback.no"),), ways),), (*counted, missed, SlotSet("guide", None))
    )


def _also_near(call: Call) -> tuple[Choice, ...]:
    """Return the other guides that the last message offered beside the one that did not help."""
    offered = [one.split(":")[1] for one in call.conversation.choices if one.startswith("guide:")]
    others = [one for one in dict.fromkeys(offered) if one in call.library.guides]
    return tuple(Choice(GuideWords(one, "title"), f"guide:{one}") for one in others)
