"""Too much, too long, twice: what is over a limit is said, and nothing is lost in silence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.embedded import free_port
from bot.store.figures import figures
from bot.system import System
from tests.browser.visitors import Visitor
from tests.fakes.telegram import TOKEN, FakeTelegram
from tests.security.conftest import Run, port, url


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    """A fake Telegram on a free port."""
    async with FakeTelegram() as server:
        yield server


def by_telegram(telegram: FakeTelegram) -> dict[str, Any]:
    """Return the settings of a bot on that Telegram."""
    return {"telegram_token": TOKEN, "telegram_api_url": telegram.url, "telegram_rate": 1000.0}


async def settled(system: System, telegram: FakeTelegram) -> None:
    """Wait until everything that came is answered, and everything answered is sent."""
    for _ in range(600):
        queues = (await figures(system.store)).queues
        if not telegram._pending and not any(queues[name][0] for name in ("inbox", "outbox")):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"something waits for ever: {queues}")


def words(system: System, key: str, language: str) -> str:
    """Return a string of the interface."""
    return str(system.library.current.strings[language][key])


@pytest.mark.parametrize("language", ["en", "ru", "kk", "ar"])
async def test_who_writes_too_fast_is_told_so_once_in_their_language(
    run: Run, telegram: FakeTelegram, language: str
) -> None:
    async with run(user_rate=3, **by_telegram(telegram)) as system:
        slow = words(system, "slow_down.text", language)
        for _ in range(9):
            telegram.user_says(7, "/help", language)
        telegram.user_says(8, "/help", language)
        await telegram.heard(8, seconds=20)
        await settled(system, telegram)
        said = [sent.text for sent in telegram.sent[7]]
        assert said.count(slow) == 1
        assert said[-1] == slow
        assert slow not in [sent.text for sent in telegram.sent[8]]


async def test_when_all_write_at_once_telegram_keeps_what_is_over(
    run: Run, telegram: FakeTelegram
) -> None:
    """By polling and by webhook: every message is answered in the end, each once."""
    async with run(global_rate=20, **by_telegram(telegram)) as system:
        for person in range(40):
            telegram.user_says(person + 1, "/privacy")
        await telegram.until(lambda: all(telegram.sent[n + 1] for n in range(40)), 20)
        await settled(system, telegram)
        once = len(telegram.sent[1])
        assert [len(telegram.sent[n + 1]) for n in range(40)] == [once] * 40


async def test_over_the_limit_of_all_web_and_rest_are_told_to_come_back(run: Run) -> None:
    async with run(global_rate=1) as system, aiohttp.ClientSession(url(system)) as session:
        found = []
        for number in range(3):
            body = {"id": f"message-{number}", "text": "hello"}
            async with session.post("/web/messages", json=body) as answer:
                found.append((answer.status, answer.headers.get("Retry-After")))
        assert found[0] == (200, None)
        assert found[2] == (429, "1")
        body = {"sender": "a", "message": "hello"}
        async with session.post("/webhooks/rest/webhook", json=body) as answer:
            assert answer.status == 429
            assert (await answer.json())["error"] == "too_many"


async def test_the_socket_gives_a_time_and_the_same_message_is_taken_then(run: Run) -> None:
    async with run(user_rate=1) as system:
        visitor = Visitor(url(system))
        async with visitor.socket() as line:
            await line.send_json({"id": "message-1", "text": "passport"})
            await line.send_json({"id": "message-2", "text": "passport"})
            heard: list[dict[str, Any]] = []
            while not any("retry" in one for one in heard):
                heard.append(json.loads(await line.receive_str(timeout=5)))
            (refused,) = [one for one in heard if "retry" in one]
            assert refused["retry"] == "message-2"
            assert 0 < refused["in"] <= 60
            for key in await system.store.client.keys("*:rate:*"):
                await system.store.client.delete(key)
            await line.send_json({"id": "message-2", "text": "passport"})
            while {"ack": "message-2"} not in heard:
                heard.append(json.loads(await line.receive_str(timeout=5)))
        await visitor.http.close()


async def test_a_text_of_10000_characters_is_answered(run: Run, telegram: FakeTelegram) -> None:
    """On every channel; one more is refused on the web, where people can shorten it."""
    async with run(**by_telegram(telegram)) as system, aiohttp.ClientSession(url(system)) as http:
        for text in ("я" * 10_000, "passport " * 1111, "\U0001f1f0" * 10_000, "**[a](" * 1666):
            telegram.user_says(7, text[:10_000])
            body = {"sender": "long", "message": text[:10_000]}
            async with http.post("/webhooks/rest/webhook", json=body) as answer:
                assert answer.status == 200
                assert all(row["text"] for row in await answer.json())
            visitor = Visitor(url(system))
            await visitor.open()
            await visitor.say(text[:10_000])
            assert await visitor.mail()
            assert (await visitor.post({"id": "too-long-1", "text": "x" * 10_001}))[0] == 413
            await visitor.http.close()
        await telegram.heard(7, 4, 20)


@pytest.mark.parametrize("language", ["ru"])
async def test_the_plain_page_keeps_the_text_and_says_what_to_do(run: Run, language: str) -> None:
    async with run(user_rate=1) as system:
        visitor = Visitor(url(system))
        await visitor.open("/?lang=ru")
        await visitor.submit(text="паспорт", lang=language)
        await visitor.submit(answer=429, text="мой длинный вопрос", lang=language)
        assert words(system, "web.wait", language) in visitor.page
        assert "мой длинный вопрос</textarea>" in visitor.page
        await visitor.http.close()


async def test_an_update_that_is_replayed_is_answered_once(
    run: Run, telegram: FakeTelegram
) -> None:
    """Telegram redelivers, and so may someone who recorded a request: DEDUP_HOURS it is known."""
    at = free_port()
    hook = {"public_url": f"http://127.0.0.1:{at}", "port": at, "telegram_webhook_secret": "s"}
    async with run(**by_telegram(telegram), **hook) as system:
        first = telegram.user_says(7, "/privacy")
        await telegram.heard(7, seconds=20)
        await settled(system, telegram)
        once = len(telegram.sent[7])
        for _ in range(5):
            telegram.redeliver(first)
        await telegram.until(lambda: telegram.pushes[200] == 6, 20)
        telegram.user_says(8, "/privacy")
        await telegram.heard(8, seconds=20)
        await settled(system, telegram)
        assert len(telegram.sent[7]) == once
        keys = await system.store.client.keys("*:seen:*")
        left = [await system.store.client.ttl(key) for key in keys]
        assert min(left) > system.settings.dedup_hours * 3600 - 60
        assert port(system) == at


async def test_a_web_message_that_is_replayed_is_answered_once(run: Run) -> None:
    async with run() as system:
        visitor = Visitor(url(system))
        await visitor.open()
        for _ in range(4):
            assert (await visitor.post({"id": "the-same-id", "text": "passport"}))[0] == 200
        assert await visitor.mail()
        await asyncio.sleep(0.5)
        assert len(await visitor.mail()) == 1
        await visitor.http.close()


async def test_a_conversation_that_is_garbage_stops_nobody(run: Run) -> None:
    """Who wrote into the store by mistake breaks one turn, which is told; the next one works."""
    async with run() as system:
        visitor = Visitor(url(system))
        await visitor.open()
        conversation = system.sealer.conversation_id("web", visitor.token)
        key = system.store.keys.conversation(conversation)
        for garbage in ("[]", "{", "{}", '{"c": 1, "o": 5}', "\u0000"):
            await system.store.client.set(key, garbage)
            after = (await visitor.mail(wait=0) or [{"id": "0"}])[-1]["id"]
            await visitor.say("passport")
            (sorry,) = await visitor.mail(after)
            assert "went wrong" in sorry["messages"][0]["html"]
            await visitor.say("passport")
            assert "went wrong" not in str(await visitor.mail(sorry["id"]))
        await visitor.http.close()
