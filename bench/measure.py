"""What is measured, in rounds that alternate between the systems, so that noise hits both."""

from __future__ import annotations

import random
import statistics
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bench.client import NO_ANSWER, new_sender
from bench.processes import cpu_seconds, memory
from bench.system import System
from bench.texts import Texts

CHUNK = 20
"""Turns of the long conversation that one system takes before the other goes on."""


@dataclass(frozen=True)
class Plan:
    """How much is measured, after `warm` texts, as of a system that has run for a while. `crowds`
    are (clients, messages in all); `turns` of the long conversation."""

    rounds: int
    free: int
    buttons: int
    crowds: tuple[tuple[int, int], ...]
    turns: int
    warm: int = 10


FULL = Plan(rounds=3, free=100, buttons=100, crowds=((8, 160), (64, 192)), turns=200, warm=100)
QUICK = Plan(rounds=3, free=20, buttons=40, crowds=((8, 64),), turns=100, warm=5)


@dataclass
class Series:
    """One measurement of one round: seconds of each turn, and of the whole."""

    turns: list[float]
    wall: float
    cpu: float

    @property
    def median(self) -> float:
        """Milliseconds."""
        return statistics.median(self.turns) * 1000

    @property
    def p95(self) -> float:
        """Milliseconds, of 95 turns in 100."""
        ordered = sorted(self.turns)
        return ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))] * 1000

    @property
    def rate(self) -> float:
        """Messages a second."""
        return len(self.turns) / self.wall

    @property
    def cpu_each(self) -> float:
        """CPU milliseconds a message, of all processes of the system."""
        return self.cpu / len(self.turns) * 1000


@dataclass
class Results:
    """Series by measurement, then by system, one a round; resident bytes by system; and how
    many free texts each system answered or did not understand."""

    series: dict[str, dict[str, list[Series]]] = field(default_factory=dict)
    memory: dict[str, dict[str, int]] = field(default_factory=dict)
    kinds: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, measurement: str, system: str, series: Series) -> None:
        """Keep a series of one more round."""
        self.series.setdefault(measurement, {}).setdefault(system, []).append(series)

    def fallbacks(self, system: str) -> float:
        """Return the share of free texts that a system did not understand."""
        return self.kinds[system]["fallback"] / self.kinds[system].total()

    def lost(self, system: str) -> int:
        """Return how many free texts got no real answer from a system."""
        return self.kinds[system][NO_ANSWER]


Measured = Callable[[System], Awaitable[tuple[float, list[float]]]]


class Measurement:
    """Runs a plan on systems that are up."""

    def __init__(
        self, systems: Sequence[System], texts: Texts, guides: Sequence[str], plan: Plan
    ) -> None:
        self._systems = list(systems)
        self._texts = texts
        self._guides = list(guides)
        self._plan = plan
        self.results = Results()

    async def run(self) -> Results:
        """Measure everything."""
        await self._warm()
        self._remember_memory("at rest")
        for number in range(self._plan.rounds):
            _say(f"round {number + 1} of {self._plan.rounds}")
            await self._round(number)
            self._systems.reverse()
        await self._long_conversation()
        self._remember_memory("after the load")
        return self.results

    async def _warm(self) -> None:
        texts = self._texts.take(self._plan.warm)
        for system in self._systems:
            await system.users.one_by_one(texts)
            await system.users.one_by_one([self._press(system, one) for one in self._guides[:5]])

    async def _round(self, number: int) -> None:
        plan = self._plan
        free = self._texts.take(plan.free)
        chosen = random.Random(number).choices(self._guides, k=plan.buttons)
        for system in self._systems:
            system.users.kinds.clear()
        await self._each("free text", lambda one: _alone(one, free))
        self._remember_kinds()
        await self._each("free text again", lambda one: _alone(one, free))
        await self._each("button", lambda one: _alone(one, [self._press(one, g) for g in chosen]))
        for clients, count in plan.crowds:
            texts = self._texts.take(count)
            await self._crowd(clients, texts)

    async def _crowd(self, clients: int, texts: list[str]) -> None:
        await self._each(f"{clients} at once", lambda one: one.users.at_once(texts, clients))

    async def _each(self, measurement: str, measured: Measured) -> None:
        """Measure both systems, one after the other."""
        for system in self._systems:
            system.check()
            before = cpu_seconds(system.programs)
            wall, turns = await measured(system)
            cpu = cpu_seconds(system.programs) - before
            self.results.add(measurement, system.name, series := Series(turns, wall, cpu))
            _say(
                f"  {measurement:16} {system.name:11} median {series.median:8.1f} ms, "
                f"{series.rate:6.1f} a second, CPU {series.cpu_each:6.1f} ms each"
            )

    async def _long_conversation(self) -> None:
        senders = {system.name: new_sender() for system in self._systems}
        for start in range(0, self._plan.turns, CHUNK):
            texts = self._texts.take(CHUNK)
            await self._each(
                f"turns {start + 1}-{start + CHUNK}",
                lambda one, texts=texts: _part(one, senders[one.name], texts),  # type: ignore[misc]
            )

    def _remember_kinds(self) -> None:
        for system in self._systems:
            found = self.results.kinds.setdefault(system.name, Counter())
            found.update(system.users.kinds)

    def _press(self, system: System, guide: str) -> str:
        return system.button.format(guide=guide)

    def _remember_memory(self, when: str) -> None:
        found = {system.name: memory(system.programs) for system in self._systems}
        self.results.memory[when] = found


async def _alone(system: System, texts: Sequence[str]) -> tuple[float, list[float]]:
    turns = await system.users.one_by_one(texts)
    return sum(turns), turns


async def _part(system: System, sender: str, texts: Sequence[str]) -> tuple[float, list[float]]:
    turns = await system.users.conversation(sender, texts)
    return sum(turns), turns


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
