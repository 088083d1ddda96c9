"""How full and how well the store is, for the metrics."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.store.client import errors
from bot.store.store import Store

QUEUES = ("inbox", "outbox", "parked", "dead")


@dataclass(frozen=True, slots=True)
class Figures:
    """`queues`: entries that wait and the age of the oldest in seconds, by queue. `memory` and its
    limit (0: none) are in bytes. `writes`: whether the store could write to its disk the last time.
    `skew`: seconds that the store's clock is ahead of ours.
    """

    queues: Mapping[str, tuple[int, float]]
    memory: int
    memory_limit: int
    writes: bool
    skew: float


async def figures(store: Store) -> Figures:
    """Return the figures of now. Raises StoreUnavailable."""
    async with errors():
        nodes = await _nodes(store)
        began = time.time()
        clock = await store.client.time()
        skew = _seconds(clock) - (began + time.time()) / 2
        queues = await _queues(store)
    return Figures(
        queues=queues,
        memory=sum(int(node.get("used_memory", 0)) for node in nodes),
        memory_limit=sum(int(node.get("maxmemory", 0)) for node in nodes),
        writes=all(
            node.get(name, "ok") == "ok"
            for node in nodes
            for name in ("aof_last_write_status", "rdb_last_bgsave_status")
        ),
        skew=skew,
    )


async def _nodes(store: Store) -> list[Mapping[str, Any]]:
    """Return what each node tells of itself."""
    if store.settings.redis_cluster:
        await store.client.initialize()  # until then it knows no nodes
        primaries = store.client.get_primaries()
        return [await store.client.info(target_nodes=node) for node in primaries]
    return [await store.client.info()]


def _seconds(clock: Any) -> float:
    """Return the answer of TIME in seconds; a cluster answers for each node."""
    seconds, micros = next(iter(clock.values())) if isinstance(clock, dict) else clock
    return float(seconds) + float(micros) / 1e6


async def _queues(store: Store) -> dict[str, tuple[int, float]]:
    """Return how many entries wait in each queue, over all shards, and the age of the oldest; asked
    in one go."""
    cluster = store.settings.redis_cluster
    asked = store.client.pipeline() if cluster else store.client.pipeline(transaction=False)
    for name in QUEUES:
        for shard in range(store.keys.shards):
            stream = getattr(store.keys, name)(shard)
            asked.xlen(stream)
            asked.xrange(stream, count=1)
    answers = iter(await asked.execute())
    now, found = time.time(), {}
    for name in QUEUES:
        depth, age = 0, 0.0
        for _ in range(store.keys.shards):
            depth += next(answers)
            for entry, _fields in next(answers):
                age = max(age, now - int(entry.split(b"-")[0]) / 1000)
        found[name] = depth, age
    return found
