"""What the rest of the system can do with state. Every method raises StoreUnavailable."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from redis import exceptions

from bot import metrics
from bot.conversation import Conversation
from bot.errors import LeaseLost, Limited
from bot.model import Message, Update, turn_id
from bot.settings import Settings
from bot.store import scripts
from bot.store.client import Client, connect, errors
from bot.store.keys import MAIL, Keys
from bot.store.seal import Sealer


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """An update that waits for its turn."""

    id: str
    conversation: str
    update: Update

    @property
    def turn(self) -> str:
        """The name of its turn in the logs."""
        return turn_id(self.conversation, self.update.update_id)


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A message that waits to be sent."""

    id: str
    conversation: str
    channel: str
    address: str
    message: Message

    @property
    def turn(self) -> str:
        """The name of the turn that it answers, in the logs."""
        return str(self.message.metadata.get("turn", ""))


@dataclass(frozen=True, slots=True)
class Mail:
    """The answers of one turn, for a client that fetches them. `turn` is the inbox entry;
    `deferred` says that the answers come later than others, as Rasa was away."""

    id: str
    turn: str
    update_id: str
    messages: tuple[Message, ...]
    deferred: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """Everything that one turn changes, committed at once.

    `conversation` None leaves the state as it is; `parked` is an update to be read again when
    Rasa is back; `dead` the reason why an update was given up; `pulls` says whether the
    messages go to the mailbox (fetched) or to the outbox (sent).
    """

    entry: InboxEntry
    conversation: Conversation | None
    messages: Sequence[Message] = ()
    pulls: bool = False
    parked: Update | None = None
    dead: str = ""
    forget: bool = False


class Store:
    """State of all conversations."""

    def __init__(self, settings: Settings, url: str, sealer: Sealer) -> None:
        self.settings = settings
        self.keys = Keys(settings.shards)
        self.sealer = sealer
        self.client: Client = connect(settings, url)
        register = self.client.register_script
        self._accept = register(scripts.ACCEPT)
        self._commit = register(scripts.COMMIT)
        self._unpark = register(scripts.UNPARK)
        self._begin_send = register(scripts.BEGIN_SEND)
        self._unmark = register(scripts.UNMARK)
        self._end_send = register(scripts.END_SEND)

    async def ping(self) -> None:
        """Return when the store answers."""
        async with errors():
            await self.client.ping()

    async def close(self) -> None:
        """Close all connections."""
        await self.client.aclose()

    # -- inbox -----------------------------------------------------------------------------

    def turn(self, update: Update) -> str:
        """Return the name of an update's turn in the logs."""
        conversation = self.sealer.conversation_id(update.channel, update.address)
        return turn_id(conversation, update.update_id)

    async def accept(self, update: Update, can_wait: bool = False) -> bool:
        """Store an update once. Returns False when it was seen before, or will not be read.

        Of one conversation, USER_RATE updates a minute are taken. From a client that can wait
        and send it again, more raise Limited and leave no trace. For others the next one is
        answered by a sentence that says that it and the rest of the minute are not read.
        """
        conversation = self.sealer.conversation_id(update.channel, update.address)
        keys = [
            self.keys.seen(
                self.keys.shard(conversation),
                self.sealer.fingerprint(f"{conversation}\n{update.update_id}"),
            ),
            self.keys.inbox(self.keys.shard(conversation)),
            self.keys.rate(conversation),
        ]
        seconds = int(self.settings.dedup_hours * 3600)
        sealed = self.sealer.seal(update.to_json())
        async with errors():
            answer = await self._accept(
                keys, [seconds, conversation, sealed, self.settings.user_rate, int(can_wait)]
            )
        if answer in (2, 3) or answer < 0:
            metrics.REFUSED.labels(update.channel, "too fast").inc()
        if answer < 0:
            raise Limited("Too many messages. Send it again later.", -answer)
        if answer == 0:
            metrics.DUPLICATES.labels(update.channel).inc()
        return answer in (1, 2)

    async def read_inbox(
        self, shard: int, after: str, count: int = 64, block: int | None = 1000
    ) -> list[InboxEntry]:
        """Return entries after an id, oldest first; wait up to `block` milliseconds for one."""
        rows = await self._read(self.keys.inbox(shard), after, count, block)
        return [
            InboxEntry(entry, fields[b"c"].decode(), self._update(fields)) for entry, fields in rows
        ]

    def _update(self, fields: dict[bytes, bytes]) -> Update:
        update = Update.from_json(self.sealer.open(fields[b"u"]))
        if b"s" in fields:
            return replace(update, kind="unsupported", payload="slow_down", text="")
        return update

    async def conversation(self, conversation_id: str) -> Conversation | None:
        """Return a conversation, None when there is none."""
        async with errors():
            data = await self.client.get(self.keys.conversation(conversation_id))
        return Conversation.from_json(conversation_id, data) if data else None

    async def commit(self, turn: Turn, token: str) -> bool:
        """Commit a turn at once. Returns False when its entry was handled already.

        Raises LeaseLost when another worker holds the shard: then nothing is changed.
        """
        entry, keys = turn.entry, self.keys
        shard = keys.shard(entry.conversation)
        names = [
            keys.lease("worker", shard),
            keys.inbox(shard),
            keys.conversation(entry.conversation),
            keys.outbox(shard),
            keys.mailbox(entry.conversation),
            keys.parked(shard),
            keys.dead(shard),
        ]
        async with errors():
            answer = await self._commit(names, self._commit_values(turn, token))
        if answer == b"lease":
            raise LeaseLost(f"shard {shard} has another worker")
        return bool(answer == b"ok")

    def _commit_values(self, turn: Turn, token: str) -> list[Any]:
        entry, seal = turn.entry, self.sealer.seal
        kept = turn.conversation
        if kept and kept.address and self.sealer.outdated(kept.address):
            kept = replace(kept, address=seal(entry.update.address))
        address = (kept.address if kept else "") or seal(entry.update.address)
        state = kept.to_json() if kept else ""
        mail, out = "", []
        if turn.pulls:
            rows = [message.to_dict() for message in turn.messages]
            mail = seal(_json({"u": entry.update.update_id, "m": rows}))
        else:
            for message in turn.messages:
                out += [address, entry.update.channel, seal(_json(message.to_dict()))]
        return [
            token,
            entry.id,
            state,
            max(1, round(self.settings.conversation_days * 86400)),
            entry.conversation,
            mail,
            max(1, round(self.settings.mailbox_hours * 3600)),
            seal(turn.parked.to_json()) if turn.parked else "",
            turn.dead,
            "1" if turn.forget else "",
            MAIL,
            "1" if entry.update.deferred else "",
            *out,
        ]

    async def parked(self, shard: int) -> int:
        """Return how many texts of a shard wait for Rasa."""
        async with errors():
            return int(await self.client.xlen(self.keys.parked(shard)))

    async def unpark(self, shard: int, token: str, older_than: float = 0.0, count: int = 50) -> int:
        """Move parked texts back to the inbox, oldest first; return how many were moved.

        `older_than` takes only those that were parked so many seconds ago.
        """
        names = [
            self.keys.lease("worker", shard),
            self.keys.parked(shard),
            self.keys.inbox(shard),
        ]
        newest = str(int((time.time() - older_than) * 1000)) if older_than else "+"
        async with errors():
            moved = int(await self._unpark(names, [token, count, newest]))
        if moved < 0:
            raise LeaseLost(f"shard {shard} has another worker")
        return moved

    # -- outbox ----------------------------------------------------------------------------

    async def read_outbox(
        self, shard: int, after: str, count: int = 64, block: int | None = 1000
    ) -> list[OutboxEntry]:
        """Return messages after an id, oldest first; wait up to `block` milliseconds for one."""
        rows = await self._read(self.keys.outbox(shard), after, count, block)
        return [
            OutboxEntry(
                id=entry,
                conversation=fields[b"c"].decode(),
                channel=fields[b"ch"].decode(),
                address=self.sealer.open(fields[b"a"]),
                message=Message.from_dict(json.loads(self.sealer.open(fields[b"m"]))),
            )
            for entry, fields in rows
        ]

    async def begin_send(self, entry: OutboxEntry, token: str, attempt: str) -> bool:
        """Mark a message as being sent by an attempt. True: another attempt marked it and was
        not heard of again, so it may have arrived. The same attempt may begin repeatedly, as
        long as it has sent nothing. Raises LeaseLost when another sender holds the shard or
        sent it."""
        shard = self.keys.shard(entry.conversation)
        names = [self.keys.lease("sender", shard), self.keys.marks(shard), self.keys.outbox(shard)]
        async with errors():
            answer = await self._begin_send(names, [token, entry.id, attempt])
        if answer == 0:
            raise LeaseLost(f"shard {shard} has another sender")
        return bool(answer == 2)

    async def unmark(self, entry: OutboxEntry, attempt: str) -> None:
        """Take back the mark of an attempt that certainly sent nothing; those of others stay."""
        marks = self.keys.marks(self.keys.shard(entry.conversation))
        async with errors():
            await self._unmark([marks], [entry.id, attempt])

    async def end_send(self, entry: OutboxEntry, dead: str = "") -> None:
        """Take a message out of the outbox; with `dead`, into the dead letters with that
        reason."""
        shard = self.keys.shard(entry.conversation)
        names = [self.keys.outbox(shard), self.keys.marks(shard), self.keys.dead(shard)]
        message = self.sealer.seal(_json(entry.message.to_dict())) if dead else ""
        async with errors():
            await self._end_send(names, [entry.id, entry.conversation, dead, message])

    # -- mailbox ---------------------------------------------------------------------------

    async def read_mail(self, conversation_id: str, after: str = "0") -> list[Mail]:
        """Return the answers after an id ('0': all that are kept), oldest first."""
        try:
            rows = await self._read(self.keys.mailbox(conversation_id), after or "0", 200, None)
        except exceptions.ResponseError:  # an id that no stream gave out
            rows = await self._read(self.keys.mailbox(conversation_id), "0", 200, None)
        return [self._mail(*row) for row in rows]

    async def last_mail(self, conversation_id: str, count: int = 1) -> list[Mail]:
        """Return the newest answers, newest first."""
        async with errors():
            rows = await self.client.xrevrange(self.keys.mailbox(conversation_id), count=count)
        return [self._mail(entry.decode(), fields) for entry, fields in rows]

    def announced(self, words: str) -> Mail:
        """Return the mail that an announcement holds: 'entry turn sealed'."""
        entry, turn, sealed = words.split(" ")
        return self._mail(entry, {b"t": turn.encode(), b"m": sealed.encode()})

    def _mail(self, entry: str, fields: dict[bytes, bytes]) -> Mail:
        data = json.loads(self.sealer.open(fields[b"m"]))
        messages = tuple(Message.from_dict(row) for row in data["m"])
        return Mail(entry, fields[b"t"].decode(), data["u"], messages, b"l" in fields)

    # -- care ------------------------------------------------------------------------------

    async def break_leases(self) -> None:
        """Void all leases: for a store that only this process uses, right after its start."""
        async with errors():
            for role in ("worker", "sender"):
                await self.client.delete(self.keys.members(role))
                for shard in range(self.keys.shards):
                    await self.client.delete(self.keys.lease(role, shard))

    async def _read(
        self, stream: str, after: str, count: int, block: int | None
    ) -> list[tuple[str, dict[bytes, bytes]]]:
        wait = () if block is None else ("BLOCK", block)
        async with errors():  # not by xread(), which keeps statistics of each call
            answer = await self.client.execute_command(
                "XREAD", "COUNT", count, *wait, "STREAMS", stream, after
            )
        if not answer:
            return []
        rows = answer[0][1] if isinstance(answer, list) else next(iter(answer.values()))[0]
        return [(entry.decode(), fields) for entry, fields in rows]


def _json(data: dict[str, Any]) -> str:
    """Return compact JSON with letters as they are: escaped, Cyrillic takes three times as much."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
