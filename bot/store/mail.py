"""Waiting for answers: tells clients at once when something is in their mailbox."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict

import structlog

from bot.errors import StoreUnavailable
from bot.store.client import DOWN, subscribed
from bot.store.keys import MAIL
from bot.store.store import Mail, Store

log = structlog.get_logger()

POLL_SECONDS = 5.0
"""How often a waiting client looks by itself, in case an announcement was missed."""


class Mailroom:
    """One subscription a process for all clients that wait.

    Announcements only wake: what counts is the mailbox stream, so a lost one costs time, never
    an answer.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)

    async def run(self) -> None:
        """Listen for announcements until cancelled; comes back by itself after a store failure."""
        while True:
            try:
                await self._listen()
            except (*DOWN, StoreUnavailable) as error:
                log.warning("mailroom_disconnected", type=type(error).__name__)
                await asyncio.sleep(0.5)

    async def _listen(self) -> None:
        pubsub = await subscribed(self.store.client, MAIL)
        try:
            for events in self._waiting.values():
                for event in events:
                    event.set()
            while True:
                message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=10)
                if message:
                    for event in self._waiting.get(message["data"].decode(), ()):
                        event.set()
        finally:
            with contextlib.suppress(*DOWN):
                await pubsub.aclose()

    async def wait(self, conversation_id: str, after: str, seconds: float) -> list[Mail]:
        """Return the answers after an id, waiting up to `seconds` for the first.

        Raises StoreUnavailable.
        """
        event = asyncio.Event()
        self._waiting[conversation_id].add(event)
        deadline = asyncio.get_running_loop().time() + seconds
        try:
            while True:
                event.clear()
                if mail := await self.store.read_mail(conversation_id, after):
                    return mail
                left = deadline - asyncio.get_running_loop().time()
                if left <= 0:
                    return []
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(event.wait(), min(left, POLL_SECONDS))
        finally:
            events = self._waiting[conversation_id]
            events.discard(event)
            if not events:
                del self._waiting[conversation_id]
