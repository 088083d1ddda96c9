"""The web chat over HTTP, as browsers, old phones and attackers use it."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gzip
import json
import re
import time
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from bot.channels import web_inbound as inbound
from bot.channels import web_page as pages
from bot.channels.base import Channel
from bot.channels.web import WebChannel
from bot.errors import BadUpdate, PermanentDeliveryError, SettingsError
from bot.library.live import LiveLibrary
from bot.model import Button, Message, Update
from bot.settings import Settings
from bot.store.mail import Mailroom
from bot.store.seal import Sealer
from bot.store.store import Mail, Store
from tests.browser.site import Site
from tests.conftest import ROOT
from tests.fakes.rasa import FakeRasa

FORM_ID = re.compile(r'name="id" value="([^"]+)"')
ARTICLE = re.compile(r"<article.*?</article>", re.DOTALL)


class Visitor:
    """A browser with its own cookies."""

    def __init__(self, url: str) -> None:
        self.url = url
        jar = aiohttp.CookieJar(unsafe=True)
        self.http = aiohttp.ClientSession(cookie_jar=jar, base_url=url)
        self.page = ""
        self.count = 0

    @property
    def token(self) -> str:
        return next(cookie.value for cookie in self.http.cookie_jar if cookie.key == "hashar")

    async def get(self, path: str, **options: Any) -> tuple[int, Any, str]:
        async with self.http.get(path, **options) as answer:
            return answer.status, answer.headers.copy(), await answer.text()

    async def open(self, path: str = "/", **options: Any) -> str:
        """Open a page; later forms are sent from it."""
        status, _, self.page = await self.get(path, **options)
        assert status == 200, self.page
        return self.page

    async def submit(self, *, answer: int = 200, **fields: str) -> str:
        """Send a form of the open page; return the page that follows."""
        match = FORM_ID.search(self.page)
        assert match
        data = {"id": match[1], "lang": "en", "after": self.last, **fields}
        async with self.http.post("/web/form", data=data) as response:
            self.page = await response.text()
            assert response.status == answer, self.page
        return self.page

    @property
    def last(self) -> str:
        match = re.search(r'data-after="([^"]+)"', self.page)
        return match[1] if match else "0"

    @property
    def articles(self) -> list[str]:
        return ARTICLE.findall(self.page)

    async def post(self, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **headers}
        async with self.http.post("/web/messages", data=data, headers=headers) as answer:
            return answer.status, await answer.json()

    async def say(self, text: str, own_id: str = "") -> None:
        self.count += 1
        status, data = await self.post({"id": own_id or f"message-{self.count}", "text": text})
        assert (status, data) == (200, {"accepted": True})

    async def mail(self, after: str = "0", wait: int = 5) -> list[dict[str, Any]]:
        status, _, body = await self.get(f"/web/messages?after={after}&wait={wait}")
        assert status == 200, body
        found: list[dict[str, Any]] = json.loads(body)["mail"]
        return found

    @contextlib.asynccontextmanager
    async def socket(
        self, after: str | None = "0", **headers: str
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        async with self.http.ws_connect("/web/socket", headers=headers) as line:
            if after is not None:
                await line.send_json({"after": after})
                assert await hear(line) == {"ready": True}
            yield line


async def hear(line: aiohttp.ClientWebSocketResponse, seconds: float = 5) -> dict[str, Any]:
    """Return the next frame of a socket."""
    data: dict[str, Any] = json.loads(await line.receive_str(timeout=seconds))
    return data


async def hear_mail(line: aiohttp.ClientWebSocketResponse) -> list[dict[str, Any]]:
    """Return the next answers on a socket that are not an empty list."""
    while True:
        if mail := (await hear(line)).get("mail"):
            found: list[dict[str, Any]] = mail
            return found


@pytest.fixture(scope="module")
def live() -> LiveLibrary:
    """The real content, without vectors."""
    return LiveLibrary(ROOT / "content")


@pytest.fixture
async def site(settings: Settings, live: LiveLibrary, fake_rasa: FakeRasa) -> AsyncIterator[Site]:
    """The web chat, answered by a worker."""
    one = Site(settings, live, fake_rasa.url)
    await one.start()
    yield one
    await one.stop()


@pytest.fixture
async def visitor(site: Site) -> AsyncIterator[Visitor]:
    """Somebody who opens the page for the first time."""
    one = Visitor(site.url)
    yield one
    await one.http.close()


@pytest.fixture
async def other(site: Site) -> AsyncIterator[Visitor]:
    """Somebody else."""
    one = Visitor(site.url)
    yield one
    await one.http.close()


# -- page and session ----------------------------------------------------------------------


def test_the_channel_keeps_its_contract(site: Site) -> None:
    one: Channel = site.channel
    assert (one.name, one.pulls) == ("web", True)


async def test_nothing_is_ever_sent(site: Site) -> None:
    with pytest.raises(PermanentDeliveryError):
        await site.channel.send("address", Message("text"))


@pytest.mark.parametrize(
    ("path", "accepts", "lang", "flow"),
    [
        ("/", "", "en", "ltr"),
        ("/", "kk-KZ,kk;q=0.9,ru;q=0.8", "kk", "ltr"),
        ("/", "de;q=0.9, ru;q=0.5, en;q=0.4", "ru", "ltr"),
        ("/", "xx, ;q=;q=,ar;q=0.1", "ar", "rtl"),
        ("/?lang=ru", "kk", "ru", "ltr"),
        ("/?lang=ar", "kk", "ar", "rtl"),
        ("/?lang=%22%3E%3Cscript%3E", "kk", "kk", "ltr"),
        ("/?lang=" + "x" * 3000, "", "en", "ltr"),
        ("/?after=%27%22%3E&all=%3Cb%3E", "", "en", "ltr"),
    ],
)
async def test_the_page_speaks_the_wanted_language(
    visitor: Visitor, path: str, accepts: str, lang: str, flow: str
) -> None:
    page = await visitor.open(path, headers={"Accept-Language": accepts})
    assert f'<html lang="{lang}" dir="{flow}"' in page
    assert "<b>" not in page


async def test_every_answer_has_security_headers(visitor: Visitor) -> None:
    for path in ("/", "/static/hashar-chat.js", "/static/no", "/web/strings", "/web/messages"):
        _, headers, _ = await visitor.get(path)
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy, path
        assert "frame-ancestors 'none'" in policy
        assert "base-uri 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "geolocation=()" in headers["Permissions-Policy"]
        assert "ython" not in headers["Server"]


async def test_the_page_holds_no_inline_code(visitor: Visitor) -> None:
    page = await visitor.open()
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:", page)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)


async def test_the_session_cookie_is_hard_to_steal(visitor: Visitor) -> None:
    _, headers, _ = await visitor.get("/")
    cookie = headers["Set-Cookie"]
    assert re.match(r"hashar=[A-Za-z0-9_-]{43};", cookie)
    for part in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=7776000"):
        assert part in cookie
    assert "Secure" not in cookie
    assert "Domain" not in cookie


async def test_sessions_differ_and_last(visitor: Visitor, other: Visitor) -> None:
    await visitor.open()
    token = visitor.token
    await visitor.open()
    await other.open()
    assert visitor.token == token != other.token


@pytest.mark.parametrize("forged", ["", "a", "x" * 42, "x" * 44, "x" * 5000, "%00" * 20, "ы" * 43])
async def test_a_cookie_of_another_shape_is_replaced(visitor: Visitor, forged: str) -> None:
    headers = {"Cookie": f"hashar={forged}"}
    _, answer, _ = await visitor.get("/web/messages", headers=headers)
    assert re.match(r"hashar=[A-Za-z0-9_-]{43};", answer["Set-Cookie"])


async def test_a_token_counts_only_in_the_cookie(visitor: Visitor, other: Visitor) -> None:
    await visitor.open()
    await visitor.say("passport")
    assert await visitor.mail()
    token = visitor.token
    query = f"/web/messages?hashar={token}&token={token}&session={token}"
    for headers in ({}, {"Authorization": f"Bearer {token}"}, {"X-Session": token}):
        assert json.loads((await other.get(query, headers=headers))[2]) == {"mail": []}


@pytest.mark.parametrize(
    ("proxies", "public", "headers", "secure"),
    [
        ("", "", {"X-Forwarded-Proto": "https"}, False),
        ("10.0.0.0/8", "", {"X-Forwarded-Proto": "https"}, False),
        ("127.0.0.0/8", "", {"X-Forwarded-Proto": "https"}, True),
        ("127.0.0.0/8", "", {"X-Forwarded-Proto": "http, https"}, True),
        ("127.0.0.0/8", "", {"X-Forwarded-Proto": "https, http"}, False),
        ("127.0.0.0/8", "", {}, False),
        ("", "https://chat.example.kz", {"Host": "chat.example.kz"}, True),
        ("", "https://chat.example.kz", {"Host": "other.example.kz"}, False),
    ],
)
async def test_over_https_the_cookie_belongs_to_this_host_alone(
    settings: Settings,
    live: LiveLibrary,
    proxies: str,
    public: str,
    headers: dict[str, str],
    secure: bool,
) -> None:
    settings = dataclasses.replace(settings, trusted_proxies=proxies, public_url=public)
    async with alone(settings, live) as visitor:
        _, answer, _ = await visitor.get("/", headers=headers)
        cookie = answer["Set-Cookie"]
        assert cookie.startswith("__Host-hashar=") == ("Secure" in cookie) == secure


async def test_a_cookie_planted_by_a_neighbour_host_does_not_count_over_https(
    settings: Settings, live: LiveLibrary
) -> None:
    settings = dataclasses.replace(settings, trusted_proxies="127.0.0.1")
    planted = "p" * 43
    async with alone(settings, live) as visitor:
        headers = {"X-Forwarded-Proto": "https", "Cookie": f"hashar={planted}"}
        _, answer, _ = await visitor.get("/", headers=headers)
        assert planted not in answer["Set-Cookie"]


@contextlib.asynccontextmanager
async def alone(settings: Settings, live: LiveLibrary) -> AsyncIterator[Visitor]:
    """A web channel with no worker behind it."""
    store = Store(settings, settings.redis_url, Sealer.from_settings(settings))
    one = WebChannel(settings, store, Mailroom(store), live)
    await one.start(store.accept)
    app = web.Application()
    app.add_routes(one.routes())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    visitor = Visitor(f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield visitor
    await visitor.http.close()
    await one.close()
    await runner.cleanup()
    await store.close()


async def test_wrong_proxies_are_named(store: Store, settings: Settings) -> None:
    wrong = dataclasses.replace(settings, trusted_proxies="my-proxy")
    with pytest.raises(SettingsError, match="TRUSTED_PROXIES"):
        WebChannel(wrong, store, Mailroom(store), None)  # type: ignore[arg-type]


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


GOOD = {"id": "a-good-id", "text": "hello"}


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
        (b" " * 70_000, 413),
        ({**GOOD, "text": ""}, 200),
        ({**GOOD, "lang": "<script>"}, 200),
        ({**GOOD, "lang": 7}, 200),
        ({**GOOD, "text": "x" * 10_000}, 200),
        ({**GOOD, "text": "😀" * 10_000}, 413),
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
    monkeypatch.setattr("bot.channels.web_inbound.BODY_SECONDS", 0.3)
    head = "POST /web/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", site.gateway.port)
    writer.write(f"{head}Content-Length: 100\r\n\r\n{{".encode())
    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 400")
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


async def test_the_limiter_is_asked_with_the_address(site: Site, visitor: Visitor) -> None:
    asked: list[str] = []

    async def limiter(request: web.Request, address: str) -> bool:
        asked.append(address)
        return len(asked) != 2

    site.channel.limiter = limiter
    await visitor.open()
    await visitor.say("passport")
    async with visitor.http.post("/web/messages", json=GOOD) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "10")
    assert asked == [visitor.token] * 2


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


async def test_strings_are_complete_in_every_language(visitor: Visitor, site: Site) -> None:
    script = (ROOT / "bot/static/hashar-chat.js").read_text()
    used = set(re.findall(r"\bw\.(\w+)|words\.(\w+)", script))
    needed = {a or b for a, b in used} | {"offline", "slow", "working", "failed", "too_long"}
    for code, language in site.library.current.languages.items():
        status, headers, body = await visitor.get(f"/web/strings?lang={code}-XX")
        data = json.loads(body)
        assert (status, data["lang"], data["dir"]) == (200, code, language.direction)
        assert needed <= {name for name, text in data["strings"].items() if text}, code
        assert "max-age" in headers["Cache-Control"]
        assert "Set-Cookie" not in headers
    assert json.loads((await visitor.get("/web/strings?lang=zz"))[2])["lang"] == "en"


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
        await line.send_str("x" * 70_000)
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


async def closed(line: aiohttp.ClientWebSocketResponse, heard: list[str] | None = None) -> int:
    """Read until the line is closed; return the code."""
    while True:
        frame = await line.receive(timeout=10)
        if frame.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
            return line.close_code or 0
        if heard is not None and frame.type is aiohttp.WSMsgType.TEXT:
            heard.append(frame.data)


# -- without JavaScript --------------------------------------------------------------------


async def test_a_conversation_works_with_forms_alone(visitor: Visitor) -> None:
    page = await visitor.open()
    assert 'name="start"' in page
    assert not visitor.articles
    await visitor.submit(start="1")
    assert len(visitor.articles) == 1
    assert "Emergency" in visitor.articles[0]
    await visitor.submit(text="passport")
    assert len(visitor.articles) == 2
    assert 'id="new"' in visitor.articles[1]
    assert 'value="guide:passport:documents"' in visitor.articles[1]
    await visitor.submit(payload="guide:passport:documents")
    assert len(visitor.articles) == 3
    assert 'id="new"' in visitor.articles[2]


async def test_a_page_changes_its_language_with_the_answers(visitor: Visitor) -> None:
    await visitor.open()
    await visitor.submit(start="1", lang="ru")
    assert '<html lang="ru"' in visitor.page
    await visitor.submit(payload="language:ar", lang="ru")
    assert '<html lang="ar" dir="rtl"' in visitor.page


async def test_a_form_sent_twice_is_answered_once(visitor: Visitor) -> None:
    first = await visitor.open()
    await visitor.submit(text="passport")
    visitor.page = first
    await visitor.submit(text="passport")
    assert len(visitor.articles) == 1
    visitor.page = first
    await visitor.submit(text="hello")
    assert len(visitor.articles) == 2


async def test_without_an_answer_the_page_offers_to_look_again(
    site: Site, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.web_plain.PAGE_WAIT", 0.3)

    async def swallow(update: Update) -> bool:
        return True

    await site.channel.start(swallow)
    await visitor.open()
    await visitor.submit(text="passport")
    assert "Hashar is writing" in visitor.page
    match = re.search(r'class="hc-refresh" href="([^"]+)"', visitor.page)
    assert match
    assert "sent=1" in match[1]
    assert "Show new answers" in visitor.page
    await visitor.open(unescape(match[1]))
    assert "Hashar is writing" in visitor.page


async def test_without_a_question_nobody_waits(visitor: Visitor) -> None:
    await visitor.open()
    await visitor.submit(text="passport")
    match = re.search(r'class="hc-refresh" href="([^"]+)"', visitor.page)
    assert match
    began = time.monotonic()
    await visitor.open(unescape(match[1]))
    assert time.monotonic() - began < 3
    assert "Hashar is writing</p>" not in visitor.page


@pytest.mark.parametrize(
    ("fields", "trouble", "status"),
    [
        ({"text": "x" * 10_001}, "", 413),
        ({"text": "my long question"}, "down", 503),
        ({"text": "my long question"}, "limited", 429),
        ({"text": "my long question", "id": "forged.forged"}, "", 403),
    ],
)
async def test_a_text_that_cannot_be_taken_stays_in_its_field(
    site: Site, visitor: Visitor, fields: dict[str, str], trouble: str, status: int
) -> None:
    await visitor.open()
    if trouble == "down":
        await site.lose_store()
    if trouble == "limited":
        site.channel.limiter = refuse
    await visitor.submit(answer=status, **fields)
    assert f"\n{fields['text']}</textarea>" in visitor.page
    assert re.search(r'class="hc-status" role="status">[^<]+<', visitor.page)
    site.channel.limiter = None
    await site.find_store()
    await visitor.submit(text="passport")
    assert len(visitor.articles) == 1


async def refuse(request: web.Request, address: str) -> bool:
    return False


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}])
async def test_a_form_of_another_site_is_refused(
    visitor: Visitor, other: Visitor, headers: dict[str, str]
) -> None:
    await visitor.open()
    await other.open()
    match = FORM_ID.search(other.page)
    assert match
    for form_id, extra in ((match[1], {}), (FORM_ID.findall(visitor.page)[0], headers)):
        data = {"id": form_id, "text": "passport"}
        async with visitor.http.post("/web/form", data=data, headers=extra) as answer:
            assert answer.status == 403
    assert await visitor.mail(wait=0) == []


@pytest.mark.parametrize(
    "body",
    [
        b"%ff%fe",
        b"text=%ff",
        b"\xff",
        b"text=a&unknown=1",
        b"&".join(b"text=%d" % n for n in range(50)),
        b"text=" + b"%41" * 60_000,
    ],
)
async def test_broken_forms_get_an_error(visitor: Visitor, body: bytes) -> None:
    await visitor.open()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with visitor.http.post("/web/form", data=body, headers=headers) as answer:
        assert answer.status in (400, 403, 413)


async def test_many_answers_do_not_weigh_on_a_slow_line(visitor: Visitor) -> None:
    await visitor.open()
    last = "0"
    for _ in range(12):
        await visitor.say("passport")
        last = (await visitor.mail(last))[-1]["id"]
    await visitor.open()
    assert len(visitor.articles) == pages.SHOWN
    assert "all=1" in visitor.page
    assert 'id="new"' in visitor.articles[-1]
    await visitor.open("/?all=1")
    assert len(visitor.articles) == 12


async def test_the_person_is_not_quoted_into_the_page(visitor: Visitor) -> None:
    await visitor.open()
    await visitor.submit(text='"><script>alert(1)</script><img src=x onerror=alert(1)>')
    assert "alert(1)" not in visitor.page
    await visitor.submit(answer=403, id="no", text="</textarea><script>alert(1)</script>")
    assert "<script>alert" not in visitor.page
    assert "&lt;script&gt;alert(1)" in visitor.page


def test_everything_but_the_answer_is_escaped(site: Site) -> None:
    bad = '"><script>alert(1)</script>'
    message = Message(
        "<p>safe</p>",
        ((Button(bad, bad),),),
        metadata={"language": bad, "direction": bad, "intent": bad},
    )
    mail = [Mail("1-1", "1-1", bad, (message,))]
    view = pages.View(bad, mail, bad, after="0-1", notice=bad, draft=bad)
    page = pages.Page().write(site.library.current, view)
    assert "<script>alert" not in page
    assert "<p>safe</p>" in page
    (row,) = pages.mail_json(site.library.current, mail)[0]["messages"]
    assert (row["lang"], row["dir"]) == ("", "auto")


# -- files ---------------------------------------------------------------------------------


async def test_files_are_kept_by_browsers_until_they_change(visitor: Visitor) -> None:
    page = await visitor.open()
    paths = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(paths) == 2
    for path in paths:
        status, headers, _ = await visitor.get(path, headers={"Accept-Encoding": "gzip"})
        assert (status, headers["Content-Encoding"]) == (200, "gzip")
        assert "immutable" in headers["Cache-Control"]
        assert "Set-Cookie" not in headers
        plain = path.split("?")[0]
        status, headers, text = await visitor.get(plain, headers={"Accept-Encoding": "identity"})
        assert status == 200
        assert "immutable" not in headers["Cache-Control"]
        assert text == (ROOT / "bot" / plain.strip("/")).read_text()
        assert (await visitor.get(plain, headers={"If-None-Match": headers["ETag"]}))[0] == 304


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/page.html",
        "/static/../web.py",
        "/static/..%2fsettings.py",
        "/static/%2e%2e%2fsettings.py",
        "/static/hashar-chat.js%00.css",
        "/static//etc/passwd",
    ],
)
async def test_no_other_file_is_served(visitor: Visitor, path: str) -> None:
    from yarl import URL

    async with visitor.http.get(URL(visitor.url + path, encoded=True)) as answer:
        assert answer.status == 404


def test_the_element_weighs_less_than_12_kb() -> None:
    files = [ROOT / "bot/static" / name for name in ("hashar-chat.js", "hashar-chat.css")]
    sizes = {file.name: len(gzip.compress(file.read_bytes(), 9)) for file in files}
    print("gzip -9:", sizes, "together", sum(sizes.values()))
    assert sum(sizes.values()) < 12_000


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
    for read in (inbound.message, inbound.frame):
        if isinstance(body, bytes) and read is inbound.frame:
            continue
        with contextlib.suppress(BadUpdate):
            found = read(body)  # type: ignore[operator]
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


@hypothesis(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=300))
def test_any_accept_language_gives_a_language(live: LiveLibrary, header: str) -> None:
    assert pages.accepted_language(live.current, header) in live.current.languages


# -- privacy -------------------------------------------------------------------------------


async def test_neither_token_nor_text_is_logged(
    visitor: Visitor, capfd: pytest.CaptureFixture[str]
) -> None:
    await visitor.open()
    await visitor.say("my number is 900101300123, passport")
    await visitor.mail()
    await visitor.post({**GOOD, "x": "900101300123"})
    async with visitor.socket() as line:
        await line.send_str("900101300123")
        await hear(line)
    out = "".join(capfd.readouterr())
    assert "900101300123" not in out
    assert visitor.token not in out
