"""One turn: claim, understand, decide, act, commit. A crash before the commit changes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial

import structlog

from bot import metrics
from bot.channels import profile
from bot.conversation import Conversation, Feedback, Forgotten, apply
from bot.dialogue import Dialogue, Reply
from bot.errors import LeaseLost, StoreUnavailable, UnderstandingUnavailable
from bot.lanes import Served
from bot.library.live import LiveLibrary
from bot.model import Update
from bot.render import Renderer
from bot.store.leases import Leases
from bot.store.retention import TRIM_SECONDS, trim
from bot.store.store import InboxEntry, Store, Turn
from bot.unanswered import Unanswered
from bot.understanding import Understanding

log = structlog.get_logger()

ATTEMPTS = 3
"""How often a turn that fails by a bug is tried before its update becomes a dead letter."""

DRAIN_SECONDS = 3.0
"""How long turns in flight may take to end when a shard is given back; then the next worker
repeats them, as nothing of them is committed."""


class Worker:
    """Serves the inboxes of its leased shards."""

    def __init__(self, store: Store, understanding: Understanding, library: LiveLibrary) -> None:
        self.store = store
        self.understanding = understanding
        self.library = library
        self.dialogue = Dialogue(understanding, library)
        self.unanswered = Unanswered(store, library)
        self.leases = Leases(store, "worker", self._open, self._close)
        self._running = asyncio.Semaphore(store.settings.worker_concurrency)
        self._shards: dict[int, Served[InboxEntry]] = {}

    async def run(self) -> None:
        """Serve until cancelled."""
        beside = [
            asyncio.create_task(self._unpark()),
            asyncio.create_task(self._trim()),
            asyncio.create_task(self.unanswered.run()),
        ]
        try:
            await self.leases.run()
        finally:
            for task in beside:
                task.cancel()

    async def stop(self) -> None:
        """Finish the turns in flight, give the shards back, keep what was not understood."""
        await self.leases.close()
        await self.unanswered.close()

    # -- shards ----------------------------------------------------------------------------

    def _open(self, shard: int, token: str) -> None:
        read = partial(self.store.read_inbox, shard)
        self._shards[shard] = Served(token, read, self._handle, self._running)

    async def _close(self, shard: int) -> None:
        """Begin nothing more, let what is in flight end."""
        await self._shards.pop(shard).close(DRAIN_SECONDS)

    async def _unpark(self) -> None:
        """Bring parked texts back once Rasa answers; those that waited too long in any case, so
        that their people are told and they are kept no longer."""
        longest = max(1.0, self.store.settings.parked_hours * 3600)
        while True:
            await asyncio.sleep(2)
            for shard, served in list(self._shards.items()):
                with contextlib.suppress(StoreUnavailable, LeaseLost, UnderstandingUnavailable):
                    if await self.store.parked(shard):
                        await self.store.unpark(shard, served.token, older_than=longest)
                        await self.understanding.check()
                        await self.store.unpark(shard, served.token)

    async def _trim(self) -> None:
        """End what is kept for a time and does not end by the store's own clock."""
        while True:
            for shard in list(self._shards):
                with contextlib.suppress(StoreUnavailable):
                    await trim(self.store, shard)
            await asyncio.sleep(TRIM_SECONDS)

    # -- a turn ----------------------------------------------------------------------------

    async def _handle(self, served: Served[InboxEntry], entry: InboxEntry) -> None:
        """Handle one entry until it is committed or belongs to another worker."""
        attempt = 0
        while not served.ended:
            try:
                await self._turn(served, entry, give_up=attempt >= ATTEMPTS)
                return
            except LeaseLost:
                served.end()
                return
            except StoreUnavailable:
                await served.pause(0.5)
            except Exception as error:
                attempt += 1
                metrics.ERRORS.labels("turn", type(error).__name__).inc()
                log.error("turn_failed", attempt=attempt, turn=entry.turn, exc_info=_safe(error))
                await served.pause(0.05 * attempt)

    async def _turn(self, served: Served[InboxEntry], entry: InboxEntry, give_up: bool) -> None:
        began = time.perf_counter()
        update = entry.update
        before = await self._before(entry, give_up)
        library = self.library.current
        dead = "turn failed" if give_up else ""
        if not give_up:
            reply = await self.dialogue.reply(before, update, library)
            dead = "waited too long" if reply.park and self._too_old(update) else ""
        if dead:
            reply = self.dialogue.apology(before, library, update)
        after = apply(before, reply.events)
        messages, choices = Renderer(library, profile(update.channel)).messages(
            reply.responses,
            after.language or before.language,
            update,
            {**reply.metadata, "turn": entry.turn},
        )
        turn = Turn(
            entry=entry,
            conversation=self._kept(after, choices, update),
            messages=messages,
            pulls=profile(update.channel).pulls,
            parked=replace(update, deferred=True) if reply.park else None,
            dead=dead,
            forget=any(isinstance(event, Forgotten) for event in reply.events),
        )
        if await self.store.commit(turn, served.token):
            if dead:
                metrics.DEAD.labels(dead).inc()
            self._count(entry, reply, after.language, time.perf_counter() - began)

    def _count(self, entry: InboxEntry, reply: Reply, language: str, seconds: float) -> None:
        """Note a turn that was committed."""
        update = entry.update
        metrics.TURN_SECONDS.labels(update.channel, _route(update)).observe(seconds)
        metrics.TURNS.labels(update.channel, reply.outcome, language).inc()
        metrics.WAIT_SECONDS.observe(max(0.0, time.time() - update.received_at))
        self.unanswered.note(entry.conversation, reply.events)
        for event in reply.events:
            if isinstance(event, Feedback):
                metrics.FEEDBACK.labels(event.content, str(event.helped).lower()).inc()
        log.info(
            "turn",
            turn=entry.turn,
            channel=update.channel,
            outcome=reply.outcome,
            ms=round(seconds * 1000, 1),
        )

    async def _before(self, entry: InboxEntry, give_up: bool) -> Conversation:
        """Return the conversation; one that cannot be read begins anew rather than stop all."""
        try:
            return await self.store.conversation(entry.conversation) or self._newcomer(entry)
        except ValueError:
            if not give_up:
                raise
            return self._newcomer(entry)

    def _newcomer(self, entry: InboxEntry) -> Conversation:
        update = entry.update
        return Conversation(
            id=entry.conversation,
            channel=update.channel,
            address=self.store.sealer.seal(update.address),
            language=self.library.current.shipped(update.language_hint),
            since=_today(),
        )

    def _kept(
        self, after: Conversation, choices: tuple[str, ...] | None, update: Update
    ) -> Conversation:
        kept = replace(after, turns=after.turns + 1, seen=_today())
        return kept if choices is None else replace(kept, choices=choices)

    def _too_old(self, update: Update) -> bool:
        """Return whether a text has waited for Rasa as long as it may."""
        return time.time() - update.received_at > self.store.settings.parked_hours * 3600


def _route(update: Update) -> str:
    return "text" if update.kind == "text" else "button"


def _today() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%d")


def _safe(error: Exception) -> Exception:
    """Return an error of the same type and place without its message, which may hold a text."""
    bare = Exception(type(error).__name__)
    return bare.with_traceback(error.__traceback__)
