"""Small talk: short, kind, honest about being a program, and back to what people need."""

from __future__ import annotations

from actions.base import Call, Outcome, action, choice, say
from actions.navigation import HUMAN, MENU, way_back


@action("greet")
def greet(call: Call) -> Outcome:
    """Greet back and ask what is needed."""
    return say("greet.text", MENU, choice("button.courses", "courses"), *way_back(call))


@action("goodbye")
def goodbye(call: Call) -> Outcome:
    """Say goodbye."""
    return say("goodbye.text")


@action("thanks")
def thanks(call: Call) -> Outcome:
    """Accept thanks."""
    return say("thanks.text", MENU, *way_back(call))


@action("bot_challenge")
def bot_challenge(call: Call) -> Outcome:
    """Say that this is a program, not a person."""
    return say("bot.text", HUMAN, MENU)


@action("out_of_scope")
def out_of_scope(call: Call) -> Outcome:
    """Say what this is for."""
    return say("out_of_scope.text", MENU, choice("button.help", "help"), *way_back(call))


@action("insult")
def insult(call: Call) -> Outcome:
    """Stay kind; offer a person."""
    return say("insult.text", HUMAN, MENU)


@action("affirm")
def affirm(call: Call) -> Outcome:
    """A 'yes' without a question: ask what is needed."""
    return say("affirm.text", MENU, *way_back(call))


@action("deny")
def deny(call: Call) -> Outcome:
    """A 'no' without a question: offer the ways on."""
    return say("deny.text", MENU, HUMAN, *way_back(call))
