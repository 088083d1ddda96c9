"""Who serves which shard. A lease is fenced: its token stands in every commit."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable

import structlog

from bot import metrics
from bot.errors import StoreUnavailable
from bot.store import scripts
from bot.store.client import errors
from bot.store.store import Store

log = structlog.get_logger()

Started = Callable[[int, str], None]
Stopped = Callable[[int], Awaitable[None]]


class Leases:
    """Keeps a fair share of the shards for one process in one role ('worker' or 'sender').

    Each third of the lease time it renews its leases, counts the live processes of the role,
    and takes free shards or gives some back until everyone has an equal share. `started` is
    called with a shard and its token, `stopped` with a shard that was lost or is given back. One
    that is given back is renewed until `stopped` has returned, and only then freed.
    """

    def __init__(self, store: Store, role: str, started: Started, stopped: Stopped) -> None:
        self.store = store
        self.role = role
        self.held: dict[int, str] = {}
        self._leaving: dict[int, asyncio.Task[None]] = {}
        self._ending: dict[int, asyncio.Task[None]] = {}
        self._member = secrets.token_hex(8)
        self._started = started
        self._stopped = stopped
        self._seconds = store.settings.lease_seconds
        self._renew = store.client.register_script(scripts.RENEW)
        self._release = store.client.register_script(scripts.RELEASE)
        self._deadline: dict[int, float] = {}
        self._one_step = asyncio.Lock()
        self._closing = False

    async def run(self) -> None:
        """Keep the share until cancelled or closed."""
        while not self._closing:
            try:
                await self.step()
            except StoreUnavailable:
                self._drop_expired()
            metrics.LEASES.labels(self.role).set(len(self.held))
            await asyncio.sleep(self._seconds / 3)

    async def step(self) -> None:
        """Renew, then take or give back shards once."""
        async with self._one_step:
            await self._step()

    async def _step(self) -> None:
        shards = list(self.held)
        renewed = await asyncio.gather(*(self._renewed(shard) for shard in shards))
        for shard, kept_it in zip(shards, renewed, strict=True):
            if not kept_it:
                self._lose(shard)
        share = await self._share()
        if self._closing:
            return
        kept = [shard for shard in self.held if shard not in self._leaving]
        for shard in kept[share:]:
            self._leave(shard)
        for shard in self._order():
            if len(kept) >= share or self._closing:
                break
            free = shard not in self.held and shard not in self._ending
            if free and await self._take(shard):
                kept.append(shard)

    def valid(self, shard: int) -> bool:
        """Return whether this process surely still holds a shard, by its own clock.

        The clock goes on while a process is frozen, so that one that was knows it at once.
        """
        return shard in self.held and time.monotonic() < self._deadline[shard]

    async def close(self) -> None:
        """Give all shards back, when the work in flight is done, and leave."""
        self._closing = True
        async with self._one_step:  # a step that takes shards comes to its end first
            for shard in list(self.held):
                self._leave(shard)
        await asyncio.gather(*self._leaving.values(), return_exceptions=True)
        with contextlib.suppress(StoreUnavailable):
            async with errors():
                await self.store.client.zrem(self.store.keys.members(self.role), self._member)

    def _leave(self, shard: int) -> None:
        if shard not in self._leaving:
            self._leaving[shard] = asyncio.create_task(self._give_back(shard))

    async def _give_back(self, shard: int) -> None:
        token = self.held[shard]
        try:
            await self._stopped(shard)
            self.held.pop(shard, None)
            async with errors():
                await self._release([self.store.keys.lease(self.role, shard)], [token])
        except StoreUnavailable:
            log.warning("lease_not_released", role=self.role, shard=shard)
        finally:
            self._leaving.pop(shard, None)

    def _order(self) -> list[int]:
        """Return the shards in an own order, so that processes do not race for the same ones."""
        first = int(self._member, 16) % self.store.keys.shards
        count = self.store.keys.shards
        return [(first + step) % count for step in range(count)]

    async def _take(self, shard: int) -> bool:
        token = secrets.token_hex(8)
        key = self.store.keys.lease(self.role, shard)
        began = time.monotonic()
        async with errors():
            taken = await self.store.client.set(key, token, nx=True, px=self._milliseconds)
        if taken:
            self.held[shard] = token
            self._deadline[shard] = began + self._seconds
            self._started(shard, token)
        return bool(taken)

    async def _renewed(self, shard: int) -> bool:
        key, began = self.store.keys.lease(self.role, shard), time.monotonic()
        async with errors():
            kept = bool(await self._renew([key], [self.held[shard], self._milliseconds]))
        if kept:
            self._deadline[shard] = began + self._seconds
        return kept

    def _lose(self, shard: int) -> None:
        if self.held.pop(shard, None) is not None and shard not in self._leaving:
            log.warning("lease_lost", role=self.role, shard=shard)
            self._ending[shard] = asyncio.create_task(self._ended(shard))

    async def _ended(self, shard: int) -> None:
        """Let what is in flight end; only then may this process take the shard again, so that
        it never works on one conversation twice at the same time."""
        try:
            await self._stopped(shard)
        finally:
            self._ending.pop(shard, None)

    def _drop_expired(self) -> None:
        for shard, deadline in list(self._deadline.items()):
            if shard in self.held and time.monotonic() > deadline:
                self._lose(shard)

    async def _share(self) -> int:
        """Return how many shards this process should hold: its equal share, rounded up."""
        key, now = self.store.keys.members(self.role), time.time()
        async with errors():
            client = self.store.client
            await client.zadd(key, {self._member: now})
            await client.zremrangebyscore(key, "-inf", now - self._seconds)
            members = max(1, int(await client.zcard(key)))
        return -(-self.store.keys.shards // members)

    @property
    def _milliseconds(self) -> int:
        return int(self._seconds * 1000)
