"""The web chat over HTTP, as browsers, old phones and attackers use it."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import json
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.answers import application
from bot.channels import web_page as pages
from bot.channels.base import Channel
from bot.channels.web import WebChannel
from bot.errors import PermanentDeliveryError, SettingsError
from bot.library.live import LiveLibrary
from bot.model import Message
from bot.settings import Settings
from bot.store.mail import Mailroom
from bot.store.seal import Sealer
from bot.store.store import Store
from tests.browser.site import Site
from tests.browser.visitors import GOOD, Visitor, hear
from tests.conftest import ROOT

pytest_plugins = ["tests.browser.fixtures"]

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
    app = application(1 << 20)
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


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("ru", "ru"),
        ("RU-ru;q=0.8,kk;q=0.9", "kk"),
        ("xx;q=1,ar;q=0.001", "ar"),
        ("ru;q=x,kk;q=nonsense,ky;q=0.1", "ky"),
        ("*;q=1", "en"),
        (",;,;q=1,,", "en"),
        ("\u0000\u202e", "en"),
        ("ru;q=nan", "ru"),
    ],
)
def test_the_best_accepted_language_counts(live: LiveLibrary, header: str, language: str) -> None:
    assert pages.accepted_language(live.current, header) == language


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


def test_the_script_runs_on_phones_of_2018() -> None:
    """No syntax newer than ECMAScript 2017; where a phone cannot parse it, the form stays."""
    script = (ROOT / "bot/static/hashar-chat.js").read_text()
    assert not re.search(r"\?\.[a-z(\[]|\?\?|\.\.\.|catch \{|\*\*|\bimport\b|\bexport\b", script)


def test_the_element_weighs_less_than_12_kb() -> None:
    files = [ROOT / "bot/static" / name for name in ("hashar-chat.js", "hashar-chat.css")]
    sizes = {file.name: len(gzip.compress(file.read_bytes(), 9)) for file in files}
    print("gzip -9:", sizes, "together", sum(sizes.values()))
    assert sum(sizes.values()) < 12_000


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
