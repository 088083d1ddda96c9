"""One turn: claim, understand, decide, act, commit. A crash before the commit changes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, replace
from datetime import datetime, timezone

import structlog

from bot import metrics
from bot.channels import profile
from bot.conversation import Conversation, Feedback, Forgotten, apply
from bot.dialogue import Dialogue, Reply
from bot.errors import LeaseLost, StoreUnavailable, UnderstandingUnavailable
from bot.lanes import Lanes
from bot.library.live import LiveLibrary
from bot.model import Update
from bot.render import Renderer
from bot.store.leases import Leases
from bot.store.store import InboxEntry, Store, Turn
from bot.unanswered import Unanswered
from bot.understanding import Understanding

log = structlog.get_logger()

ATTEMPTS = 3
"""How often a turn that fails by a bug is tried before its update becomes a dead letter."""


@dataclass
class _Shard:
    """A shard that this worker serves; once `ended`, nothing of it is begun any more."""

    token: str
    lanes: Lanes[InboxEntry] | None = None
    reader: asyncio.Task[None] | None = None
    ended: bool = False


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
        self._shards: dict[int, _Shard] = {}

    async def run(self) -> None:
        """Serve until cancelled."""
        beside = [
            asyncio.create_task(self._unpark()),
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
        served = _Shard(token)

        async def handle(entry: InboxEntry) -> None:
            await self._handle(served, entry)

        served.lanes = Lanes(handle, self._running)
        served.reader = asyncio.create_task(self._read(shard, served, served.lanes))
        self._shards[shard] = served

    async def _close(self, shard: int) -> None:
        """Begin nothing more, let what is in flight end."""
        served = self._shards.pop(shard)
        served.ended = True
        if served.reader and served.lanes:
            served.reader.cancel()
            await asyncio.gather(served.reader, return_exceptions=True)
            await served.lanes.drain(self.store.settings.lease_seconds / 2)

    async def _read(self, shard: int, served: _Shard, lanes: Lanes[InboxEntry]) -> None:
        after = "0"
        while not served.ended:  # a cancellation can get lost in a library's time-out
            try:
                entries = await self.store.read_inbox(shard, after)
            except StoreUnavailable:
                await asyncio.sleep(0.5)
                continue
            for entry in entries:
                if served.ended:
                    break
                after = entry.id
                await lanes.put(entry.conversation, entry)

    async def _unpark(self) -> None:
        """Bring parked texts back once Rasa answers."""
        while True:
            await asyncio.sleep(2)
            for shard, served in list(self._shards.items()):
                with contextlib.suppress(StoreUnavailable, LeaseLost, UnderstandingUnavailable):
                    if await self.store.client.xlen(self.store.keys.parked(shard)):
                        await self.understanding.check()
                        await self.store.unpark(shard, served.token)

    # -- a turn ----------------------------------------------------------------------------

    async def _handle(self, served: _Shard, entry: InboxEntry) -> None:
        """Handle one entry until it is committed or belongs to another worker."""
        attempt = 0
        while not served.ended:
            try:
                await self._turn(served, entry, give_up=attempt >= ATTEMPTS)
                return
            except LeaseLost:
                served.ended = True
                return
            except StoreUnavailable:
                await asyncio.sleep(0.5)
            except Exception as error:
                attempt += 1
                metrics.ERRORS.labels("turn", type(error).__name__).inc()
                log.exception("turn_failed", attempt=attempt, turn=entry.id, exc_info=_safe(error))
                await asyncio.sleep(0.05 * attempt)

    async def _turn(self, served: _Shard, entry: InboxEntry, give_up: bool) -> None:
        began = time.perf_counter()
        update = entry.update
        before = await self.store.conversation(entry.conversation) or self._newcomer(entry)
        library = self.library.current
        rendered = Renderer(library, profile(update.channel))
        if give_up:
            reply = self.dialogue.apology(before, library, update)
        else:
            reply = await self.dialogue.reply(before, update, library)
        after = apply(before, reply.events)
        messages, choices = rendered.messages(
            reply.responses, after.language or before.language, update, reply.metadata
        )
        turn = Turn(
            entry=entry,
            conversation=self._kept(after, choices, update),
            messages=messages,
            pulls=profile(update.channel).pulls,
            parked=self._parked(reply, update),
            dead="turn failed" if give_up else "",
            forget=any(isinstance(event, Forgotten) for event in reply.events),
        )
        if not await self.store.commit(turn, served.token):
            return
        seconds = time.perf_counter() - began
        metrics.TURN_SECONDS.labels(update.channel, _route(update)).observe(seconds)
        metrics.TURNS.labels(update.channel, reply.outcome, after.language).inc()
        metrics.WAIT_SECONDS.observe(max(0.0, time.time() - update.received_at))
        self.unanswered.note(entry.conversation, reply.events)
        for event in reply.events:
            if isinstance(event, Feedback):
                metrics.FEEDBACK.labels(event.content, str(event.helped).lower()).inc()
        log.info(
            "turn",
            turn=entry.id,
            channel=update.channel,
            outcome=reply.outcome,
            ms=round(seconds * 1000, 1),
        )

    def _newcomer(self, entry: InboxEntry) -> Conversation:
        update = entry.update
        hint = update.language_hint.replace("_", "-").split("-")[0].lower()
        language = hint if hint in self.library.current.languages else ""
        return Conversation(
            id=entry.conversation,
            channel=update.channel,
            address=self.store.sealer.seal(update.address),
            language=language,
            since=_today(),
        )

    def _kept(
        self, after: Conversation, choices: tuple[str, ...] | None, update: Update
    ) -> Conversation:
        kept = replace(after, turns=after.turns + 1, seen=_today())
        return kept if choices is None else replace(kept, choices=choices)

    def _parked(self, reply: Reply, update: Update) -> Update | None:
        if not reply.park:
            return None
        age = time.time() - update.received_at
        if age > self.store.settings.parked_hours * 3600:
            return None
        return replace(update, deferred=True)


def _route(update: Update) -> str:
    return "text" if update.kind == "text" else "button"


def _today() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%d")


def _safe(error: Exception) -> Exception:
    """Return an error of the same type and place without its message, which may hold a text."""
    bare = Exception(type(error).__name__)
    return bare.with_traceback(error.__traceback__)
