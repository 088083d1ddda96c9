"""Names, tokens and commands of a Telegram bot, and how it polls for updates."""

from __future__ import annotations

import socket
import time

import pytest
import structlog

from bot.channels.telegram import TelegramChannel
from bot.errors import (
    SettingsError,
    StoreUnavailable,
)
from tests.channels.telegram_parts import Inbox, Make, menu, until
from tests.fakes.telegram import TOKEN, FakeTelegram, Fault

pytest_plugins = ["tests.channels.telegram_fixtures"]


# -- names, tokens, commands -------------------------------------------------------------------


async def test_describe(channel: TelegramChannel) -> None:
    """The channel tells the bot's name."""
    assert await channel.describe() == "@hashar_bot"


@pytest.mark.parametrize("token", ["1234567:wrong", "nonsense"])
async def test_wrong_token(make: Make, inbox: Inbox, token: str) -> None:
    """A wrong token is one sentence that names the setting and not the token."""
    channel = make(token)
    for call in (channel.describe(), channel.start(inbox.accept)):
        with pytest.raises(SettingsError, match="TELEGRAM_TOKEN") as caught:
            await call
        assert token not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize("token", ["", "a b", "a/../b", "токен", "1:a\n"])
def test_impossible_token(token: str) -> None:
    """What cannot be a token is refused before any request."""
    with pytest.raises(SettingsError, match="TELEGRAM_TOKEN"):
        TelegramChannel(token)


def test_impossible_secret() -> None:
    """A webhook secret that Telegram would refuse is refused by name."""
    with pytest.raises(SettingsError, match="TELEGRAM_WEBHOOK_SECRET"):
        TelegramChannel(TOKEN, public_url="https://x.example", webhook_secret="a b")


async def test_commands(make: Make, inbox: Inbox, telegram: FakeTelegram) -> None:
    """The command menu is set for each language; a refused one stops nothing."""
    channel = make(
        commands={"": [("help", "Help")], "en": [("NO GOOD", "x")], "kk": [("help", "Көмек")]}
    )
    await channel.start(inbox.accept)
    await telegram.until(lambda: telegram.calls["getUpdates"] > 0)
    assert telegram.commands == {
        "": [{"command": "help", "description": "Help"}],
        "kk": [{"command": "help", "description": "Көмек"}],
    }


# -- polling -----------------------------------------------------------------------------------


async def test_polling(make: Make, inbox: Inbox, telegram: FakeTelegram) -> None:
    """Polled updates are stored in order, with the time of arrival; none is left or doubled."""
    telegram.webhook = {"url": "https://old.example", "secret_token": ""}
    telegram.user_says(7, "before the start")
    channel = make()
    assert list(channel.routes()) == []
    await channel.start(inbox.accept)
    for number in range(250):
        telegram.user_says(number % 5, str(number))
    await until(lambda: len(inbox.updates) == 251)
    assert inbox.texts == ["before the start", *map(str, range(250))]
    assert abs(inbox.updates[-1].received_at - time.time()) < 5
    await telegram.until(lambda: not telegram._pending)
    assert len(inbox.updates) == 251


async def test_polling_a_conversation(make: Make, inbox: Inbox, telegram: FakeTelegram) -> None:
    """A press carries the message it came from, so that it can be edited; a block is told."""
    channel = make()
    await channel.start(inbox.accept)
    sent = await channel.send("7", menu())
    telegram.user_presses(7, "menu")
    telegram.user_blocks(7)
    telegram.group_says(-100, "hi @hashar_bot")
    await until(lambda: len(inbox.updates) == 3)
    press, block, group = inbox.updates
    assert (press.kind, press.payload, press.reference) == ("payload", "menu", sent.reference)
    assert (block.kind, block.address) == ("blocked", "7")
    assert (group.kind, group.payload, group.address) == ("unsupported", "group", "-100")
    await channel.acknowledge(press)
    assert telegram.answered == [press.answer_to]


async def test_polling_store_down(make: Make, inbox: Inbox, telegram: FakeTelegram) -> None:
    """While the store is down the offset stays; then all arrives once, in order."""
    inbox.error = StoreUnavailable("down")
    await make().start(inbox.accept)
    for number in range(10):
        telegram.user_says(7, str(number))
    await until(lambda: inbox.tries >= 4)
    assert len(telegram._pending) == 10
    inbox.error = None
    await until(lambda: len(inbox.updates) >= 10)
    assert inbox.texts == [str(number) for number in range(10)]


async def test_polling_interrupted(make: Make, telegram: FakeTelegram) -> None:
    """A bot that stops before the store took an update gets it again at the next start."""
    first, second = Inbox(), Inbox()
    first.error = StoreUnavailable("down")
    channel = make()
    await channel.start(first.accept)
    telegram.user_says(7, "hello")
    await until(lambda: first.tries > 0)
    await channel.close()
    await make().start(second.accept)
    await until(lambda: second.texts == ["hello"])


async def test_polling_unexpected_error(make: Make, inbox: Inbox, telegram: FakeTelegram) -> None:
    """An unexpected error of the store is waited out like any other: nothing is dropped."""
    inbox.error = RuntimeError("?")
    await make().start(inbox.accept)
    telegram.user_says(7, "hello")
    await until(lambda: inbox.tries >= 2)
    inbox.error = None
    await until(lambda: inbox.texts == ["hello"])


async def test_polling_malformed(make: Make, inbox: Inbox, telegram: FakeTelegram) -> None:
    """A malformed update is counted and passed over; its neighbours arrive."""
    channel = make()
    telegram.user_says(7, "one")
    telegram.inject(7, "message", {"chat": "garbage"})
    telegram.inject(7, "callback_query", None)
    telegram.user_says(7, "two")
    await channel.start(inbox.accept)
    await until(lambda: inbox.texts == ["one", "two"])
    assert channel.malformed == 2


async def test_polling_redelivered(make: Make, inbox: Inbox, telegram: FakeTelegram) -> None:
    """A redelivered update reaches the store again (which knows it) and moves nothing back."""
    await make().start(inbox.accept)
    first = telegram.user_says(7, "one")
    telegram.user_says(7, "two")
    await until(lambda: len(inbox.updates) == 2)
    telegram.redeliver(first)
    await until(lambda: len(inbox.updates) == 3)
    telegram.user_says(7, "three")
    await until(lambda: len(inbox.updates) == 4)
    assert inbox.texts == ["one", "two", "one", "three"]


@pytest.mark.parametrize("what", ["500", "429", "reset", "401", "409", "garbage"])
async def test_polling_trouble(make: Make, inbox: Inbox, telegram: FakeTelegram, what: str) -> None:
    """Polling goes on after any trouble, and says so once."""
    calls = (1,) if what == "429" else (1, 2, 3)
    telegram.faults = [Fault(what, "getUpdates", calls=calls, retry_after=1)]
    begin = time.monotonic()
    telegram.user_says(7, "hello")
    with structlog.testing.capture_logs() as logs:
        await make().start(inbox.accept)
        await until(lambda: inbox.texts == ["hello"])
    warned = [line for line in logs if line["log_level"] == "warning"]
    assert len(warned) == 1
    assert [line["event"] for line in logs][-1] == "telegram_recovered"
    assert what != "429" or time.monotonic() - begin >= 1.0


async def test_two_pollers(make: Make, inbox: Inbox, telegram: FakeTelegram) -> None:
    """A second process with the same token is named as the cause, in one line."""
    with structlog.testing.capture_logs() as logs:
        await make().start(inbox.accept)
        await until(lambda: telegram.calls["getUpdates"] > 0)
        await make().start(inbox.accept)
        await until(lambda: any(line["event"] == "telegram_conflict" for line in logs))
    (line, *_) = [line for line in logs if line["event"] == "telegram_conflict"]
    assert "another process polls" in line["advice"]


async def test_start_without_telegram(make: Make, inbox: Inbox) -> None:
    """The bot starts while Telegram is away and receives once it is there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    channel = make(api_url=f"http://127.0.0.1:{port}")
    await channel.start(inbox.accept)
    server = FakeTelegram()
    await server.start(port)
    server.user_says(7, "hello")
    await until(lambda: inbox.texts == ["hello"])
    await channel.close()
    await server.close()


async def test_chaos(make: Make, inbox: Inbox, telegram: FakeTelegram) -> None:
    """With half of all polls failing, 200 messages arrive once each and in order."""
    telegram.faults = [
        Fault("500", "getUpdates", probability=0.2),
        Fault("reset", "getUpdates", probability=0.2),
        Fault("lost", "getUpdates", probability=0.2),
    ]
    telegram.poll_limit = 10
    await make().start(inbox.accept)
    for number in range(200):
        telegram.user_says(7, str(number))
    await until(lambda: len(inbox.updates) >= 200, 20)
    assert inbox.texts == [str(number) for number in range(200)]
