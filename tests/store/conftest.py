"""The store's tests run twice: on the embedded Valkey, and on a cluster of three nodes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import Settings
from bot.store.client import connect
from tests.cluster import Cluster


@pytest.fixture(scope="session")
def cluster(folder: Path) -> Iterator[Cluster]:
    """A Valkey Cluster of the session."""
    one = Cluster(folder / "cluster")
    one.start()
    yield one
    one.stop()


@pytest.fixture(params=["embedded", "cluster"])
async def settings(
    request: pytest.FixtureRequest, base_settings: Settings, valkey: str
) -> Settings:
    """Settings of one test, on an empty store of either kind."""
    one = dataclasses.replace(base_settings, redis_url=valkey)
    if request.param == "cluster":
        url = request.getfixturevalue("cluster").url
        one = dataclasses.replace(base_settings, redis_url=url, redis_cluster=True)
    client = connect(one, one.redis_url)
    await client.flushall()
    await client.aclose()
    return one
