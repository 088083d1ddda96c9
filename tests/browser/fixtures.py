"""Fixtures of all tests of the web chat; modules name this one in `pytest_plugins`."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.library.live import LiveLibrary
from bot.settings import Settings
from tests.browser.site import Site, content
from tests.browser.visitors import Visitor
from tests.fakes.rasa import FakeRasa


@pytest.fixture
def live() -> LiveLibrary:
    """The real content, without vectors."""
    return content()


@pytest.fixture
async def site(settings: Settings, live: LiveLibrary, fake_rasa: FakeRasa) -> AsyncIterator[Site]:
    """The web chat, answered by a worker."""
    one = Site(settings, live, fake_rasa.url)
    await one.start()
    yield one
    await one.stop()


@pytest.fixture
async def visitor(site: Site) -> AsyncIterator[Visitor]:
    """Somebody who opens the page for the first time."""
    one = Visitor(site.url)
    yield one
    await one.http.close()


@pytest.fixture
async def other(site: Site) -> AsyncIterator[Visitor]:
    """Somebody else."""
    one = Visitor(site.url)
    yield one
    await one.http.close()
