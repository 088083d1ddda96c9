"""Everything that is kept ends by itself, on a real store, after times set short."""

from __future__ import annotations

import asyncio
import dataclasses
import time

import pytest

from bot.conversation import Conversation
from bot.library.live import LiveLibrary
from bot.model import Message, Update
from bot.settings import Settings
from bot.store import retention
from bot.store.phrases import Phrase, Phrases
from bot.store.seal import Sealer
from bot.store.store import InboxEntry, Store, Turn
from bot.system import System
from tests.chat import Chat
from tests.fakes.rasa import FakeRasa

LIFE = 4.0
"""Seconds for which everything is kept here: enough for a busy machine to look in time."""


@pytest.fixture
def short(settings: Settings) -> Settings:
    """Everything is kept for a few seconds."""
    return dataclasses.replace(
        settings,
        conversation_days=LIFE / 86400,
        dead_days=LIFE / 86400,
        unanswered_days=LIFE / 86400,
        audit_days=LIFE / 86400,
        mailbox_hours=LIFE / 3600,
        parked_hours=LIFE / 3600,
        dedup_hours=LIFE / 3600,
    )


async def turn(store: Store, number: int, pulls: bool, dead: str = "") -> None:
    """One turn as a worker commits it."""
    channel = "web" if pulls else "telegram"
    update = Update(channel, str(number), "77", "text", text="hello")
    await store.accept(update)
    name = store.sealer.conversation_id(channel, "77")
    shard = store.keys.shard(name)
    await store.client.set(store.keys.lease("worker", shard), "token")
    entries: list[InboxEntry] = await store.read_inbox(shard, "0", block=None)
    message = Message("a question back", metadata={"language": "en"})
    state = Conversation(name, channel, language="en")
    assert await store.commit(Turn(entries[-1], state, [message], pulls, dead=dead), "token")


async def test_nothing_is_left(short: Settings) -> None:
    """State, mailbox, dead letters, phrases, marks of updates and the audit are gone after their
    time; what the store cannot end by its own clock is ended by the worker's look."""
    store = Store(short, short.redis_url, Sealer.from_settings(short))
    await turn(store, 1, pulls=True, dead="turn failed")
    await Phrases(store).add(Phrase("xyzzy plugh", "en"))
    await retention.note(store, "keys rotate")
    assert len(await retention.notes(store)) == 1
    for shard in range(short.shards):
        await retention.trim(store, shard)
    kept = {key.decode() async for key in store.client.scan_iter("*")}
    assert {part for key in kept for part in key.split(":") if part in ("conv", "mail", "dead")}
    await asyncio.sleep(LIFE + 1)
    left = {key.decode() async for key in store.client.scan_iter("*")}
    plain = {key for key in left if not key.endswith(("lease:worker", "inbox", "numbers", "days"))}
    assert {key for key in plain if ":rate:" not in key} == set()
    assert await Phrases(store).all() == []
    assert await retention.notes(store) == []
    await store.close()


async def test_old_entries_go_while_new_ones_come(short: Settings) -> None:
    """In a mailbox and among dead letters that are in use, old entries go and new ones stay."""
    store = Store(short, short.redis_url, Sealer.from_settings(short))
    name = store.sealer.conversation_id("web", "77")
    dead = store.keys.dead(store.keys.shard(name))
    for stream in (store.keys.mailbox(name), dead):
        for seconds in (3 * LIFE, 2 * LIFE):
            old = f"{int((time.time() - seconds) * 1000)}-0"
            await store.client.xadd(stream, {"c": name, "m": "old"}, id=old)
    await turn(store, 1, pulls=True, dead="turn failed")
    (mail,) = await store.read_mail(name)
    assert mail.messages[0].text == "a question back"
    await retention.trim(store, store.keys.shard(name))
    ((_, fields),) = await store.client.xrange(dead)
    assert fields[b"r"] == b"turn failed"
    await store.close()


async def test_a_question_that_waited_too_long_is_told_so(
    short: Settings, fake_rasa: FakeRasa, library: LiveLibrary
) -> None:
    """While Rasa stays away, a parked text goes after PARKED_HOURS, and the person hears of it."""
    fake_rasa.mode = "error"
    patient = dataclasses.replace(short, mailbox_hours=1, conversation_days=1, dead_days=1)
    system = System(patient, patient.redis_url, fake_rasa.url, library=library)
    await system.start(alone=True)
    try:
        async with Chat.with_system(system) as chat:
            await chat.say("passport please")
            name = system.sealer.conversation_id("rest", chat.sender)
            for _ in range(300):
                mail = await system.store.read_mail(name)
                if len(mail) > 1:
                    break
                await asyncio.sleep(0.1)
            assert "Something went wrong" in mail[-1].messages[0].text
            assert await system.store.parked(system.store.keys.shard(name)) == 0
    finally:
        await system.stop()
