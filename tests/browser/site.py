"""The web chat with all that answers behind it, to be started, stopped and started again."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from typing import Any

from bot.channels.web import WebChannel
from bot.errors import StoreUnavailable
from bot.gateway import Gateway
from bot.health import Health
from bot.library.live import LiveLibrary
from bot.model import Update
from bot.settings import Settings
from bot.store.mail import Mailroom
from bot.store.seal import Sealer
from bot.store.store import Store
from bot.understanding import Understanding
from bot.worker import Worker
from tests.conftest import ROOT


class Site:
    """Gateway and worker on a real store. `url` stays the same over restarts."""

    def __init__(self, settings: Settings, library: LiveLibrary, rasa_url: str) -> None:
        self.settings = dataclasses.replace(settings, shards=2)
        self.library = library
        self.rasa_url = rasa_url
        self.url = ""
        self.channel: WebChannel
        self.gateway: Gateway
        self.store: Store
        self._work: list[asyncio.Task[Any]] = []
        self._stops: list[Any] = []

    async def start(self) -> None:
        """Serve, on the same port as before."""
        self.store = Store(
            self.settings, self.settings.redis_url, Sealer.from_settings(self.settings)
        )
        understanding = Understanding(self.rasa_url, 5)
        mailroom = Mailroom(self.store)
        worker = Worker(self.store, understanding, self.library)
        self.channel = WebChannel(self.settings, self.store, mailroom, self.library)
        health = Health(self.settings, self.store, understanding, self.library)
        self.gateway = Gateway(self.settings, self.store, [self.channel], understanding, health)
        await self.gateway.start()
        self.settings = dataclasses.replace(self.settings, port=self.gateway.port)
        self.url = f"http://127.0.0.1:{self.gateway.port}"
        self._work = [asyncio.create_task(part.run()) for part in (mailroom, worker)]
        self._stops = [self.gateway.stop, worker.stop]
        self._ends = [understanding.close, self.store.close]

    async def stop(self) -> None:
        """End, as at the end of the process: sockets and polls too."""
        for stop in self._stops:
            await stop()
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        for end in self._ends:
            await end()

    async def lose_store(self) -> None:
        """Refuse all messages, as if the store were down."""
        await self.channel.start(_down)

    async def limit(self, user_rate: int, window: int = 60) -> None:
        """Take so many messages a minute of one person; the running minute ends in `window` s."""
        self.store.settings = dataclasses.replace(self.store.settings, user_rate=user_rate)
        for key in await self.store.client.keys("*:rate:*"):
            await self.store.client.expire(key, window)

    async def find_store(self) -> None:
        """Take messages again."""
        await self.channel.start(self.gateway.accept)


@functools.cache
def content() -> LiveLibrary:
    """Return the real content, without vectors; loaded once."""
    return LiveLibrary(ROOT / "content")


async def _down(update: Update) -> bool:
    raise StoreUnavailable("the store does not answer")
