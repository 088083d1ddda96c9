"""What both systems of the bench have: training, start, users, and an end."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bench.client import NO_ANSWER, Users, new_sender
from bench.processes import BenchError, Program

START_SECONDS = 900.0
"""How long a system may take to start on a busy machine."""


@dataclass
class Started:
    """Seconds from the start until the server answers, and until it answers a free text."""

    health: float = 0.0
    understood: float = 0.0
    more: dict[str, float] = field(default_factory=dict)


class System(ABC):
    """One of the two systems, with all processes that it needs."""

    name: str
    button: str
    """The payload message of a guide's button; '{guide}' stands for the guide's id."""

    def __init__(self, folder: Path, users: Users, url: str) -> None:
        self.folder = folder
        self.users = users
        self.url = url
        self.programs: list[Program] = []

    @abstractmethod
    async def start(self) -> Started:
        """Start all processes and wait until a free text is answered."""

    def stop(self) -> None:
        """End all processes."""
        for program in reversed(self.programs):
            program.stop()
        self.programs.clear()

    def check(self) -> None:
        """Raise BenchError when a process has ended."""
        for program in self.programs:
            program.check()

    async def until(self, what: str, done: Callable[[], Awaitable[bool]], pause: float) -> float:
        """Wait for something; return the seconds since now. Raises BenchError."""
        began = time.monotonic()
        while time.monotonic() - began < START_SECONDS:
            self.check()
            if await done():
                return time.monotonic() - began
            await asyncio.sleep(pause)
        raise BenchError(f"{self.name}: {what} took more than {START_SECONDS:.0f} seconds.")

    async def answers(self, path: str) -> bool:
        """Return whether a path answers 200."""
        try:
            timeout = aiohttp.ClientTimeout(total=10)
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(self.url + path) as answer,
            ):
                return answer.status == 200
        except (aiohttp.ClientError, asyncio.TimeoutError):
            return False

    async def understands(self, text: str) -> bool:
        """Return whether a free text gets a real answer."""
        self.users.kinds.clear()
        try:
            await self.users.conversation(new_sender(), [text])
        except BenchError:
            return False
        return not self.users.kinds[NO_ANSWER]
