"""What one process says of itself: alive, ready and why not, and its metrics."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Iterable

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot import __version__, metrics
from bot.access import local_or_token
from bot.answers import application
from bot.errors import StoreUnavailable, UnderstandingUnavailable
from bot.library.live import LiveLibrary
from bot.serving import Connections, serve
from bot.settings import Settings
from bot.store.figures import figures
from bot.store.store import Store
from bot.understanding import Understanding

log = structlog.get_logger()

PATIENCE = 2.0
"""Seconds that store or Rasa may take to answer a question about health."""


class Health:
    """Serves /healthz, /readyz and /metrics; `stopping` is set when the process is told to end."""

    def __init__(
        self, settings: Settings, store: Store, understanding: Understanding, library: LiveLibrary
    ) -> None:
        self.settings = settings
        self.store = store
        self.understanding = understanding
        self.library = library
        self.stopping = False
        self._runner: web.AppRunner | None = None

    def routes(self) -> Iterable[web.RouteDef]:
        """Return the routes, for an application that a gateway serves."""
        return [
            web.get("/healthz", self._healthz),
            web.get("/readyz", self._readyz),
            web.get("/metrics", self._metrics),
        ]

    async def listen(self, port: int) -> None:
        """Serve on a port of its own, for a process without a gateway. Raises StartError."""
        app = application(1024)
        app.add_routes(self.routes())
        connections = Connections.from_settings(self.settings)
        self._runner = await serve(app, self.settings.host, port, connections)

    async def close(self) -> None:
        """Stop serving."""
        if self._runner:
            await self._runner.cleanup()

    async def reasons(self) -> list[str]:
        """Return why this process cannot do its work now; [] when it can."""
        found = []
        if self.stopping:
            found.append("shutting down")
        if not await self._store_answers():
            found.append("the store does not answer")
        if not self.library.current.guides:
            found.append("no content: no guide can be read")
        return found

    async def _healthz(self, request: web.Request) -> web.Response:
        """The process lives and its loop turns."""
        return web.json_response({"status": "ok", "version": __version__})

    async def _readyz(self, request: web.Request) -> web.Response:
        """503 with reasons when messages cannot be taken; 'degraded' while only free text waits."""
        reasons = await self.reasons()
        understood = await self._rasa_answers()
        status = "unready" if reasons else "ready" if understood else "degraded"
        answer = {
            "status": status,
            "reasons": reasons,
            "understanding": "ok" if understood else "waiting",
        }
        return web.json_response(answer, status=503 if reasons else 200)

    async def _metrics(self, request: web.Request) -> web.Response:
        local_or_token(request, "metrics_token", self.settings)
        await self._measure()
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _measure(self) -> None:
        """Set the gauges that are read when someone asks."""
        metrics.READY.set(not await self.reasons())
        metrics.RASA_UP.set(await self._rasa_answers())
        metrics.SHARDS.set(self.settings.shards)
        try:
            metrics.DISK_FREE.set(shutil.disk_usage(self.settings.data_dir).free)
        except OSError:
            log.warning("disk_not_measured")
        try:
            found = await asyncio.wait_for(figures(self.store), PATIENCE)
        except (StoreUnavailable, asyncio.TimeoutError):
            metrics.STORE_UP.set(0)
            return
        metrics.STORE_UP.set(1)
        metrics.STORE_BYTES.set(found.memory)
        metrics.STORE_LIMIT.set(found.memory_limit)
        metrics.STORE_WRITES.set(found.writes)
        metrics.CLOCK_SKEW.set(found.skew)
        for queue, (depth, age) in found.queues.items():
            metrics.DEPTH.labels(queue).set(depth)
            metrics.AGE.labels(queue).set(age)

    async def _store_answers(self) -> bool:
        return await _within_patience(self.store.ping())

    async def _rasa_answers(self) -> bool:
        if not self.understanding.url:
            return True  # a sender has no need of Rasa
        return await _within_patience(self.understanding.check())


async def _within_patience(asked: Awaitable[None]) -> bool:
    try:
        await asyncio.wait_for(asked, PATIENCE)
    except (StoreUnavailable, UnderstandingUnavailable, asyncio.TimeoutError):
        return False
    return True
