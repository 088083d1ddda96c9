"""The shared connection: answers find who asked, and what breaks is told or mended."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from bot.errors import StoreUnavailable
from bot.settings import Settings
from bot.store import wire
from bot.store.client import connect, errors
from bot.store.wire import Shared


@pytest.fixture
async def shared(base_settings: Settings, valkey: str) -> Shared:
    """A client of the embedded store."""
    client = connect(base_settings, valkey)
    await client.flushall()
    return client


async def connections(client: Shared) -> list[str]:
    """Return the ids of the connections that the store sees."""
    return [row["id"] for row in await client.client_list()]


async def test_many_ask_at_once_over_one_connection(shared: Shared) -> None:
    """Each of many callers gets their own answer; an error reaches only who caused it."""
    before = await connections(shared)
    await asyncio.gather(*(shared.set(f"key{n}", n) for n in range(200)))
    asked = (shared.get(f"key{n}") for n in range(200))
    *answers, wrong = await asyncio.gather(
        *asked, shared.incr("wrong", 1.5), return_exceptions=True
    )
    assert answers == [str(n).encode() for n in range(200)]
    assert isinstance(wrong, Exception)
    assert await connections(shared) == before
    await shared.aclose()


async def test_who_gives_up_takes_nobody_elses_answer(shared: Shared) -> None:
    """A cancelled question leaves the order of the answers as it is, also of one that waits."""
    await shared.set("key", "value")
    for question in (shared.get("other"), shared.xread({"stream": "0"}, block=5000)):
        task = asyncio.ensure_future(question)
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert await shared.get("key") == b"value"
    await shared.xadd("stream", {"field": "1"})
    assert await shared.xread({"stream": "0"}, block=5000)
    await shared.aclose()


async def test_one_who_waits_holds_up_nobody(shared: Shared) -> None:
    """While a read waits in the store, others are answered; it hears of what they write."""
    read = asyncio.create_task(shared.xread({"stream": "0"}, block=5000))
    await asyncio.sleep(0.1)
    await shared.xadd("stream", {"field": "1"})
    ((_, [(_, fields)]),) = await asyncio.wait_for(read, 2)
    assert fields == {b"field": b"1"}
    await shared.aclose()


async def test_broken_connection_is_mended(shared: Shared) -> None:
    """After the store cut all connections, the next question is answered over a new one."""
    await shared.set("key", "value")
    with contextlib.suppress(Exception):
        await shared.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
    assert await asyncio.gather(shared.get("key"), shared.get("key")) == [b"value", b"value"]
    await shared.aclose()


async def test_silent_store_is_down(
    base_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that takes questions and answers none, as a frozen one, is told to be away."""
    monkeypatch.setattr(wire, "SECONDS", 0.2)
    greeted = asyncio.Event()

    async def freeze(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not greeted.is_set() and await reader.read(1000):
            writer.write(b"+OK\r\n" * 2)  # to the names that the library sends first
            greeted.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(freeze, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = connect(base_settings, f"redis://127.0.0.1:{port}")
    with pytest.raises(StoreUnavailable, match="TimeoutError"):
        async with errors():
            await asyncio.wait_for(client.get("key"), 5)
    await client.aclose()
    server.close()
