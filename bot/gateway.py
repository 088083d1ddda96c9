"""The HTTP side: webhooks in, web chat, Rasa's interfaces, health and metrics."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot import __version__, metrics
from bot.access import local_or_token
from bot.channels.base import Channel
from bot.errors import StartError, StoreUnavailable, UnderstandingUnavailable
from bot.model import Update
from bot.settings import Settings
from bot.store.store import Store
from bot.understanding import Understanding

log = structlog.get_logger()

BODY_LIMIT = 256 * 1024
"""Bytes of a request's body; the longest platform update is far below."""


class Gateway:
    """Serves the channels' routes and hands their updates to the store."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        channels: Sequence[Channel],
        understanding: Understanding,
    ) -> None:
        self.settings = settings
        self.store = store
        self.channels = channels
        self.understanding = understanding
        self.port = settings.port
        self._runner: web.AppRunner | None = None

    async def accept(self, update: Update) -> bool:
        """Store an update durably. Returns False for one that was seen before."""
        if not update.received_at:
            raise ValueError("an update needs received_at")
        new = await self.store.accept(update)
        if new:
            metrics.UPDATES.labels(update.channel, update.kind).inc()
        else:
            metrics.DUPLICATES.labels(update.channel).inc()
        return new

    def app(self) -> web.Application:
        """Return the HTTP application."""
        app = web.Application(client_max_size=BODY_LIMIT, middlewares=[_errors])
        app.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._metrics),
                web.get("/status", self._status),
                web.post("/model/parse", self._parse),
            ]
        )
        for channel in self.channels:
            app.add_routes(channel.routes())
        return app

    async def start(self) -> None:
        """Listen, then start the channels. Raises StartError when the port is taken."""
        self._runner = web.AppRunner(self.app(), access_log=None, shutdown_timeout=3.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.settings.host, self.settings.port, backlog=1024)
        try:
            await site.start()
        except OSError as error:
            raise StartError(
                f"Port {self.settings.port} on {self.settings.host} cannot be used "
                f"({error.strerror or error}); set PORT to a free one."
            ) from error
        addresses = self._runner.addresses
        self.port = addresses[0][1] if addresses else self.settings.port
        for channel in self.channels:
            await channel.start(self.accept)

    async def stop(self) -> None:
        """Stop receiving, then close the server."""
        for channel in self.channels:
            await channel.close()
        if self._runner:
            await self._runner.cleanup()

    # -- health ----------------------------------------------------------------------------

    async def _healthz(self, request: web.Request) -> web.Response:
        """The process lives and its loop turns."""
        return web.json_response({"status": "ok", "version": __version__})

    async def _readyz(self, request: web.Request) -> web.Response:
        """Messages can be taken (the store answers); says whether free text is understood."""
        understanding = "ok"
        try:
            await self.store.ping()
        except StoreUnavailable:
            return web.json_response({"status": "store down"}, status=503)
        try:
            await self.understanding.check()
        except UnderstandingUnavailable:
            understanding = "waiting"
        return web.json_response({"status": "ok", "understanding": understanding})

    async def _metrics(self, request: web.Request) -> web.Response:
        local_or_token(request, self.settings.metrics_token, self.settings)
        try:
            for queue, depth in (await self.store.depths()).items():
                metrics.DEPTH.labels(queue).set(depth)
        except StoreUnavailable:
            log.warning("metrics_without_store")
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    # -- Rasa's interfaces -----------------------------------------------------------------

    async def _status(self, request: web.Request) -> web.Response:
        local_or_token(request, self.settings.rest_token, self.settings)
        return web.json_response({"model_file": "", "num_active_training_jobs": 0})

    async def _parse(self, request: web.Request) -> web.Response:
        local_or_token(request, self.settings.rest_token, self.settings)
        try:
            data = await request.json()
        except (ValueError, UnicodeDecodeError):
            raise web.HTTPBadRequest(text="The body must be JSON in UTF-8.") from None
        text = data.get("text") if isinstance(data, dict) else None
        if not isinstance(text, str) or len(text) > 20_000:
            raise web.HTTPBadRequest(
                text='The body must be {"text": …}, at most 20,000 characters.'
            )
        try:
            return web.json_response(await self.understanding.parse(text))
        except UnderstandingUnavailable:
            raise web.HTTPServiceUnavailable(text="Rasa does not answer. Try again.") from None


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer an unexpected error with 500 and log its type and place, never its data."""
    began = time.perf_counter()
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except StoreUnavailable:
        headers = {"Retry-After": "2"}
        return web.Response(status=503, text="The store does not answer.", headers=headers)
    except Exception as error:
        route = request.match_info.route.resource
        metrics.ERRORS.labels("gateway", type(error).__name__).inc()
        log.error(
            "request_failed",
            route=route.canonical if route else "",
            type=type(error).__name__,
            ms=round((time.perf_counter() - began) * 1000),
        )
        return web.Response(status=500, text="Something went wrong here.")
