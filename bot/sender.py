"""Outbox -> platform: in order for each conversation, with back-off; the hopeless become dead
letters. A message whose sender died in the middle may have arrived: it is sent again and says so.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from bot import metrics
from bot.channels.base import Channel
from bot.errors import (
    DeliveryError,
    LeaseLost,
    StoreUnavailable,
    TemporaryDeliveryError,
    Unreachable,
)
from bot.lanes import Served
from bot.library.live import LiveLibrary
from bot.model import Message
from bot.store.leases import Leases
from bot.store.store import OutboxEntry, Store

log = structlog.get_logger()

FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0
"""Seconds of back-off after the first failure and at most; doubled each time, with jitter."""

GIVE_UP_SECONDS = 24 * 3600.0
"""After this long a platform that is down has lost the message: it becomes a dead letter."""

CONCURRENCY = 32
"""Deliveries at once. Messages that wait for their next try take no place among them."""

DRAIN_SECONDS = 3.0
"""How long deliveries in flight may take to end when a shard is given back; those that are cut
off may have arrived, and are sent again with the line that says so."""

LANES = 5000
"""Conversations of one process whose messages may wait for their next try at the same time."""


@dataclass
class _Delivery:
    """One message on its way. `attempt` stands in the mark that is set before each sending: it
    stays the same while the platform certainly has nothing of it."""

    entry: OutboxEntry
    attempt: str = field(default_factory=lambda: secrets.token_hex(4))


class Pace:
    """Spreads deliveries over time: at most so many a second, waiting in line for a slot."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1.0 / per_second if per_second > 0 else 0.0
        self._next = 0.0

    async def slot(self) -> None:
        """Wait for the next free slot."""
        now = time.monotonic()
        begin = max(now, self._next)
        self._next = begin + self._gap
        if begin > now:
            await asyncio.sleep(begin - now)

    def pause(self, seconds: float) -> None:
        """Let nothing out for some seconds (the platform asked for it)."""
        self._next = max(self._next, time.monotonic() + seconds)


class Sender:
    """Serves the outboxes of its leased shards."""

    def __init__(self, store: Store, channels: Mapping[str, Channel], library: LiveLibrary) -> None:
        self.store = store
        self.channels = channels
        self.library = library
        self.leases = Leases(store, "sender", self._open, self._close)
        self._paces = {name: Pace(channel.per_second) for name, channel in channels.items()}
        self._running = asyncio.Semaphore(LANES)
        self._sending = asyncio.Semaphore(CONCURRENCY)
        self._shards: dict[int, Served[OutboxEntry]] = {}

    async def run(self) -> None:
        """Serve until cancelled."""
        await self.leases.run()

    async def stop(self) -> None:
        """Finish the deliveries in flight, then give the shards back."""
        await self.leases.close()

    def _open(self, shard: int, token: str) -> None:
        read = partial(self.store.read_outbox, shard)
        self._shards[shard] = Served(token, read, self._deliver, self._running, queued=1000)

    async def _close(self, shard: int) -> None:
        """Begin nothing more, let what is in flight end."""
        await self._shards.pop(shard).close(DRAIN_SECONDS)

    # -- one message -----------------------------------------------------------------------

    async def _deliver(self, served: Served[OutboxEntry], entry: OutboxEntry) -> None:
        """Deliver one message, however long it takes, unless the shard goes to another sender."""
        delivery, wait = _Delivery(entry), FIRST_WAIT
        while not served.ended:
            try:
                async with self._sending:
                    pause = await self._attempt(served, delivery)
            except LeaseLost:
                return
            except StoreUnavailable:
                pause = 0.5
            if pause is None:
                return
            await served.pause(max(pause, wait * random.uniform(0.7, 1.3)))
            wait = min(wait * 2, LONGEST_WAIT)

    async def _attempt(self, served: Served[OutboxEntry], delivery: _Delivery) -> float | None:
        """Try once. Returns None when the message is done, else the seconds the platform asked."""
        entry, message = delivery.entry, delivery.entry.message
        channel = self.channels.get(entry.channel)
        if channel is None:
            return 5.0  # this sender does not serve the channel
        await self._paces[entry.channel].slot()
        if served.ended:
            return None
        if await self.store.begin_send(entry, served.token, delivery.attempt):
            metrics.SENT_AGAIN.labels(entry.channel).inc()
            message = self._again(message)
        if not self.leases.valid(self.store.keys.shard(entry.conversation)):
            return 0.0  # frozen since: another sender may be at it
        began = time.perf_counter()
        try:
            await channel.send(entry.address, message)
        except DeliveryError as error:
            return await self._failed(delivery, error)
        except Exception as error:  # a fault of ours: nobody knows how far it came
            metrics.ERRORS.labels("send", type(error).__name__).inc()
            log.error("send_failed", turn=entry.turn, channel=entry.channel, exc_info=error)
            return await self._failed(delivery, TemporaryDeliveryError("fault", ambiguous=True))
        seconds = time.perf_counter() - began
        metrics.SEND_SECONDS.labels(entry.channel).observe(seconds)
        metrics.SENT.labels(entry.channel).inc()
        log.info("sent", turn=entry.turn, channel=entry.channel, ms=round(seconds * 1000, 1))
        await self._end(entry)
        return None

    async def _failed(self, delivery: _Delivery, error: DeliveryError) -> float | None:
        """Return the seconds until the next try; None when there is none."""
        entry = delivery.entry
        if isinstance(error, TemporaryDeliveryError):
            return await self._later(delivery, error)
        gone = isinstance(error, Unreachable)
        metrics.SEND_FAILED.labels(entry.channel, "unreachable" if gone else "permanent").inc()
        if not gone:
            log.error(
                "message_refused", turn=entry.turn, channel=entry.channel, reason=str(error)[:80]
            )
        await self._end(entry, dead="unreachable" if gone else "refused")
        return None

    async def _later(self, delivery: _Delivery, error: TemporaryDeliveryError) -> float | None:
        entry, attempt = delivery.entry, delivery.attempt
        kind = "temporary" if error.retry_after is None else "limited"
        metrics.SEND_FAILED.labels(entry.channel, kind).inc()
        log.info("send_delayed", turn=entry.turn, channel=entry.channel, kind=kind)
        if error.ambiguous:
            delivery.attempt = secrets.token_hex(4)
        written = int(entry.id.split("-")[0]) / 1000
        if time.time() - written > GIVE_UP_SECONDS:
            await self._end(entry, dead="platform down")
            return None
        if error.retry_after is not None:
            self._paces[entry.channel].pause(min(error.retry_after, 1.0))
        if not error.ambiguous:
            await self.store.unmark(entry, attempt)
        return error.retry_after or 0.0

    async def _end(self, entry: OutboxEntry, dead: str = "") -> None:
        """Take the message out of the outbox, waiting for the store if need be."""
        while True:
            try:
                await self.store.end_send(entry, dead=dead)
                if dead:
                    metrics.DEAD.labels(dead).inc()
                return
            except StoreUnavailable:
                await asyncio.sleep(0.2)

    def _again(self, message: Message) -> Message:
        """Return the message with a line that says that it may have arrived before."""
        strings = self.library.current.strings
        language = str(message.metadata.get("language", "en"))
        line = strings.get(language, strings.get("en", {})).get("delivery.again", "")
        if not line or message.edit:
            return message
        return replace(message, text=f"{line}\n\n{message.text}")
