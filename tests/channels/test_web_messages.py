"""Messages to the web chat and answers from it: once each, whatever comes in."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from bot.channels import web_inbound as inbound
from bot.errors import BadUpdate
from bot.model import Update
from tests.browser.site import Site
from tests.browser.visitors import GOOD, Visitor

pytest_plugins = ["tests.browser.fixtures"]

# -- messages ------------------------------------------------------------------------------


async def test_a_message_is_answered_with_safe_html_and_buttons(visitor: Visitor) -> None:
    await visitor.say("passport")
    (mail,) = await visitor.mail()
    assert mail["re"] == "message-1"
    (message,) = mail["messages"]
    assert message["html"].startswith("<p><strong>Passport</strong></p>")
    assert (message["lang"], message["dir"]) == ("en", "ltr")
    assert {"label": "Documents", "payload": "guide:passport:documents"} in message["buttons"]
    assert await visitor.mail(mail["id"], wait=0) == []


async def test_a_message_sent_again_is_answered_once(visitor: Visitor) -> None:
    for _ in range(3):
        await visitor.say("passport", "the-same-id")
    (mail,) = await visitor.mail()
    assert await visitor.mail(mail["id"], wait=1) == []


async def test_a_button_is_answered(visitor: Visitor) -> None:
    body = {"id": "press-it-1", "payload": "guide:passport:documents", "lang": "ru"}
    assert await visitor.post(body) == (200, {"accepted": True})
    (mail,) = await visitor.mail()
    assert mail["messages"][0]["lang"] == "ru"


async def test_two_windows_that_start_greet_once(visitor: Visitor) -> None:
    await visitor.open()
    for own_id in ("window-one", "window-two"):
        assert (await visitor.post({"id": own_id, "start": True}))[0] == 200
    (mail,) = await visitor.mail()
    assert mail["messages"][0]["buttons"]
    assert await visitor.mail(mail["id"], wait=1) == []


async def test_the_language_of_the_page_is_the_first_language(visitor: Visitor) -> None:
    await visitor.post({"id": "hello-there", "start": True, "lang": "ar"})
    (mail,) = await visitor.mail()
    assert (mail["messages"][0]["lang"], mail["messages"][0]["dir"]) == ("ar", "rtl")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe{}", 400),
        (b'{"id":"a-good-id","text":"\xc3\x28"}', 400),
        (b"[" * 30_000, 400),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, 400),
        (b"9" * 60_000, 400),
        (b"NaN", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"null", 400),
        ({}, 400),
        ({"id": "a-good-id"}, 400),
        ({"text": "hello"}, 400),
        ({**GOOD, "id": 1}, 400),
        ({**GOOD, "id": ""}, 400),
        ({**GOOD, "id": "short"}, 400),
        ({**GOOD, "id": "x" * 65}, 400),
        ({**GOOD, "id": "with spaces"}, 400),
        ({**GOOD, "id": "новый-номер"}, 400),
        ({**GOOD, "text": None}, 400),
        ({**GOOD, "text": 5}, 400),
        ({**GOOD, "text": ["hello"]}, 400),
        ({**GOOD, "payload": "menu"}, 400),
        ({**GOOD, "admin": True}, 400),
        ({**GOOD, "address": "someone"}, 400),
        ({"id": "a-good-id", "payload": ""}, 400),
        ({"id": "a-good-id", "payload": "x" * 65}, 400),
        ({"id": "a-good-id", "payload": "menu\n"}, 400),
        ({"id": "a-good-id", "payload": "меню"}, 400),
        ({"id": "a-good-id", "payload": {"menu": 1}}, 400),
        ({"id": "a-good-id", "start": 1}, 400),
        ({"id": "a-good-id", "start": False}, 400),
        ({**GOOD, "text": "x" * 10_001}, 413),
        (b" " * 140_000, 413),
        ({**GOOD, "text": ""}, 200),
        ({**GOOD, "lang": "<script>"}, 200),
        ({**GOOD, "lang": 7}, 200),
        ({**GOOD, "text": "x" * 10_000}, 200),
        ({**GOOD, "text": "😀" * 10_000}, 200),
        ({**GOOD, "text": "ы" * 10_000}, 200),
        (b'{"id":"a-good-id","text":"\\ud800 alone \\udfff"}', 200),
        (b'{"id":"a-good-id","text":"\\u0000\\u202e\\u2066"}', 200),
        ({"id": "a-good-id", "payload": "forged/payload"}, 200),
        ({"id": "a-good-id", "payload": "guide/../../etc/passwd"}, 200),
    ],
)
async def test_bad_messages_get_a_short_error_and_good_ones_an_answer(
    visitor: Visitor, body: Any, status: int
) -> None:
    found, data = await visitor.post(body)
    assert found == status, data
    if status == 200:
        assert (await visitor.mail())[0]["messages"]
    else:
        assert set(data) == {"error", "about"}
        assert len(data["about"]) < 120
        assert await visitor.mail(wait=0) == []


async def test_ten_thousand_emoji_are_accepted_as_utf8(visitor: Visitor) -> None:
    body = json.dumps({**GOOD, "text": "😀" * 10_000}, ensure_ascii=False).encode()
    assert (await visitor.post(body))[0] == 200


async def test_a_body_that_trickles_in_is_cut_off(
    site: Site, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bot.body.SECONDS", 0.3)
    head = "POST /web/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", site.gateway.port)
    writer.write(f"{head}Content-Length: 100\r\n\r\n{{".encode())
    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 408")
    writer.close()
    for ending in ("Content-Length: 100\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\nzz\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", site.gateway.port)
        writer.write((head + ending).encode())
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()
    await asyncio.sleep(0.5)
    assert "request_failed" not in "".join(capfd.readouterr())


async def test_only_json_is_taken(visitor: Visitor) -> None:
    """A form on another site cannot send this type without asking the browser first."""
    for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
        headers = {"Content-Type": content_type}
        async with visitor.http.post(
            "/web/messages", data=json.dumps(GOOD), headers=headers
        ) as answer:
            assert answer.status == 415


OWN = "http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": OWN}, False),
        ({"Origin": OWN}, True),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "http://127.0.0.1:1"}, False),
        ({"Origin": "http://[broken"}, False),
        ({"Origin": "https://evil.example", "Referer": OWN}, False),
        ({"Referer": OWN + "/?lang=ru"}, True),
        ({"Referer": "https://evil.example/127.0.0.1"}, False),
        ({"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"}, False),
    ],
)
async def test_other_sites_cannot_speak_for_a_person(
    visitor: Visitor, headers: dict[str, str], allowed: bool
) -> None:
    await visitor.open()
    port = visitor.url.rsplit(":", 1)[1]
    headers = {name: value.replace("{port}", port) for name, value in headers.items()}
    assert (await visitor.post(GOOD, **headers))[0] == (200 if allowed else 403)
    with contextlib.suppress(aiohttp.WSServerHandshakeError):
        async with visitor.socket(**headers):
            assert allowed
            return
    assert not allowed


async def test_when_the_store_is_down_the_client_is_told_to_come_back(
    site: Site, visitor: Visitor
) -> None:
    await site.lose_store()
    async with visitor.http.post("/web/messages", json=GOOD) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert (await answer.json())["error"] == "unavailable"
    await site.find_store()
    assert (await visitor.post(GOOD))[0] == 200


async def test_who_writes_too_fast_is_told_when_to_send_it_again(
    site: Site, visitor: Visitor
) -> None:
    await site.limit(user_rate=2)
    await visitor.open()
    for text in ("passport", "hello"):
        await visitor.say(text)
    async with visitor.http.post("/web/messages", json=GOOD) as answer:
        assert answer.status == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 60
    await site.limit(user_rate=0)
    assert (await visitor.post(GOOD))[0] == 200, "it was not seen before"


# -- answers -------------------------------------------------------------------------------


async def test_a_long_poll_returns_as_soon_as_the_answer_is_there(visitor: Visitor) -> None:
    await visitor.open()
    poll = asyncio.create_task(visitor.mail(wait=20))
    await asyncio.sleep(0.3)
    began = time.monotonic()
    await visitor.say("passport")
    assert await poll
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("after=0&wait=0", 200),
        ("after=99999999999999999999-99999999999999999999", 200),
        ("after=1-1", 200),
        ("after=$", 400),
        ("after=%2B", 400),
        ("after=-", 400),
        ("after=", 400),
        ("after=1-1-1", 400),
        ("after=1-1%00", 400),
        ("after=1-1%0a", 400),
        ("wait=-1", 400),
        ("wait=1e9", 400),
        ("wait=nan", 400),
        ("wait=%D9%A1", 400),
        ("wait=0&after=0&other=1", 200),
    ],
)
async def test_what_a_poll_may_ask(visitor: Visitor, query: str, status: int) -> None:
    assert (await visitor.get(f"/web/messages?{query}"))[0] == status


async def test_too_many_polls_of_one_person_do_not_wait(visitor: Visitor) -> None:
    await visitor.open()
    polls = [asyncio.create_task(visitor.mail(wait=10)) for _ in range(5)]
    await asyncio.sleep(0.5)
    began = time.monotonic()
    assert await visitor.mail(wait=10) == []
    assert time.monotonic() - began < 3
    await visitor.say("passport")
    assert all(await asyncio.gather(*polls))


# -- fuzz ----------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FIELDS = st.dictionaries(
    st.sampled_from(["id", "text", "payload", "start", "lang", "after", "ping", "x"]),
    JSON | st.sampled_from(["a-good-id", "0", "1-1", "menu", "ru", True]),
)


@hypothesis(max_examples=600, deadline=None)
@given(st.binary() | FIELDS.map(json.dumps) | JSON.map(json.dumps))
def test_any_json_is_read_or_refused(body: bytes | str) -> None:
    with contextlib.suppress(BadUpdate):
        found = inbound.frame(body)
        if isinstance(found, inbound.Said):
            update = found.update("address")
            assert Update.from_json(update.to_json().encode()) == update
    assert isinstance(inbound.id_of(body), str)


@hypothesis(max_examples=600, deadline=None)
@given(st.binary())
def test_any_form_is_read_or_refused(body: bytes) -> None:
    for start in (b"", b"text=", b"payload=", b"id=a&lang="):
        with contextlib.suppress(BadUpdate):
            said = inbound.said_in_form(inbound.form(start + body))
            said.update("address").to_json().encode()


async def test_odd_requests_never_break_the_server(visitor: Visitor) -> None:
    chance = random.Random(7)
    odd = [
        "",
        "0",
        "1-1",
        "a",
        "ru",
        "x" * 3000,
        "\u202e",
        "<b>",
        "'\"",
        "%",
        "\x7f",
        "ы",
        "😀",
        "1",
    ]
    names = ["after", "wait", "lang", "all", "sent", "v", "odd"]
    paths = ["/", "/web/messages", "/web/strings", "/static/hashar-chat.js", "/web/socket"]
    for _ in range(300):
        query = {name: chance.choice(odd) for name in chance.sample(names, 3)}
        query["wait"] = "0"
        headers = {
            "Accept-Language": "".join(chance.choices("abkru;q=0.,-*", k=30)),
            "Cookie": "hashar=" + "".join(chance.choices('ab=;," _-', k=43)),
            "X-Forwarded-Proto": chance.choice(["https", "", ",", "a" * 500]),
        }
        path = chance.choice(paths)
        status, _, body = await visitor.get(path, params=query, headers=headers)
        assert status < 500, (path, query, headers, body)
