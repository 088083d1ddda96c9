"""Clients that are slow on purpose, or too many: real sockets against the real gateway."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator

import pytest

from bot.access import Proxies
from bot.serving import Connections
from bot.system import System
from tests.security.conftest import Run, port

HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST /web/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


class Line:
    """A TCP connection as an attacker holds it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ends(self, seconds: float = 20.0) -> bytes:
        """Return what came until the other side closed the line."""
        with contextlib.suppress(ConnectionError):
            return await asyncio.wait_for(self.reader.read(), seconds)
        return b""

    async def drip(self, data: bytes, every: float) -> None:
        """Send byte after byte."""
        with contextlib.suppress(ConnectionError):
            for byte in data:
                self.writer.write(bytes([byte]))
                await self.writer.drain()
                await asyncio.sleep(every)


@contextlib.asynccontextmanager
async def line(system: System, source: str = "127.0.0.1") -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port(system), local_addr=(source, 0)
    )
    try:
        yield Line(reader, writer)
    finally:
        writer.close()


async def healthy(system: System, source: str = "127.0.0.1") -> bool:
    """Return whether a well-behaved client is served."""
    async with line(system, source) as one:
        one.writer.write(HEAD + b"Connection: close\r\n\r\n")
        return b'"status": "ok"' in await one.ends()


async def recovers(system: System, source: str = "127.0.0.1") -> None:
    """Wait until a well-behaved client is served again."""
    for _ in range(100):
        if await healthy(system, source):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("nobody is served any more")


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds instead of minutes."""
    monkeypatch.setattr("bot.serving.IDLE_SECONDS", 1.0)
    monkeypatch.setattr("bot.serving.WRITE_SECONDS", 0.5)
    monkeypatch.setattr("bot.body.SECONDS", 0.5)


async def test_headers_that_drip_are_cut_off(run: Run, hasty: None) -> None:
    """Slow-loris: a byte now and then keeps no connection, neither at first nor later."""
    async with run() as system:
        for begun in (b"", HEAD + b"\r\n"):
            async with line(system) as one:
                one.writer.write(begun)
                if begun:
                    assert await one.reader.readline() == b"HTTP/1.1 200 OK\r\n"
                dripping = asyncio.create_task(one.drip(HEAD * 12, 0.1))
                began = time.monotonic()
                await one.ends()
                assert time.monotonic() - began < 15, "a minute of dripping"
                await dripping
        assert await healthy(system)


async def test_a_silent_connection_is_closed(run: Run, hasty: None) -> None:
    async with run() as system, line(system) as one:
        assert await one.ends() == b""


@pytest.mark.parametrize(
    "head",
    [
        POST + b"Content-Length: 1000\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n3e8\r\n",
        POST.replace(b"/web/messages", b"/webhooks/rest/webhook") + b"Content-Length: 1000\r\n\r\n",
        POST.replace(b"/web/messages", b"/model/parse") + b"Content-Length: 1000\r\n\r\n",
        POST.replace(b"/web/messages", b"/web/form") + b"Content-Length: 1000\r\n\r\n",
    ],
)
async def test_bodies_that_drip_are_cut_off(run: Run, hasty: None, head: bytes) -> None:
    async with run() as system, line(system) as one:
        one.writer.write(head)
        dripping = asyncio.create_task(one.drip(b" " * 30, 0.05))
        assert (await asyncio.wait_for(one.reader.readline(), 15)).startswith(b"HTTP/1.1 408")
        dripping.cancel()


async def test_who_does_not_read_is_hung_up_on(run: Run, hasty: None) -> None:
    """Asking for much and reading nothing fills no memory."""
    async with run() as system:
        with socket.socket() as raw:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            raw.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(raw, ("127.0.0.1", port(system)))
            asked = (HEAD.replace(b"/healthz", b"/static/hashar-chat.js") + b"\r\n") * 4000

            async def ask_on() -> None:
                await loop.sock_sendall(raw, asked)
                while True:
                    await loop.sock_sendall(raw, b"GET / HTTP/1.1\r\n")
                    await asyncio.sleep(0.1)

            with pytest.raises(ConnectionError):
                await asyncio.wait_for(ask_on(), 40)
        assert await healthy(system)


async def test_one_address_gets_so_many_connections(run: Run) -> None:
    """Another address is served all the while, and room is made when one of them ends."""
    async with run(address_connections=3) as system, contextlib.AsyncExitStack() as stack:
        held = [await stack.enter_async_context(line(system, "127.0.0.2")) for _ in range(3)]
        async with line(system, "127.0.0.2") as fourth:
            answer = await fourth.ends()
            assert answer.startswith(b"HTTP/1.1 503")
            assert b"Retry-After: 5" in answer
            assert b"nosniff" in answer
        assert await healthy(system, "127.0.0.3")
        held[0].writer.close()
        await recovers(system, "127.0.0.2")


async def test_all_together_get_so_many_connections(run: Run) -> None:
    async with run(connections=5) as system, contextlib.AsyncExitStack() as stack:
        held = [await stack.enter_async_context(line(system, f"127.0.1.{n}")) for n in range(1, 6)]
        await asyncio.sleep(0.1)
        assert not await healthy(system)
        for one in held:
            one.writer.close()
        await recovers(system)


def test_proxies_and_this_machine_speak_for_many() -> None:
    connections = Connections(0, 1, Proxies("10.0.0.0/8"))
    for peer in ("10.1.2.3", "127.0.0.1", "::1", ""):
        assert all(connections.enter(peer) for _ in range(5)), peer
    assert connections.enter("192.0.2.1")
    assert not connections.enter("192.0.2.1")
    connections.leave("192.0.2.1")
    connections.leave("192.0.2.1")
    assert connections.enter("192.0.2.1")


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost: x\r\nIIN 900101300123: y\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 2000 + b"\r\n",
        POST + b"Content-Length: -5\r\n\r\n",
        POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: gzip\r\n\r\n",
        b"\x00\x00\x00\x00\r\n\r\n",
        b"GET /\xff\xfe<script> HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: [\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_refused_in_few_words(
    run: Run, request_: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    """With our headers, without a word of the request, in the answer and in the log."""
    async with run() as system:
        async with line(system) as one:
            one.writer.write(request_)
            one.writer.write_eof()
            answer = await one.ends()
        assert answer == b"" or b" 500 " not in answer.split(b"\r\n")[0]
        if answer.startswith(b"HTTP/1.1 4"):
            assert b"Content-Security-Policy" in answer
            assert b"nosniff" in answer
            assert b"ython" not in answer
            for word in (b"script", b"900101300123", b"aaaa"):
                assert word not in answer.split(b"\r\n\r\n", 1)[1]
        assert await healthy(system)
    assert "900101300123" not in "".join(capfd.readouterr())
