"""Which process meets which trouble, and when: drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tests.fakes.telegram_rules import Fault

What = Literal["kill", "stop", "freeze", "join", "leave"]

STORE, RASA = "store", "rasa"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happens to whom once so many answers have been seen; `pause` seconds until the
    process is started again, or goes on."""

    at: int
    what: What
    who: str
    pause: float


def plan(seed: int, messages: int, count: int, parts: Sequence[str], chaos: bool) -> list[Trouble]:
    """Return so many troubles, spread over the messages; `parts` are those that can be killed.

    Everyone is hit in turn, in an order that the seed draws. In chaos processes are frozen,
    too, and others join and leave, so that shards move.
    """
    chance = random.Random(seed)
    roles = [part for part in parts if part not in (STORE, RASA)]
    rounds: list[tuple[What, str]] = []
    while len(rounds) < count:
        kills: list[tuple[What, str]] = [("kill", who) for who in parts]
        graceful: list[tuple[What, str]] = [("stop", chance.choice(roles))]
        if chaos:
            working = [role for role in roles if not role.startswith("gateway")]
            graceful += [("freeze", chance.choice(working)) for _ in range(2)]
            graceful += [("join", ""), ("leave", "")]
        both = kills + graceful
        chance.shuffle(both)
        rounds += both
    places = sorted(chance.uniform(0.03, 0.9) * messages for _ in range(count))
    return [
        Trouble(int(at), what, who, round(chance.uniform(0.0, 2.0), 2))
        for at, (what, who) in zip(places, rounds[:count], strict=True)
    ]


def platform_faults(rate: float) -> list[Fault]:
    """Return the troubles of the platform: `rate` is the share of calls that fail at all.

    'lost' takes the message and breaks the line, 'slow' with 25 seconds outlasts the bot's
    patience of 20: in both the bot cannot know whether the message arrived.
    """
    return [
        Fault("500", probability=rate * 0.3),
        Fault("reset", probability=rate * 0.25),
        Fault("lost", probability=rate * 0.2),
        Fault("slow", probability=rate * 0.17, delay=0.5),
        Fault("429", probability=rate * 0.06, retry_after=1),
        Fault("slow", probability=rate * 0.02, delay=25.0),
    ]
