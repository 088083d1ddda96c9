"""The whole system on loopback, with the settings that a test is about."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from bot import logs
from bot.settings import Settings
from bot.system import System
from tests.conftest import _library
from tests.fakes.rasa import FakeRasa

Run = Callable[..., AbstractAsyncContextManager[System]]


@pytest.fixture
def run(settings: Settings, fake_rasa: FakeRasa) -> Run:
    """Run the system: `async with run(user_rate=2) as system`."""

    @contextlib.asynccontextmanager
    async def running(**changes: Any) -> AsyncIterator[System]:
        changed = dataclasses.replace(settings, **changes)
        logs.configure(changed)
        one = System(changed, changed.redis_url, fake_rasa.url, library=_library())
        await one.start(alone=True)
        try:
            yield one
        finally:
            await one.stop()

    return running


def port(system: System) -> int:
    """Return the port of a system's gateway."""
    assert system.gateway is not None
    return system.gateway.port


def url(system: System) -> str:
    """Return the address of a system's gateway."""
    return f"http://127.0.0.1:{port(system)}"
