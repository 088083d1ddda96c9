"""One shard's work: a stream read into lanes, each conversation in order, bounded in all."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

import structlog

from bot import metrics
from bot.errors import StoreUnavailable

log = structlog.get_logger()

STORE_PAUSE, FAULT_PAUSE = 0.5, 5.0
"""Seconds until a stream is read again after the store was away, or after a fault of ours."""


class Entry(Protocol):
    """What stands in a stream."""

    @property
    def id(self) -> str:
        """Its place in the stream."""
        ...

    @property
    def conversation(self) -> str:
        """The conversation whose order it belongs to."""
        ...


T = TypeVar("T")
E = TypeVar("E", bound=Entry)


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


class Served(Generic[E]):
    """A shard in service, from lease to close: its stream is read from the beginning on.

    `read` returns the entries after an id, waiting a little for the first. `handle` is called
    with this object and an entry, and keeps to `ended`: once it is set, nothing is begun.
    """

    def __init__(
        self,
        token: str,
        read: Callable[[str], Awaitable[Sequence[E]]],
        handle: Callable[[Served[E], E], Awaitable[None]],
        running: asyncio.Semaphore,
        queued: int = 200,
    ) -> None:
        self.token = token
        self._ended = asyncio.Event()

        async def one(entry: E) -> None:
            await handle(self, entry)

        self._lanes = Lanes(one, running, queued)
        self._read = read
        self._reader = asyncio.create_task(self._follow())

    @property
    def ended(self) -> bool:
        """Whether the shard is given back, or belongs to another process."""
        return self._ended.is_set()

    def end(self) -> None:
        """Begin nothing more."""
        self._ended.set()

    async def pause(self, seconds: float) -> None:
        """Sleep, but not beyond the end."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)

    async def close(self, seconds: float) -> None:
        """Begin nothing more and let what is in flight end; after some seconds cancel it."""
        self.end()
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self._lanes.drain(seconds)

    async def _follow(self) -> None:
        after = "0"
        while not self.ended:  # a cancellation can get lost in a library's time-out
            try:
                entries = await self._read(after)
            except StoreUnavailable:
                await self.pause(STORE_PAUSE)
                continue
            except Exception as error:  # such as a key that was taken out too early: told, kept
                metrics.ERRORS.labels("read", type(error).__name__).inc()
                log.error("stream_not_read", type=type(error).__name__)
                await self.pause(FAULT_PAUSE)
                continue
            for entry in entries:
                if self.ended:
                    break
                after = entry.id
                await self._lanes.put(entry.conversation, entry)
