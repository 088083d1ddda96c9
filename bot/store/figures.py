"""How full and how well the store is, for the metrics."""

from __future__ import annotations

import asyncio
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
        counted = await asyncio.gather(*(_queue(store, name) for name in QUEUES))
    return Figures(
        queues=dict(zip(QUEUES, counted, strict=True)),
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


async def _queue(store: Store, name: str) -> tuple[int, float]:
    """Return how many entries wait in a queue, over all shards, and the age of the oldest."""
    streams = [getattr(store.keys, name)(shard) for shard in range(store.keys.shards)]
    depths = await asyncio.gather(*(store.client.xlen(stream) for stream in streams))
    filled = [stream for stream, depth in zip(streams, depths, strict=True) if depth]
    oldest = await asyncio.gather(*(store.client.xrange(one, count=1) for one in filled))
    written = [int(rows[0][0].split(b"-")[0]) / 1000 for rows in oldest if rows]
    age = max(0.0, time.time() - min(written)) if written else 0.0
    return sum(depths), age
