"""How updates come from Telegram: by long polling, or pushed to a webhook.

Either way an update counts as received only once the store has it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from aiohttp import web
from telegram import Bot
from telegram.error import Conflict, InvalidToken, RetryAfter

from bot import metrics
from bot.access import same
from bot.body import parsed, read
from bot.channels.base import Accept
from bot.channels.telegram_errors import reason, says, seconds
from bot.channels.telegram_parse import ALLOWED_UPDATES, parse
from bot.errors import BadUpdate, Limited, StoreUnavailable, TooSlow

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
BODY_LIMIT = 256 * 1024
"""Bytes of an update that is pushed; Telegram's longest is far below."""

POLL_SECONDS = 30
LONGEST_WAIT = 60.0

log = structlog.get_logger()


class Intake:
    """Turns raw updates into stored ones. `malformed` counts those that were none."""

    def __init__(self) -> None:
        self.accept: Accept | None = None
        self.username = ""
        self.malformed = 0

    async def take(self, raw: object) -> None:
        """Store one update. Raises StoreUnavailable; what cannot be read is counted, dropped."""
        if self.accept is None:
            raise StoreUnavailable("The channel has not been started.")
        try:
            update = parse(raw, self.username)
        except BadUpdate as error:
            self.refuse(error)
            return
        if update:
            await self.accept(dataclasses.replace(update, received_at=time.time()))

    def refuse(self, error: Exception) -> None:
        """Count and log an update that cannot be read, without its content."""
        self.malformed += 1
        metrics.TROUBLE.labels("telegram", "bad_update").inc()
        log.warning("telegram_bad_update", error=type(error).__name__)


def webhook(intake: Intake, secret: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return the handler of the webhook route.

    403 without the secret; 503 while the store is down or too many write at once, so that
    Telegram sends again (408 when the body stopped on its way); else 200,
    also for what cannot be read, which would be sent again for ever.
    """

    async def handle(request: web.Request) -> web.Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not same(given, secret):
            metrics.TROUBLE.labels("telegram", "webhook_forbidden").inc()
            log.warning("telegram_webhook_forbidden")
            return web.Response(status=403)
        try:
            raw = parsed(await read(request, BODY_LIMIT))
        except TooSlow:
            return web.Response(status=408)
        except BadUpdate as error:
            intake.refuse(error)
            return web.Response()
        try:
            await intake.take(raw)
        except StoreUnavailable:
            log.warning("telegram_store_unavailable")
            return web.Response(status=503)
        except Limited as limited:
            return web.Response(status=503, headers={"Retry-After": str(limited.retry_after)})
        return web.Response()

    return handle


class Patience:
    """Waits longer after each failure in a row, and tells the first of each kind only."""

    def __init__(self, shortest: float) -> None:
        self._shortest = shortest
        self._failures = 0
        self._told: set[str] = set()

    async def wait(self, event: str, at_least: float = 0.0, **fields: str) -> None:
        """Log the trouble once and sleep: doubling from the shortest wait, a minute at most."""
        metrics.TROUBLE.labels("telegram", event.removeprefix("telegram_")).inc()
        if event not in self._told:
            self._told.add(event)
            log.warning(event, **fields)
        delay = min(LONGEST_WAIT, self._shortest * 2.0 ** min(self._failures, 16))
        self._failures += 1
        await asyncio.sleep(max(at_least, delay * random.uniform(0.5, 1.0)))

    def over(self) -> None:
        """Forget the failures: it works again."""
        if self._failures:
            log.info("telegram_recovered", after_failures=self._failures)
        self._failures = 0
        self._told.clear()


class Poller:
    """Long polling. The offset moves past an update only when it is stored (or unreadable)."""

    def __init__(self, bot: Bot, intake: Intake, shortest_wait: float) -> None:
        self._bot = bot
        self._intake = intake
        self._network = Patience(shortest_wait)
        self._store = Patience(shortest_wait)
        self._offset = 0

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            batch = await self._fetch()
            before = self._offset
            for raw in batch:
                await self._take(raw)
            if batch and self._offset == before:  # would be fetched again at once
                await self._network.wait("telegram_no_progress")

    async def _fetch(self) -> list[Any]:
        try:
            # Raw, because Bot.get_updates fails as a whole (and logs texts) when a single update
            # is malformed. Spelled so that it passes as get_updates, on its own connection.
            batch = await self._bot.do_api_request(
                "get_Updates",
                api_kwargs={
                    "offset": self._offset,
                    "timeout": POLL_SECONDS,
                    "allowed_updates": list(ALLOWED_UPDATES),
                },
                read_timeout=POLL_SECONDS + 10,
            )
        except Exception as error:
            await self._trouble(error)
            return []
        if not isinstance(batch, list):
            await self._network.wait("telegram_poll_failed", error="not a list of updates")
            return []
        self._network.over()
        return batch

    async def _trouble(self, error: Exception) -> None:
        if isinstance(error, RetryAfter):
            await self._network.wait("telegram_poll_slowed", at_least=seconds(error))
        elif isinstance(error, InvalidToken):
            await self._network.wait(
                "telegram_token_refused", advice="check TELEGRAM_TOKEN; polling goes on trying"
            )
        elif isinstance(error, Conflict) and says(error, "webhook"):
            await self._network.wait(
                "telegram_conflict", advice="a webhook is set for this bot; another server uses it"
            )
        elif isinstance(error, Conflict):
            await self._network.wait(
                "telegram_conflict",
                advice="another process polls with this TELEGRAM_TOKEN; stop one of them",
            )
        else:
            await self._network.wait("telegram_poll_failed", error=reason(error))

    async def _take(self, raw: object) -> None:
        """Store one update however long the store takes to come back, then move past it."""
        while True:
            try:
                await self._intake.take(raw)
                break
            except Exception as error:
                await self._store.wait("telegram_store_unavailable", error=type(error).__name__)
        self._store.over()
        update_id = raw.get("update_id") if isinstance(raw, dict) else None
        if isinstance(update_id, int):
            self._offset = max(self._offset, update_id + 1)
