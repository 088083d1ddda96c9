"""What ends by itself after a time, beside the keys that the store lets expire."""

from __future__ import annotations

import time

from bot.store.client import errors
from bot.store.keys import AUDIT
from bot.store.store import Store

TRIM_SECONDS = 10.0
"""How often a worker looks through its shards; the least that a setting of days can mean."""


async def trim(store: Store, shard: int) -> None:
    """Erase dead letters of a shard older than DEAD_DAYS; the rest goes without us then.

    Raises StoreUnavailable.
    """
    await _end_old(store, store.keys.dead(shard), store.settings.dead_days * 86400)


async def note(store: Store, what: str) -> None:
    """Note that an admin's command changed something: its words, no person, AUDIT_DAYS long.

    Raises StoreUnavailable.
    """
    async with errors():
        await store.client.xadd(AUDIT, {"what": what}, maxlen=10_000)
    await _end_old(store, AUDIT, store.settings.audit_days * 86400)


async def notes(store: Store) -> list[tuple[float, str]]:
    """Return when (seconds since the epoch) which command changed something, oldest first."""
    await _end_old(store, AUDIT, store.settings.audit_days * 86400)
    async with errors():
        rows = await store.client.xrange(AUDIT)
    return [(int(entry.split(b"-")[0]) / 1000, fields[b"what"].decode()) for entry, fields in rows]


async def _end_old(store: Store, stream: str, seconds: float) -> None:
    """Erase entries older than some seconds, and let the stream end with its newest entry."""
    async with errors():
        oldest = int((time.time() - seconds) * 1000)
        await store.client.xtrim(stream, minid=oldest, approximate=False)
        newest = await store.client.xrevrange(stream, count=1)
        if newest:
            ends = int(newest[0][0].split(b"-")[0]) + int(seconds * 1000)
            await store.client.pexpireat(stream, ends)
