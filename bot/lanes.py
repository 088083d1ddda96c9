"""Many conversations at once, each in order: one lane a conversation, bounded in all."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lanes(Generic[T]):
    """Runs `handle` on items: those of one key one after another, others side by side.

    `running` bounds how many run at once; several Lanes may share it. `put` waits while `queued`
    are waiting, so that a reader cannot run far ahead of the work.
    """

    def __init__(
        self,
        handle: Callable[[T], Awaitable[None]],
        running: asyncio.Semaphore,
        queued: int = 200,
    ) -> None:
        self._handle = handle
        self._running = running
        self._room = asyncio.Semaphore(queued)
        self._lanes: dict[str, deque[T]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def put(self, key: str, item: T) -> None:
        """Queue an item in the lane of a key."""
        await self._room.acquire()
        lane = self._lanes.get(key)
        if lane is not None:
            lane.append(item)
            return
        self._lanes[key] = deque([item])
        task = asyncio.create_task(self._drive(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drive(self, key: str) -> None:
        lane = self._lanes[key]
        try:
            while lane:
                async with self._running:
                    await self._handle(lane.popleft())
                self._room.release()
        finally:
            for _ in lane:
                self._room.release()
            del self._lanes[key]

    async def drain(self, seconds: float) -> None:
        """Wait up to some seconds for the queued items, then cancel the rest."""
        tasks = list(self._tasks)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
