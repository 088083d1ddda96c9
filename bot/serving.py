"""Serving HTTP to strangers: time for everything, and so many connections at once.

aiohttp itself gives IDLE_SECONDS to a request's line and headers, counted from the connection or
the last answer; bodies have theirs (bot.body). Here are the limits it does not have.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter

import structlog
from aiohttp import web

from bot import metrics
from bot.access import THIS_MACHINE, Proxies
from bot.answers import HEADERS, error
from bot.errors import StartError
from bot.settings import Settings

log = structlog.get_logger()

IDLE_SECONDS = 20.0
"""How long a connection may say nothing, or take for a request's line and headers."""

WRITE_SECONDS = 60.0
"""How long a client may take to make room for more of an answer."""


class Connections:
    """Counts connections, in all and of each address; 0: no limit.

    Proxies speak for many people, and so may programs on this machine: those count in all only.
    """

    def __init__(self, most: int, of_address: int, proxies: Proxies) -> None:
        self._most = most
        self._of_address = of_address
        self._proxies = proxies
        self._open: Counter[str] = Counter()
        self._all = 0

    @classmethod
    def from_settings(cls, settings: Settings) -> Connections:
        """Return the limits that are set. Raises SettingsError."""
        proxies = Proxies(settings.trusted_proxies)
        return cls(settings.connections, settings.address_connections, proxies)

    def enter(self, peer: str) -> bool:
        """Count a connection; return whether there is room for it."""
        self._all += 1
        self._open[peer] += 1
        if self._most and self._all > self._most:
            return False
        shared = peer in THIS_MACHINE or peer in self._proxies
        return shared or not self._of_address or self._open[peer] <= self._of_address

    def leave(self, peer: str) -> None:
        """Count a connection that ended."""
        self._all -= 1
        self._open[peer] -= 1
        if self._open[peer] <= 0:
            del self._open[peer]


class _Handler(web.RequestHandler):
    """One connection."""

    __slots__ = ("_connections", "_peer", "_write_end")

    def __init__(self, server: web.Server, connections: Connections) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=IDLE_SECONDS,
            access_log=None,  # type: ignore[arg-type]
            logger=_LIBRARY,
        )
        self._connections = connections
        self._peer = ""
        self._write_end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        name = transport.get_extra_info("peername")
        self._peer = str(name[0]) if isinstance(name, tuple) else ""
        room = self._connections.enter(self._peer)
        super().connection_made(transport)
        if not room:
            metrics.REFUSED.labels("gateway", "connections").inc()
            assert isinstance(transport, asyncio.WriteTransport)
            transport.write(_FULL)
            self.force_close()
            transport.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connections.leave(self._peer)
        self._stop_clock()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Start the clock: the client reads slower than we write."""
        super().pause_writing()
        if self.transport:
            loop = asyncio.get_running_loop()
            self._write_end = loop.call_later(WRITE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_clock()

    def _stop_clock(self) -> None:
        if self._write_end:
            self._write_end.cancel()
            self._write_end = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP; the library's own words may quote it."""
        log.info("bad_http", status=status, type=type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("The answer has begun.")
        response = error(status, "bad_request", "This is no request that can be understood.")
        response.headers.update({**HEADERS, "Cache-Control": "no-store"})
        response.force_close()
        return response


def _library_log() -> logging.Logger:
    """Return the library's log without its words, which hold addresses and parts of requests."""

    def told(record: logging.LogRecord) -> bool:
        kind = record.exc_info[0] if record.exc_info else None
        log.warning("http_trouble", type=kind.__name__ if kind else "")
        return False

    logger = logging.Logger("hashar.http", logging.WARNING)
    logger.addFilter(told)
    return logger


_LIBRARY = _library_log()


def _full() -> bytes:
    body = json.dumps({"error": "busy", "about": "Too many connections. Please come back."})
    lines = ["HTTP/1.1 503 Service Unavailable", "Retry-After: 5", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in HEADERS.items()]
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}", "", body]
    return "\r\n".join(lines).encode()


_FULL = _full()


class _Site(web.BaseSite):
    """A TCP port with our connections."""

    def __init__(
        self, runner: web.AppRunner, host: str, port: int, connections: Connections
    ) -> None:
        super().__init__(runner, backlog=1024)
        self._address = (host, port)
        self._connections = connections

    @property
    def name(self) -> str:
        """Host and port that were asked for."""
        return f"http://{self._address[0]}:{self._address[1]}"

    async def start(self) -> None:
        """Listen."""
        await super().start()
        server = self._runner.server
        assert server is not None
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Handler(server, self._connections), *self._address, backlog=self._backlog
        )


async def serve(
    app: web.Application, host: str, port: int, connections: Connections
) -> web.AppRunner:
    """Listen; return the runner, whose `cleanup` ends it. Raises StartError."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=3.0)
    await runner.setup()
    try:
        await _Site(runner, host, port, connections).start()
    except (OSError, OverflowError) as error:
        await runner.cleanup()
        raise StartError(
            f"Port {port} on {host} cannot be used ({getattr(error, 'strerror', None) or error}); "
            "choose a free one with PORT or --port."
        ) from error
    return runner
