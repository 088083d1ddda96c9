"""The bench's users: they speak Rasa's REST channel, the same way to both systems."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp

from bench.processes import BenchError

TURN_SECONDS = 300.0
"""How long a turn may take before the bench gives up."""

NO_ANSWER = "none"
MOST_LOST = 200
"""Messages without a real answer from which on a system is taken for broken. Stock Rasa now and
then lets all 64 of a crowd run into its own time limit."""

Rows = list[dict[str, Any]]
Judge = Callable[[Rows], str]
"""Says what an answer is: 'answer', 'fallback' (a text not understood), or '' (no real one)."""

_numbers = itertools.count()


class Users:
    """People who write to one system. `kinds` counts the answers by kind."""

    def __init__(self, name: str, url: str, judge: Judge) -> None:
        self._name = name
        self._url = f"{url}/webhooks/rest/webhook"
        self._judge = judge
        self.kinds: Counter[str] = Counter()

    def session(self) -> aiohttp.ClientSession:
        """Return a client with its own connections."""
        timeout = aiohttp.ClientTimeout(total=TURN_SECONDS)
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout)

    async def say(self, session: aiohttp.ClientSession, sender: str, text: str) -> float:
        """Send one message; return the seconds until its answer was read. Raises BenchError."""
        began = time.perf_counter()
        body = {"sender": sender, "message": text}
        try:
            async with session.post(self._url, json=body) as answer:
                rows = await answer.json() if answer.status == 200 else []
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as error:
            raise BenchError(f"{self._name} did not answer: {type(error).__name__}.") from error
        seconds = time.perf_counter() - began
        self.kinds[self._judge(rows) or NO_ANSWER] += 1
        if self.kinds[NO_ANSWER] > MOST_LOST:
            raise BenchError(f"{self._name} gives no real answers: {str(rows)[:300]}")
        return seconds

    async def one_by_one(self, texts: Sequence[str], per_conversation: int = 10) -> list[float]:
        """Return the seconds of each turn, one user at a time, in short conversations."""
        turns: list[float] = []
        async with self.session() as session:
            for start in range(0, len(texts), per_conversation):
                sender = new_sender()
                for text in texts[start : start + per_conversation]:
                    turns.append(await self.say(session, sender, text))
        return turns

    async def conversation(self, sender: str, texts: Sequence[str]) -> list[float]:
        """Return the seconds of each turn of a part of one conversation."""
        async with self.session() as session:
            return [await self.say(session, sender, text) for text in texts]

    async def at_once(self, texts: Sequence[str], clients: int) -> tuple[float, list[float]]:
        """Return the wall seconds for all texts and the seconds of each turn, when so many
        people write at once, each in a conversation of their own."""
        async with self.session() as session:

            async def talk(texts: Sequence[str]) -> list[float]:
                sender = new_sender()
                return [await self.say(session, sender, text) for text in texts]

            began = time.perf_counter()
            turns = await asyncio.gather(*(talk(texts[one::clients]) for one in range(clients)))
            return time.perf_counter() - began, [one for turn in turns for one in turn]


def new_sender() -> str:
    """Return someone who never wrote before."""
    return f"bench-{next(_numbers)}"
