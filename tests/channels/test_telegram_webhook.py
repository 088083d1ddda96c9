"""Telegram pushes updates to the webhook; no log tells what they hold."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import structlog
from aiohttp import web

from bot.channels.telegram import ROUTE, TelegramChannel
from bot.channels.telegram_receive import SECRET_HEADER
from bot.errors import (
    DeliveryError,
    SettingsError,
    StoreUnavailable,
)
from bot.model import Message
from tests.channels.telegram_parts import BROKEN, SECRET, Inbox, Make, said, until
from tests.fakes.telegram import TOKEN, FakeTelegram, Fault

pytest_plugins = ["tests.channels.telegram_fixtures"]


Serve = Callable[[TelegramChannel], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve a channel's routes in a real aiohttp application."""
    runners: list[web.AppRunner] = []

    async def run(channel: TelegramChannel, port: int = 0) -> str:
        app = web.Application()
        app.add_routes(channel.routes())
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}{ROUTE}"

    yield run
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
def hooked(make: Make) -> TelegramChannel:
    """A channel in webhook mode."""
    return make(public_url="https://bot.example/", webhook_secret=SECRET)


async def post(url: str, body: Any, secret: str | None = SECRET) -> int:
    """Return the status that the webhook answers."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {} if secret is None else {SECRET_HEADER: secret}
    async with aiohttp.request("POST", url, data=data, headers=headers) as response:
        assert await response.text() == ""
        return response.status


async def test_webhook_is_set(
    hooked: TelegramChannel, inbox: Inbox, telegram: FakeTelegram
) -> None:
    """The webhook is registered with its secret and the kinds of update we read; no polling."""
    await hooked.start(inbox.accept)
    assert telegram.webhook["url"] == "https://bot.example/webhooks/telegram"
    assert telegram.webhook["secret_token"] == SECRET
    assert json.loads(telegram.webhook["allowed_updates"]) == [
        "message",
        "callback_query",
        "my_chat_member",
    ]
    await asyncio.sleep(0.05)
    assert telegram.calls["getUpdates"] == 0


async def test_webhook_secret_is_never_empty(
    make: Make, inbox: Inbox, telegram: FakeTelegram
) -> None:
    """Without a secret one is derived: the same in each process, and not the token."""
    secrets = set()
    for _ in range(2):
        await make(public_url="https://bot.example").start(inbox.accept)
        secrets.add(telegram.webhook["secret_token"])
    (secret,) = secrets
    assert len(secret) == 64
    assert TOKEN not in secret


async def test_webhook_address_refused(make: Make, inbox: Inbox) -> None:
    """A webhook address that Telegram refuses is one sentence that names the setting."""
    channel = make(public_url="http://bot.example")
    with pytest.raises(SettingsError, match="PUBLIC_URL"):
        await channel.start(inbox.accept)


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET[:-1], "\u044f"])
async def test_webhook_forbidden(
    hooked: TelegramChannel, serve: Serve, inbox: Inbox, secret: str | None
) -> None:
    """Without the right secret: 403, and nothing is done."""
    await hooked.start(inbox.accept)
    url = await serve(hooked)
    for body in (said("hi"), b"{"):
        assert await post(url, body, secret) == 403
    assert inbox.tries == 0
    assert hooked.malformed == 0


async def test_webhook_stores_first(hooked: TelegramChannel, serve: Serve, inbox: Inbox) -> None:
    """200 comes after the update is stored; an update seen before gets its 200 as well."""
    await hooked.start(inbox.accept)
    url = await serve(hooked)
    assert [await post(url, said("hi")), await post(url, said("hi"))] == [200, 200]
    assert inbox.texts == ["hi", "hi"]
    assert await post(url, {"update_id": 6, "edited_message": {}}) == 200
    assert len(inbox.updates) == 2


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"[1]", b'{"update_id": 1' + b"0" * 5000 + b"}"]
    + [json.dumps(row[1]).encode() for row in BROKEN],
)
async def test_webhook_malformed(
    hooked: TelegramChannel, serve: Serve, inbox: Inbox, body: bytes
) -> None:
    """What cannot be read gets 200, or it would come again for ever; it is counted."""
    await hooked.start(inbox.accept)
    assert await post(await serve(hooked), body) == 200
    assert inbox.tries == 0
    assert hooked.malformed == 1


async def test_webhook_store_down(hooked: TelegramChannel, serve: Serve, inbox: Inbox) -> None:
    """503 while the store is down, and before the start: Telegram sends again."""
    url = await serve(hooked)
    assert await post(url, said("early")) == 503
    await hooked.start(inbox.accept)
    inbox.error = StoreUnavailable("down")
    assert await post(url, said("hi")) == 503
    inbox.error = None
    assert await post(url, said("hi")) == 200


async def test_webhook_round_trip(
    make: Make, serve: Any, inbox: Inbox, telegram: FakeTelegram
) -> None:
    """Telegram pushes, is refused while the store is down, pushes again; order is kept."""
    inbox.error = StoreUnavailable("down")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    channel = make(public_url=f"http://127.0.0.1:{port}", webhook_secret=SECRET)
    await serve(channel, port)
    telegram.user_says(1, "0")
    await channel.start(inbox.accept)
    for number in range(1, 100):
        telegram.user_says(1 + number % 4, str(number))
    await telegram.until(lambda: telegram.pushes[503] > 4)
    inbox.error = None
    await until(lambda: len(inbox.updates) == 100)
    for chat in range(1, 5):
        texts = [int(update.text) for update in inbox.updates if update.address == str(chat)]
        assert texts == sorted(texts)
        assert len(texts) == 25
    await until(lambda: telegram.pushes[200] == 100)


# -- secrets -----------------------------------------------------------------------------------


async def test_logs_tell_nothing(
    make: Make,
    inbox: Inbox,
    telegram: FakeTelegram,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No log at any level holds the token, a text, a name or an address."""
    caplog.set_level(logging.DEBUG)
    telegram.faults = [
        Fault("reset", "getUpdates", calls=(1,)),
        Fault("401", "getUpdates", calls=(2,)),
        Fault("garbage", "getUpdates", calls=(3,), description="secret-text"),
        Fault("garbage", "", calls=(1,), description="secret-text"),
        Fault("400", calls=(2,), description="Bad Request: chat 778899 said secret-text"),
    ]
    with structlog.testing.capture_logs() as logs:
        channel = make()
        await channel.start(inbox.accept)
        telegram.user_says(778899, "secret-text")
        telegram.inject(778899, "message", {"chat": {}, "text": "secret-text"})
        await until(lambda: bool(inbox.updates) and channel.malformed == 1)
        for text in ("secret-text <b>", "secret-text", "<secret-text"):
            try:
                await channel.send("778899", Message(text))
            except DeliveryError as error:
                logs.append({"event": str(error), "log_level": "error"})
        await channel.acknowledge(dataclasses.replace(inbox.updates[0], answer_to="old"))
        await channel.close()
        with pytest.raises(SettingsError):
            await make("1234567:wrong-token-here").describe()
    told = f"{caplog.text} {logs} {capsys.readouterr()}"
    assert len(logs) >= 5
    for secret in (TOKEN, TOKEN.split(":")[1], "secret-text", "778899", "Ann", "wrong-token-here"):
        assert secret not in told
