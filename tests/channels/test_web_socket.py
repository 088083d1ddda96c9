"""The WebSocket of the web chat: exactly one answer, and no way to harm others with it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import Any

import pytest

from bot.channels.web_inbound import JSON_LIMIT
from tests.browser.site import Site
from tests.browser.visitors import GOOD, Visitor, closed, hear, hear_mail

pytest_plugins = ["tests.browser.fixtures"]

# -- the socket ----------------------------------------------------------------------------


async def test_a_socket_acknowledges_then_brings_the_answer(visitor: Visitor) -> None:
    async with visitor.socket() as line:
        assert await hear(line) == {"mail": []}
        await line.send_json({"id": "a-question", "text": "passport"})
        assert await hear(line) == {"ack": "a-question"}
        (mail,) = await hear_mail(line)
        assert mail["re"] == "a-question"
    async with visitor.socket(after=mail["id"]) as line:
        assert await hear(line) == {"mail": []}
        await line.send_json({"id": "a-question", "text": "passport"})
        assert await hear(line) == {"ack": "a-question"}
        with pytest.raises(asyncio.TimeoutError):
            await hear(line, 1)


async def test_answers_wait_for_a_socket_that_comes_back(visitor: Visitor) -> None:
    await visitor.open()
    await visitor.say("passport")
    await visitor.mail()
    async with visitor.socket() as line:
        assert len((await hear(line))["mail"]) == 1


async def test_a_socket_reaches_only_its_own_person(visitor: Visitor, other: Visitor) -> None:
    async with visitor.socket() as line, other.socket() as elsewhere:
        await line.send_json({"id": "a-question", "text": "passport"})
        assert await hear_mail(line)
        assert await hear(elsewhere) == {"mail": []}
        with pytest.raises(asyncio.TimeoutError):
            await hear(elsewhere, 1)


async def test_a_socket_without_a_cookie_gets_one(visitor: Visitor) -> None:
    async with visitor.socket():
        assert len(visitor.token) == 43


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        ("{", {"refused": "", "error": "The body must be JSON in UTF-8."}),
        ("[]", {"refused": "", "error": "The body must be a JSON object."}),
        ("[" * 30_000, {"refused": "", "error": "The body must be JSON in UTF-8."}),
        ('{"after": 5}', {"refused": "", "error": "'after' must be the id of a mail, or '0'."}),
        ('{"after": "0", "x": 1}', {"refused": "", "error": "Known fields are after."}),
        ('{"id": "a-good-id", "x": 1}', {"refused": "a-good-id"}),
        (json.dumps({**GOOD, "text": "x" * 10_001}), {"refused": "a-good-id", "error": "too_long"}),
        ('{"ping": true}', {"pong": True}),
    ],
)
async def test_odd_frames_are_answered_and_the_line_stays(
    visitor: Visitor, frame: str, answer: dict[str, Any]
) -> None:
    async with visitor.socket() as line:
        assert await hear(line) == {"mail": []}
        await line.send_str(frame)
        assert answer.items() <= (await hear(line)).items()
        await line.send_json(GOOD)
        assert await hear(line) == {"ack": "a-good-id"}


async def test_binary_frames_are_refused(visitor: Visitor) -> None:
    async with visitor.socket() as line:
        assert await hear(line) == {"mail": []}
        await line.send_bytes(b"\xff\xfe")
        assert await hear(line) == {"error": "Only text is understood."}


async def test_a_frame_that_is_too_big_closes_the_line(visitor: Visitor) -> None:
    async with visitor.socket() as line:
        await line.send_str("x" * (JSON_LIMIT + 1))
        assert await closed(line) == 1009


async def test_a_flood_is_slowed_then_closed(visitor: Visitor) -> None:
    async with visitor.socket() as line:
        with contextlib.suppress(ConnectionError):
            for number in range(80):
                await line.send_json({"id": f"flood-{number:04}", "text": "passport"})
        answers: list[str] = []
        assert await closed(line, answers) == 1008
        assert any('"retry"' in answer for answer in answers)
        assert sum('"ack"' in answer for answer in answers) <= 35


async def test_a_silent_socket_is_closed(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.web_socket.HELLO_SECONDS", 0.2)
    async with visitor.socket(after=None) as line:
        assert await closed(line) == 1008


async def test_a_sixth_socket_sends_the_oldest_to_polling(visitor: Visitor) -> None:
    await visitor.open()
    async with contextlib.AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(visitor.socket()) for _ in range(6)]
        assert await closed(lines[0]) == 4008
        for line in lines[1:]:
            await line.send_json({"ping": True})
            assert sorted([str(await hear(line)), str(await hear(line))]) == [
                "{'mail': []}",
                "{'pong': True}",
            ]


async def test_on_a_socket_the_store_may_be_down(site: Site, visitor: Visitor) -> None:
    await site.lose_store()
    async with visitor.socket() as line:
        assert await hear(line) == {"mail": []}
        await line.send_json(GOOD)
        assert await hear(line) == {"retry": "a-good-id", "in": 2}
        await site.find_store()
        await line.send_json(GOOD)
        assert await hear(line) == {"ack": "a-good-id"}


async def test_a_plain_request_for_the_socket_is_told_so(visitor: Visitor) -> None:
    assert (await visitor.get("/web/socket"))[0] == 426


async def test_closing_ends_polls_and_sockets_at_once(site: Site, visitor: Visitor) -> None:
    await visitor.open()
    poll = asyncio.create_task(visitor.mail(wait=20))
    async with visitor.socket() as line:
        await asyncio.sleep(0.2)
        began = time.monotonic()
        code, *_ = await asyncio.gather(closed(line), site.channel.close())
        assert code == 1001
        assert await poll == []
    assert time.monotonic() - began < 3
    assert (await visitor.post(GOOD))[0] == 503
