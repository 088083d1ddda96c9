"""Shared parts: a real store, the real model, a running system, and a chat that reads as one."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
    os.environ.setdefault(name, "1")

from bot.embedded import EmbeddedRasa, EmbeddedStore
from bot.errors import UnderstandingUnavailable
from bot.library.live import LiveLibrary
from bot.settings import Settings
from bot.store.client import connect
from bot.store.seal import Sealer
from bot.store.store import Store
from bot.system import System
from bot.understanding import Understanding
from tests.chat import Chat
from tests.fakes.rasa import FakeRasa

ROOT = Path(__file__).parent.parent
SetUp = Callable[..., Settings]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with one test that needs the model, and so trains it, and end with the others: of two
    processes one trains while the other tests what needs no model. Long tests before short ones,
    so that both end together."""

    def needs_model(item: pytest.Item) -> bool:
        return not {"model", "rasa_url"}.isdisjoint(getattr(item, "fixturenames", ()))

    items.sort(key=lambda item: (needs_model(item), item.get_closest_marker("slow") is None))
    if first := next(filter(needs_model, items), None):
        items.remove(first)
        items.insert(0, first)


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A short-lived folder with a short path, as a Unix socket's path must be short."""
    path = Path(tempfile.mkdtemp(prefix="hashar-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def base_settings(folder: Path) -> Settings:
    """Settings that touch nothing outside the session's folder."""
    return Settings(
        port=0,
        data_dir=folder,
        content_dir=ROOT / "content",
        models_dir=ROOT / "models",
        lease_seconds=1.5,
        user_rate=0,
        passage_vectors=False,
        secret_keys="test-key",
        id_key="test-id",
    )


@pytest.fixture(scope="session")
def valkey(base_settings: Settings) -> Iterator[str]:
    """A real Valkey of the session; its address."""
    store = EmbeddedStore(base_settings)
    store.start()
    yield store.url
    store.stop()


@pytest.fixture(scope="session")
def library(folder: Path) -> LiveLibrary:
    """The real content; its passages are found by words."""
    return _loaded()


@functools.lru_cache(maxsize=1)
def _loaded() -> LiveLibrary:
    return LiveLibrary(ROOT / "content")


def _library() -> LiveLibrary:
    """A live library of one test that shares the content read once for all tests."""
    return copy.copy(_loaded())


@pytest.fixture(scope="session")
def model() -> Path:
    """The path of the model for the present data, trained in a process of its own when stale.

    TRAIN=0 takes the newest model, fresh or not.
    """
    from nlu.train import newest_model

    newest = newest_model()
    if os.environ.get("TRAIN") == "0" and newest:
        return newest
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "nlu.train"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return Path(done.stdout.strip())


@pytest.fixture(scope="session")
def rasa_url(
    base_settings: Settings, folder: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The real model behind Rasa's HTTP server.

    RASA_URL names a server that runs already, to try a dialogue again and again.
    """
    if running := os.environ.get("RASA_URL"):
        yield running
        return
    request.getfixturevalue("model")
    settings = dataclasses.replace(base_settings, data_dir=folder / "rasa")
    rasa = EmbeddedRasa(settings, train=False)

    async def ready() -> None:
        await rasa.start()
        understanding = Understanding(rasa.url, 5)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                await understanding.check()
                break
            except UnderstandingUnavailable:
                await asyncio.sleep(0.2)
        else:
            raise TimeoutError((folder / "rasa" / "rasa.log").read_text()[-2000:])
        await understanding.close()

    asyncio.run(ready())
    yield rasa.url
    rasa.child.stop()


@pytest.fixture
async def settings(base_settings: Settings, valkey: str) -> Settings:
    """Settings of one test, on an empty store."""
    client = connect(base_settings, valkey)
    await client.flushall()
    await client.aclose()
    return dataclasses.replace(base_settings, redis_url=valkey)


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    """A store of one test."""
    one = Store(settings, settings.redis_url, Sealer.from_settings(settings))
    yield one
    await one.close()


@pytest.fixture
async def fake_rasa() -> AsyncIterator[FakeRasa]:
    """A Rasa that can be slow, broken or away."""
    fake = FakeRasa()
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
async def system(settings: Settings, fake_rasa: FakeRasa, folder: Path) -> AsyncIterator[System]:
    """The whole system in this process, with the fake Rasa."""
    one = System(settings, settings.redis_url, fake_rasa.url, library=_library())
    await one.start(alone=True)
    yield one
    await one.stop()


@pytest.fixture
async def real_system(settings: Settings, rasa_url: str) -> AsyncIterator[System]:
    """The whole system in this process, with the real model."""
    one = System(settings, settings.redis_url, rasa_url, library=_library())
    await one.start(alone=True)
    yield one
    await one.stop()


@pytest.fixture
async def chat(real_system: System) -> AsyncIterator[Chat]:
    """A conversation with the real system."""
    async with Chat.with_system(real_system) as one:
        yield one


@pytest.fixture
async def quick_chat(system: System) -> AsyncIterator[Chat]:
    """A conversation with the system that has the fake Rasa."""
    async with Chat.with_system(system) as one:
        yield one
