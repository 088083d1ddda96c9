"""Between the web's requests and the store: take what was said, fetch and await answers."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Protocol

from aiohttp import web

from bot import metrics
from bot.access import THIS_MACHINE, Proxies
from bot.channels.base import Accept
from bot.channels.web_inbound import Said
from bot.channels.web_session import Doorkeeper, Session
from bot.errors import Forbidden, Limited, StoreUnavailable
from bot.library.model import Library
from bot.rates import Rate
from bot.settings import Settings
from bot.store.mail import Mailroom
from bot.store.store import Mail, Store

WAITS = 5
"""Long polls of one session at once; further ones return at once."""


class Live(Protocol):
    """Where the newest content is."""

    @property
    def current(self) -> Library:
        """The content as it is now."""
        ...


class Desk:
    """What the element's interface and the plain pages share."""

    def __init__(self, settings: Settings, store: Store, mailroom: Mailroom, live: Live) -> None:
        self.mailroom = mailroom
        self.proxies = Proxies(settings.trusted_proxies)
        self.door = Doorkeeper(settings, self.proxies, store.sealer.webhook_secret("web"))
        self.accept: Accept | None = None
        self._rate = Rate(settings.address_rate, 60.0)
        self._store = store
        self._live = live
        self._start_seconds = max(60.0, settings.mailbox_hours * 3600)
        self._waits: Counter[str] = Counter()
        self._closing = asyncio.Event()

    @property
    def library(self) -> Library:
        """The content as it is now."""
        return self._live.current

    @property
    def closing(self) -> bool:
        """Whether the server is about to stop."""
        return self._closing.is_set()

    def close(self) -> None:
        """Take nothing more, and let everyone who waits go."""
        self._closing.set()

    def conversation(self, session: Session) -> str:
        """Return the id of a session's conversation."""
        return self._store.sealer.conversation_id("web", session.token)

    def check_origin(self, request: web.Request) -> None:
        """Raise Forbidden for a request that another site's page made."""
        if not self.door.own(request):
            metrics.REFUSED.labels("web", "origin").inc()
            raise Forbidden("This request comes from another site.")

    async def take(
        self, request: web.Request, session: Session, said: Said, update_id: str = ""
    ) -> None:
        """Store what was said. Raises Limited and StoreUnavailable.

        A start that a client sends by itself (it has no `update_id`) counts once in the time
        that answers are kept, so that two windows that open at once greet once.
        """
        if self.accept is None or self.closing:
            raise StoreUnavailable("This server takes no messages now.")
        self._count(request)
        if said.kind == "start" and not update_id:
            update_id = f"start.{int(time.time() / self._start_seconds)}"
        await self.accept(said.update(session.token, update_id))

    def _count(self, request: web.Request) -> None:
        """Count a message of an internet address, as sessions cost an attacker nothing."""
        client = self.proxies.client(request)
        if client in THIS_MACHINE or client in self.proxies:
            return
        if wait := self._rate.wait(client):
            metrics.REFUSED.labels("web", "address").inc()
            raise Limited("Too many messages. Send it again later.", wait)

    async def wait(self, session: Session, after: str, seconds: float) -> list[Mail]:
        """Return mail after an id, waiting for it, but not while the server stops."""
        conversation = self.conversation(session)
        if self.closing or self._waits[conversation] >= WAITS:
            seconds = 0.0
        self._waits[conversation] += 1
        mail = asyncio.ensure_future(self.mailroom.wait(conversation, after, seconds))
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            await asyncio.wait({mail, closing}, return_when=asyncio.FIRST_COMPLETED)
            return mail.result() if mail.done() else []
        finally:
            mail.cancel()
            closing.cancel()
            self._waits[conversation] -= 1
            if not self._waits[conversation]:
                del self._waits[conversation]

    async def answered(self, session: Session, update_id: str, seconds: float) -> bool:
        """Wait for the answer to an update; return whether it is there. Raises
        StoreUnavailable."""
        deadline, after = time.monotonic() + seconds, "0"
        while mail := await self.wait(session, after, max(0.0, deadline - time.monotonic())):
            if any(one.update_id == update_id for one in mail):
                return True
            after = mail[-1].id
        return False

    async def all_mail(self, session: Session) -> list[Mail]:
        """Return all answers that are kept, oldest first. Raises StoreUnavailable."""
        conversation, mail = self.conversation(session), list[Mail]()
        while more := await self._store.read_mail(conversation, mail[-1].id if mail else "0"):
            mail += more
        return mail
