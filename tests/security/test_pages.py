"""Every page and every error: headers that browsers obey, no code inline, no way to other files."""

from __future__ import annotations

import re

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from bot.answers import HEADERS
from tests.browser.visitors import Visitor
from tests.security.conftest import Run, url

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "X")


def paths(app: web.Application) -> set[str]:
    """Return an address for each route."""
    canonical = {resource.canonical for resource in app.router.resources()}
    return {path.replace("{name}", "hashar-chat.js") for path in canonical}


async def test_every_answer_to_every_method_has_the_headers(run: Run) -> None:
    """On every route, on addresses that there are not, and for methods that nobody knows."""
    async with run(telegram_token="") as system, aiohttp.ClientSession(url(system)) as session:
        assert system.gateway is not None
        known = paths(system.gateway.app())
        assert len(known) >= 12
        for path in known | {"/nothing", "/static/nothing", "/%00", "/web/", "//", "/..%2f"}:
            for method in METHODS:
                async with session.request(method, URL(path, encoded=True)) as answer:
                    text = await answer.text()
                    for name, value in HEADERS.items():
                        assert answer.headers.get(name) == value, (method, path, name)
                    assert answer.headers["Cache-Control"]
                    assert answer.status < 500, (method, path, text)
                    if answer.status >= 400 and method != "HEAD" and path != "/web/form":
                        assert answer.content_type == "application/json", (method, path)
                        assert set(await answer.json()) == {"error", "about"}
                    if answer.status == 405:
                        assert answer.headers["Allow"]


async def test_over_https_browsers_are_told_to_stay_there(run: Run) -> None:
    async with run(public_url="https://chat.example") as system:
        visitor = Visitor(url(system))
        for path in ("/", "/nothing", "/static/hashar-chat.js"):
            _, headers, _ = await visitor.get(path)
            assert headers["Strict-Transport-Security"] == "max-age=31536000"
        await visitor.http.close()


@pytest.mark.parametrize(
    "path",
    [
        "/?lang=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/?after=%22%3E%3Cscript%3E&all=%3Cscript%3E&sent=%3Cscript%3E",
        "/%3Cscript%3Ealert(1)%3C/script%3E",
        "/static/%3Cscript%3E",
        "/web/strings?lang=%3Cscript%3E",
        "/web/strings?lang=../../../../etc/passwd",
        "/web/messages?after=%3Cscript%3E",
        "/?lang=..%2f..%2f..%2fetc%2fpasswd%00.yml",
    ],
)
async def test_nothing_of_an_address_comes_back_as_markup_or_file(run: Run, path: str) -> None:
    async with (
        run() as system,
        aiohttp.request("GET", URL(url(system) + path, encoded=True)) as answer,
    ):
        text = await answer.text()
        assert answer.status in (200, 400, 404)
        assert "<script>" not in text
        assert "root:" not in text
        if answer.content_type == "text/html":
            assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", text)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../settings.py",
        "/static/%2e%2e/settings.py",
        "/static/..%2fsettings.py",
        "/static/..%5csettings.py",
        "/static/%2e%2e%2f%2e%2e%2fpyproject.toml",
        "/static/%252e%252e%252fsettings.py",
        "/static/.%00./settings.py",
        "/static/page.html",
        "/static/hashar-chat.js/",
        "/static//etc/passwd",
        "/static/hashar-chat.js%2f..%2fpage.html",
        "//etc/passwd",
        "/../../../../etc/passwd",
    ],
)
async def test_only_the_two_files_are_served(run: Run, path: str) -> None:
    """Files are looked up by name among those read at the start: there is no path to bend."""
    async with (
        run() as system,
        aiohttp.request("GET", URL(url(system) + path, encoded=True)) as answer,
    ):
        assert answer.status == 404


async def test_sessions_cannot_be_guessed(run: Run) -> None:
    """43 characters of the system's generator: 256 bits; no two alike, none like its neighbour."""
    async with run() as system:
        tokens = []
        for _ in range(200):
            async with aiohttp.request("GET", url(system) + "/web/messages") as answer:
                (cookie,) = answer.headers.getall("Set-Cookie")
                assert "HttpOnly" in cookie
                assert "SameSite=Lax" in cookie
                found = re.match(r"hashar=([A-Za-z0-9_-]{43});", cookie)
                assert found
                tokens.append(found[1])
        assert len(set(tokens)) == 200
        for position in range(42):
            assert len({token[position] for token in tokens}) > 30, position


async def test_a_session_is_not_taken_over(run: Run) -> None:
    """Neither by its conversation's id, nor by a form of another session, nor by its own mail."""
    async with run() as system:
        ann, eve = Visitor(url(system)), Visitor(url(system))
        await ann.open()
        await ann.say("passport")
        (mail, *_) = await ann.mail()
        conversation = system.sealer.conversation_id("web", ann.token)
        await eve.open()
        for claim in (conversation, ann.token[:-1], ann.token + "A", ann.token.swapcase()):
            headers = {"Cookie": f"hashar={claim}"}
            async with aiohttp.request(
                "GET", f"{url(system)}/web/messages?after=0", headers=headers
            ) as answer:
                assert (await answer.json())["mail"] == []
        assert await eve.mail(after=mail["id"], wait=0) == []
        eve.page = await ann.open()
        await eve.submit(answer=403, text="in Ann's name")
        assert len(await ann.mail()) == 1
        await ann.http.close()
        await eve.http.close()


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"]
)
async def test_another_site_opens_no_socket_in_a_persons_name(run: Run, origin: str) -> None:
    async with run() as system:
        ann = Visitor(url(system))
        await ann.open()
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            async with ann.socket(Origin=origin):
                pass
        assert caught.value.status == 403
        for site in ("cross-site", "same-site"):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                async with ann.socket(**{"Sec-Fetch-Site": site}):
                    pass
        await ann.http.close()
