"""What the store promises: once, in order, together, and only by the holder of the lease."""

from __future__ import annotations

import asyncio
import dataclasses
import time

import pytest

from bot.conversation import Conversation
from bot.embedded import free_port
from bot.errors import LeaseLost, SettingsError, StoreUnavailable
from bot.model import Button, Message, Update
from bot.settings import Settings
from bot.store.leases import Leases
from bot.store.mail import Mailroom
from bot.store.seal import Sealer
from bot.store.store import InboxEntry, Store, Turn


def update(number: int = 1, address: str = "77", **fields: object) -> Update:
    values = {"text": f"text {number}", "received_at": time.time(), **fields}
    return Update("telegram", str(number), address, "text", **values)  # type: ignore[arg-type]


async def lease(store: Store, conversation: str, role: str = "worker") -> str:
    key = store.keys.lease(role, store.keys.shard(conversation))
    await store.client.set(key, "token", px=60_000)
    return "token"


async def waiting(store: Store, address: str = "77") -> list[InboxEntry]:
    conversation = store.sealer.conversation_id("telegram", address)
    return await store.read_inbox(store.keys.shard(conversation), "0", block=None)


async def test_update_is_accepted_once(store: Store) -> None:
    """A redelivered update is recognised; another one of the same person is not taken for it."""
    assert await store.accept(update(1))
    assert not await store.accept(update(1))
    assert await store.accept(update(2))
    assert [entry.update.update_id for entry in await waiting(store)] == ["1", "2"]


async def test_nothing_readable_lies_in_the_store(store: Store) -> None:
    """Neither the text nor the address of a person stands readable anywhere in the store."""
    await store.accept(update(1, address="private-address", text="my private text"))
    raw = b""
    for key in await store.client.keys("*"):
        if await store.client.type(key) == b"stream":
            raw += repr(await store.client.xrange(key)).encode()
        raw += key
    assert b"private" not in raw


async def test_commit_changes_everything_at_once(store: Store) -> None:
    """State, answers and acknowledgement come together, and the same turn not twice."""
    await store.accept(update(1))
    (entry,) = await waiting(store)
    token = await lease(store, entry.conversation)
    state = Conversation(entry.conversation, "telegram", language="kk")
    message = Message("hello", ((Button("b", "menu"),),), metadata={"language": "kk"})
    turn = Turn(entry, state, [message, message])
    assert await store.commit(turn, token)
    assert not await store.commit(turn, token)
    assert await waiting(store) == []
    assert await store.conversation(entry.conversation) == state
    shard = store.keys.shard(entry.conversation)
    out = await store.read_outbox(shard, "0", block=None)
    assert [row.message for row in out] == [message, message]
    assert out[0].address == "77"


async def test_commit_without_the_lease_changes_nothing(store: Store) -> None:
    """A worker that lost its lease cannot commit."""
    await store.accept(update(1))
    (entry,) = await waiting(store)
    await lease(store, entry.conversation)
    turn = Turn(entry, Conversation(entry.conversation, "telegram"), [Message("x")])
    with pytest.raises(LeaseLost):
        await store.commit(turn, "another token")
    assert len(await waiting(store)) == 1
    assert await store.conversation(entry.conversation) is None


async def test_forget_erases_all_but_what_came_later(store: Store) -> None:
    """/forget leaves no state, mailbox, parked text or dead letter; a later message stays."""
    await store.accept(update(1))
    await store.accept(update(2))
    await store.accept(update(3))
    first, second, _ = await waiting(store)
    token = await lease(store, first.conversation)
    state = Conversation(first.conversation, "telegram", language="ru")
    parked = dataclasses.replace(first.update, deferred=True)
    await store.commit(
        Turn(first, state, [Message("x")], pulls=True, parked=parked, dead="r"), token
    )
    await store.commit(Turn(second, state, [Message("bye")], pulls=True, forget=True), token)
    shard = store.keys.shard(first.conversation)
    assert await store.conversation(first.conversation) is None
    assert await store.client.xlen(store.keys.parked(shard)) == 0
    assert await store.client.xlen(store.keys.dead(shard)) == 0
    assert [m.messages[0].text for m in await store.read_mail(first.conversation)] == ["bye"]
    assert [entry.update.update_id for entry in await waiting(store)] == ["3"]


async def test_too_fast_is_told_once_then_dropped(settings: Settings) -> None:
    """Of many messages in a minute, the allowed ones are taken and one is answered kindly."""
    strict = dataclasses.replace(settings, user_rate=3)
    store = Store(strict, strict.redis_url, Sealer.from_settings(strict))
    taken = [await store.accept(update(number)) for number in range(10)]
    assert taken == [True] * 4 + [False] * 6
    entries = await waiting(store)
    assert entries[-1].update.kind == "unsupported"
    assert entries[-1].update.payload == "slow_down"
    assert entries[-1].update.text == ""
    await store.close()


async def test_send_that_was_begun_is_known_as_ambiguous(store: Store) -> None:
    """A message whose sender died in the middle is recognised; one not sent for sure is not."""
    await store.accept(update(1))
    (entry,) = await waiting(store)
    token = await lease(store, entry.conversation)
    sender = await lease(store, entry.conversation, "sender")
    state = Conversation(entry.conversation, "telegram")
    await store.commit(Turn(entry, state, [Message("x")]), token)
    (out,) = await store.read_outbox(store.keys.shard(entry.conversation), "0", block=None)
    assert not await store.begin_send(out, sender, "one")
    assert not await store.begin_send(out, sender, "one")  # asked again, nothing sent between
    await store.unmark(out, "one")
    assert not await store.begin_send(out, sender, "two")
    assert await store.begin_send(out, sender, "three")
    await store.unmark(out, "three")  # says nothing about what the second one did
    assert await store.begin_send(out, sender, "four")
    await store.end_send(out)
    with pytest.raises(LeaseLost):
        await store.begin_send(out, sender, "five")


async def test_shards_are_shared_fairly_and_handed_over(settings: Settings) -> None:
    """Two processes come to hold half of the shards each; when one leaves, the other has all."""
    store = Store(settings, settings.redis_url, Sealer.from_settings(settings))
    held: list[dict[int, str]] = []

    def leases() -> Leases:
        mine: dict[int, str] = {}
        held.append(mine)

        async def stopped(shard: int) -> None:
            mine.pop(shard)

        return Leases(store, "worker", mine.__setitem__, stopped)

    one, two = leases(), leases()
    await one.step()
    assert len(held[0]) == settings.shards
    for _ in range(3):
        await two.step()
        await one.step()
    await two.step()
    assert sorted([*held[0], *held[1]]) == list(range(settings.shards))
    assert len(held[0]) == len(held[1])
    await two.close()
    await one.step()
    assert len(held[0]) == settings.shards
    await store.close()


async def test_dead_store_is_one_clear_error(settings: Settings) -> None:
    """Every call on a store that is not there says so, quickly."""
    url = f"redis://127.0.0.1:{free_port()}"
    gone = Store(settings, url, Sealer.from_settings(settings))
    for call in (gone.ping(), gone.accept(update()), gone.conversation("x"), gone.read_mail("x")):
        with pytest.raises(StoreUnavailable):
            await call
    await gone.close()


async def test_who_waits_hears_at_once(store: Store) -> None:
    """An answer wakes the client that waits for it, without a poll; nobody else sees it."""
    mailroom = Mailroom(store)
    listening = asyncio.create_task(mailroom.run())
    await asyncio.sleep(0.5)
    await store.accept(update(1))
    (entry,) = await waiting(store)
    waits = asyncio.create_task(mailroom.wait(entry.conversation, "0", 4))
    other = asyncio.create_task(mailroom.wait("someone else", "0", 1))
    await asyncio.sleep(0.1)
    token = await lease(store, entry.conversation)
    state = Conversation(entry.conversation, "telegram")
    began = time.monotonic()
    await store.commit(Turn(entry, state, [Message("x")], pulls=True), token)
    (mail,) = await waits
    assert time.monotonic() - began < 1
    assert mail.messages[0].text == "x"
    assert await store.last_mail(entry.conversation) == [mail]
    assert await other == []
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


def test_keys_rotate() -> None:
    """What an old key sealed is still opened after a new one came first; without it, never."""
    old = Sealer(["old"], "id")
    new = Sealer(["new", "old"], "id")
    sealed = old.seal("адрес")
    assert new.open(sealed) == "адрес"
    moved = new.renewed(sealed.encode()).decode()
    assert Sealer(["new"], "id").open(moved) == "адрес"
    with pytest.raises(SettingsError):
        Sealer(["new"], "id").open(sealed)
    assert old.conversation_id("telegram", "1") == new.conversation_id("telegram", "1")
    assert old.conversation_id("telegram", "1") != old.conversation_id("web", "1")


def test_messages_survive_json() -> None:
    """Updates and messages come back from JSON as they went in."""
    one = update(payload="guide:passport", reference="5", deferred=True)
    assert Update.from_json(one.to_json()) == one
    message = Message("t", ((Button("a", "b"), Button("c", "d")),), "9", {"k": 1})
    assert Message.from_dict(message.to_dict()) == message
