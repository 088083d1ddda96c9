"""Personal data goes into every input of every channel and must come out nowhere."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from bot.settings import Settings
from bot.store.figures import figures
from bot.store.phrases import Phrase, Phrases
from bot.store.seal import Sealer
from bot.store.store import Store
from tests.browser.visitors import Visitor
from tests.privacy.canaries import (
    CYRILLIC,
    LETTER,
    MAIL,
    NAME,
    PHONE,
    PHRASES,
    PLACE,
    USERNAME,
    everything,
    in_files,
    traces,
    unsealed,
)
from tests.processes import answers, wait_for
from tests.reliability.site import Site, site

pytestmark = pytest.mark.slow

CHAT = 880077001
OTHER = 42
PERSON = {
    "from": {
        "id": CHAT,
        "is_bot": False,
        "first_name": NAME.split()[0],
        "last_name": NAME.split()[1],
        "username": USERNAME,
        "language_code": "en",
    },
    "chat": {"id": CHAT, "type": "private", "first_name": NAME, "username": USERNAME},
}
CONTACT = {"phone_number": PHONE, "first_name": NAME, "vcard": f"EMAIL:{MAIL}"}
LOCATION = {"latitude": PLACE[0], "longitude": PLACE[1]}
COMMANDS = (
    f"/start {NAME}",
    f"/language {NAME}",
    f"/menu {PHONE}",
    f"/{USERNAME} {MAIL}",
    f"/course {CYRILLIC}",
    f'/guide.passport{{"name": "{NAME}"}}',
    f"/guide:{USERNAME}:documents",
    f"/feedback:no:{USERNAME}",
    f"/answer:digital-government:{USERNAME}:q1:a",
)


def telegram_writes(one: Site) -> int:
    """Everything that a person can send on Telegram; return how many updates."""
    sends: list[dict[str, Any]] = [{"text": text} for text in (LETTER, *PHRASES, *COMMANDS)]
    sends += [
        {"text": (LETTER + " ") * 40},
        {"contact": CONTACT},
        {"location": LOCATION},
        {"venue": {"location": LOCATION, "title": NAME, "address": CYRILLIC}},
        {"photo": [], "caption": LETTER},
        {"document": {"file_name": f"{NAME}.pdf", "file_id": "x"}},
        {"voice": {"file_id": "x"}, "caption": PHONE},
        {"text": "passport", "reply_to_message": {"text": LETTER, "message_id": 1}},
        {"text": f"passport {PHONE}", "forward_origin": {"sender_user_name": NAME}},
        {"text": "/course"},
        {"text": "1"},
        {"text": f"a {NAME}"},
        {"text": f"passport for {NAME}"},
    ]
    for content in sends:
        message = one.telegram._message(CHAT, "en", **content)
        one.telegram.inject(CHAT, "message", {**message, **PERSON})
    one.telegram.inject(
        CHAT, "edited_message", {**PERSON, "message_id": 5, "date": 1, "text": LETTER}
    )
    one.telegram.user_presses(CHAT, f"guide:{USERNAME}", forged=True)
    one.telegram.user_presses(CHAT, MAIL, forged=True)
    return len(sends) + 2


async def web_writes(url: str) -> None:
    """JSON, forms, sockets, broken bodies, headers, addresses of pages."""
    visitor = Visitor(url)
    try:
        for text in (LETTER, *PHRASES, *COMMANDS, (LETTER + " ") * 20):
            await visitor.say(text[:10_000])
        await visitor.open(f"/?lang={PHONE}", headers={"User-Agent": NAME, "Referer": MAIL})
        await visitor.submit(text=LETTER)
        await visitor.submit(payload=f"guide:{USERNAME}")
        async with visitor.socket() as line:
            await line.send_json({"id": "canary-in-socket", "text": LETTER})
            await line.send_str(LETTER)
        broken = [LETTER.encode(), json.dumps({"id": NAME, "text": LETTER}).encode(), b'{"' * 99]
        for body in broken:
            assert (await visitor.post(body))[0] in (400, 413, 415, 422)
        for path in (f"/{USERNAME}", f"/web/messages?after={MAIL}", f"/static/{PHONE}"):
            await visitor.get(path, headers={"X-Forwarded-For": PHONE, "X-Request-Id": NAME})
    finally:
        await visitor.http.close()


async def rest_writes(url: str) -> None:
    """Rasa's REST channel, with a phone number as sender, and its /model/parse."""
    async with aiohttp.ClientSession() as session:
        for text in (LETTER, *PHRASES, *COMMANDS):
            body = {"sender": PHONE, "message": text, "metadata": {"name": NAME, "language": MAIL}}
            async with session.post(f"{url}/webhooks/rest/webhook", json=body) as answer:
                await answer.read()
        async with session.post(f"{url}/model/parse", json={"text": LETTER}) as answer:
            await answer.read()
        async with session.post(f"{url}/webhooks/rest/webhook", data=LETTER.encode()) as answer:
            assert answer.status in (400, 415)


async def depth(store: Store, queue: str) -> int:
    """How many entries wait in a queue."""
    return (await figures(store)).queues[queue][0]


async def settled(store: Store, seconds: float = 90.0) -> None:
    """Wait until nothing waits any more."""
    for _ in range(int(seconds * 5)):
        waiting = [await depth(store, name) for name in ("inbox", "outbox", "parked")]
        if not any(waiting):
            return
        await asyncio.sleep(0.2)
    raise TimeoutError(str(waiting))


async def kept(store: Store, count: int) -> list[Phrase]:
    """Wait until so many phrases were redacted and kept; the first waits for spaCy to load."""
    for _ in range(300):
        phrases = await Phrases(store).all()
        if len(phrases) >= count:
            return phrases
        await asyncio.sleep(0.2)
    raise AssertionError([phrase.text for phrase in phrases])


async def nothing_lies_open(one: Site, store: Store) -> None:
    """No trace in any key or value, in any file of DATA_DIR (store, logs), or in metrics."""
    assert traces(await everything(store.client)) == []
    assert in_files(one.folder) == {}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{one.ports[0]}/metrics") as answer,
    ):
        metrics = await answer.read()
    assert b"hashar_turns" in metrics
    assert traces(metrics) == []


async def test_no_trace_of_a_person() -> None:
    """With Rasa up, away and back, on every channel, with dead letters: the canaries are nowhere,
    not even sealed once answered, and nobody else sees them."""
    assert traces(LETTER.encode())  # the search finds what is there
    async with site(LOG_LEVEL="debug", ADDRESS_RATE="0") as one:
        settings = Settings(data_dir=one.folder, secret_keys="test", id_key="test")
        store = Store(settings, one.store.url, Sealer.from_settings(settings))
        url = f"http://127.0.0.1:{one.ports[0]}"
        await asyncio.to_thread(wait_for, lambda: answers(f"{url}/readyz"), 60, "gateway")
        for mode in ("error", "ok"):
            one.rasa.mode = mode
            count = telegram_writes(one)
            await asyncio.gather(web_writes(url), rest_writes(url))
            if mode == "error":
                for _ in range(300):
                    if await depth(store, "parked") > 20:
                        break
                    await asyncio.sleep(0.2)
                assert await depth(store, "parked") > 20, one.problems()
                await nothing_lies_open(one, store)
        await settled(store)
        assert len(one.telegram.sent[CHAT]) >= count
        one.telegram.user_says(CHAT, "/menu")
        one.telegram.blocked.add(CHAT)
        one.telegram.user_says(OTHER, "/export")
        (shown,) = await one.telegram.heard(OTHER, 1, 30)
        for _ in range(100):
            if await depth(store, "dead"):
                break
            await asyncio.sleep(0.2)
        assert await depth(store, "dead"), one.problems()
        phrases = await kept(store, len(PHRASES) - 2)
        await nothing_lies_open(one, store)
        assert traces(shown.text.encode()) == []
        heard = "\n".join(sent.raw for sent in one.telegram.sent[CHAT])
        assert traces(heard.encode()) == []
        assert traces("\n".join(phrase.text for phrase in phrases).encode()) == []
        opened = unsealed(await everything(store.client), store.sealer)
        assert str(CHAT).encode() in opened  # the search looks into what is sealed
        assert [found for found in traces(opened.replace(PHONE.encode(), b"")) if found] == []
        await store.close()


async def test_forget_leaves_nothing() -> None:
    """After /forget no key and no value names the conversation; its own export shows all before."""
    async with site(LOG_LEVEL="debug") as one:
        settings = Settings(data_dir=one.folder, secret_keys="test", id_key="test")
        store = Store(settings, one.store.url, Sealer.from_settings(settings))
        one.rasa.mode = "error"
        for text in ("/language kk", "/course", "passport please", "/guide:passport"):
            one.telegram.user_says(CHAT, text)
        await one.telegram.heard(CHAT, 4, 60)
        one.rasa.mode = "ok"
        await settled(store)
        name = store.sealer.conversation_id("telegram", str(CHAT))
        kept = await store.conversation(name)
        assert kept
        assert kept.slots == {"guide": "passport"}
        assert name.encode() in await everything(store.client)
        before = len(one.telegram.sent[CHAT])
        one.telegram.user_says(CHAT, "/language en")
        one.telegram.user_says(CHAT, "/export")
        shown = (await one.telegram.heard(CHAT, before + 2, 30))[-1].text
        for held in ("telegram", "English", "Passport", "from you: 6", kept.since[:4]):
            assert held.lower() in shown.lower(), shown
        one.telegram.user_says(CHAT, "/forget yes")
        await one.telegram.heard(CHAT, before + 3, 30)
        await settled(store)
        left = await everything(store.client)
        rows = [row for row in left.split(b"\n") if name.encode() in row]
        assert [row for row in rows if b":rate:" not in row] == []  # a count, gone in a minute
        assert str(CHAT).encode() not in unsealed(left, store.sealer)
        await store.close()
