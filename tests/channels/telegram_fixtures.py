"""Fixtures of the tests of the Telegram channel; modules name this one in `pytest_plugins`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.channels.telegram import TelegramChannel
from tests.channels.telegram_parts import Inbox, Make
from tests.fakes.telegram import TOKEN, FakeTelegram


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    """A fake Telegram on a free port; person 7 has spoken to the bot."""
    async with FakeTelegram() as server:
        server.chats.add(7)
        yield server


@pytest.fixture
def inbox() -> Inbox:
    """What the channel stored."""
    return Inbox()


@pytest.fixture
async def make(telegram: FakeTelegram) -> AsyncIterator[Make]:
    """Make channels that are closed at the end."""
    made: list[TelegramChannel] = []

    def build(token: str = TOKEN, **options: Any) -> TelegramChannel:
        options = {"api_url": telegram.url, "retry_seconds": 0.01, **options}
        made.append(TelegramChannel(token, **options))
        return made[-1]

    yield build
    for channel in made:
        await channel.close()


@pytest.fixture
def channel(make: Make) -> TelegramChannel:
    """A channel that has not been started; sending needs no more."""
    return make()
