"""A copy of the embedded store by its own means, and what has to be done before it serves again."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

from bot.errors import StartError
from bot.store.client import errors
from bot.store.store import Store

_BASE = "appendonly.aof.1.base.rdb"
_MANIFEST = "appendonly.aof.manifest"
RESTORED = "restored"
"""The attempt that a restored answer is marked with: it may have been sent after the copy."""


async def snapshot(store: Store, target: Path, seconds: float = 300.0) -> int:
    """Write all that the store holds at one moment to a file; return the number of keys.

    The store goes on serving meanwhile. Only for a store on this machine. Raises StartError.
    """
    async with errors():
        before = await store.client.info("persistence")
        await store.client.bgsave(schedule=True)
        deadline = time.monotonic() + seconds
        while True:
            now = await store.client.info("persistence")
            if now["rdb_saves"] > before["rdb_saves"] and not now["rdb_bgsave_in_progress"]:
                break
            if now["rdb_last_bgsave_status"] != "ok" or time.monotonic() > deadline:
                raise StartError("The store could not write its copy; see store.log in DATA_DIR.")
            await asyncio.sleep(0.05)
        folder = (await store.client.config_get("dir"))["dir"]
        name = (await store.client.config_get("dbfilename"))["dbfilename"]
        count = int(await store.client.dbsize())
    await asyncio.to_thread(shutil.move, f"{folder}/{name}", target)
    return count


def lay_out(copy: Path, folder: Path) -> None:
    """Put a copy where a store with an append-only file reads it at its start.

    A store that keeps such a file starts empty when it finds a copy alone, so the copy becomes the
    file's base.
    """
    files = folder / "appendonlydir"
    files.mkdir(parents=True, mode=0o700)
    shutil.copyfile(copy, files / _BASE)
    (files / _MANIFEST).write_text(f"file {_BASE} seq 1 type b\n", encoding="ascii")


async def mark_answers(store: Store) -> int:
    """Mark every answer that waits to be sent as one that may have arrived; return their number."""
    count = 0
    async with errors():
        for shard in range(store.keys.shards):
            entries = await store.client.xrange(store.keys.outbox(shard))
            for entry, _ in entries:
                await store.client.hset(store.keys.marks(shard), entry, RESTORED)
            count += len(entries)
    return count
