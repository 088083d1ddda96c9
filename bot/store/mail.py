"""Waiting for answers: tells clients at once when something is in their mailbox."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import structlog

from bot.errors import SettingsError, StoreUnavailable
from bot.store.client import DOWN, listen
from bot.store.keys import MAIL
from bot.store.store import Mail, Store

log = structlog.get_logger()

POLL_SECONDS = 5.0
"""How often a waiting client looks by itself, in case an announcement was missed."""


class News(asyncio.Event):
    """Set whenever something may have come into a mailbox.

    `mail` is what came last, when the announcement held it: nothing before it came late.
    """

    mail: Mail | None = None


class Mailroom:
    """One subscription a process for all clients that wait.

    What counts is the mailbox stream: a lost announcement costs time, never an answer.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._waiting: dict[str, set[News]] = {}

    async def run(self) -> None:
        """Listen for announcements until cancelled; comes back by itself after a store failure."""
        while True:
            try:
                await self._listen()
            except (*DOWN, StoreUnavailable) as error:
                log.warning("mailroom_disconnected", type=type(error).__name__)
                await asyncio.sleep(0.5)

    async def _listen(self) -> None:
        await listen(self.store.client, MAIL, self._wake_all, self._wake)

    def _wake_all(self) -> None:
        for conversation_id in self._waiting:
            self._wake(conversation_id)

    def _wake(self, announcement: str) -> None:
        conversation_id, _, words = announcement.partition(" ")
        waiting = self._waiting.get(conversation_id)
        if not waiting:
            return
        mail = None
        with contextlib.suppress(SettingsError, ValueError):  # who reads it is told
            mail = self.store.announced(words) if words else None
        for news in waiting:
            news.mail = mail
            news.set()

    @contextlib.contextmanager
    def listening(self, conversation_id: str) -> Iterator[News]:
        """Give the news of a mailbox from now on."""
        news = News()
        waiting = self._waiting.setdefault(conversation_id, set())
        waiting.add(news)
        try:
            yield news
        finally:
            waiting.discard(news)
            if not waiting:
                self._waiting.pop(conversation_id, None)

    async def wait(self, conversation_id: str, after: str, seconds: float) -> list[Mail]:
        """Return the answers after an id, waiting up to `seconds` for the first.

        Raises StoreUnavailable.
        """
        now = asyncio.get_running_loop().time
        deadline = now() + seconds
        with self.listening(conversation_id) as news:
            while True:
                if mail := await self.store.read_mail(conversation_id, after):
                    return mail
                if (left := deadline - now()) <= 0:
                    return []
                await heard(news, left)


async def heard(news: asyncio.Event, seconds: float) -> None:
    """Return when the event is set, at most after `seconds` or POLL_SECONDS; then it is unset."""
    end = asyncio.get_running_loop().call_later(min(seconds, POLL_SECONDS), news.set)
    try:
        await news.wait()
    finally:
        end.cancel()
        news.clear()
