"""Rasa's REST channel: programs that try again, and answers that come late."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from bot.system import System
from tests.fakes.rasa import FakeRasa


class Program:
    """A client that may repeat its requests."""

    def __init__(self, session: aiohttp.ClientSession, system: System) -> None:
        assert system.gateway is not None
        self._session = session
        self._url = f"http://127.0.0.1:{system.gateway.port}/webhooks/rest/webhook"

    async def says(self, text: str, key: str = "") -> list[dict[str, Any]]:
        headers = {"Idempotency-Key": key} if key else {}
        body = {"sender": "program", "message": text, "metadata": {"language": "en"}}
        async with self._session.post(self._url, json=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            rows: list[dict[str, Any]] = await answer.json()
            return rows


async def turns(system: System) -> int:
    state = await system.store.conversation(system.sealer.conversation_id("rest", "program"))
    return state.turns if state else 0


async def test_request_sent_again_is_answered_once(system: System) -> None:
    """Under the same key a second request gets the answer of the first, also later on."""
    async with aiohttp.ClientSession() as session:
        program = Program(session, system)
        first = await program.says("/menu", "request-1")
        await program.says("/help", "request-2")
        assert await program.says("/menu", "request-1") == first
        assert await turns(system) == 2
        again = await program.says("/menu")
        assert [row["text"] for row in again] == [row["text"] for row in first]
        assert await turns(system) == 3


async def test_late_answer_comes_with_the_next_request(system: System, fake_rasa: FakeRasa) -> None:
    """What was deferred while Rasa was away is seen by the program before its next answer."""
    fake_rasa.mode = "error"
    async with aiohttp.ClientSession() as session:
        program = Program(session, system)
        (sorry,) = await program.says("how do I get a passport")
        assert "will answer it as soon as I can" in sorry["text"]
        fake_rasa.mode = "ok"
        while await turns(system) < 2:
            await asyncio.sleep(0.1)
        texts = [row["text"] for row in await program.says("/help", "request-1")]
        assert "your earlier question" in texts[0]
        assert texts[1].startswith("Passport")
        assert len(texts) == 3
        assert [row["text"] for row in await program.says("/help", "request-1")] == texts
        assert len(await program.says("/help")) == 1


@pytest.mark.parametrize("key", ["short", "a" * 101, "with space in it"])
async def test_bad_key_is_refused(system: System, key: str) -> None:
    """A key that could not be told from others says what is wrong with it."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(AssertionError, match="Idempotency-Key must be"):
            await Program(session, system).says("/menu", key)
