"""How full the store is, on the embedded one and on a cluster."""

from __future__ import annotations

import time

from bot.model import Update
from bot.store.figures import figures
from bot.store.store import Store


async def test_figures_tell_depth_age_memory_and_clock(store: Store) -> None:
    """Entries of all shards are counted, and the oldest one's age is told in seconds."""
    before = await figures(store)
    assert before.queues["inbox"] == (0, 0.0)
    for number in range(5):
        address = f"person {number}"
        await store.accept(Update("rest", "1", address, "text", text="x", received_at=time.time()))
    found = await figures(store)
    depth, age = found.queues["inbox"]
    assert depth == 5
    assert 0 <= age < 30
    assert found.queues["outbox"] == (0, 0.0)
    assert found.memory > 100_000
    assert found.writes
    assert abs(found.skew) < 1
