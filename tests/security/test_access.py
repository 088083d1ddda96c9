"""Who may call what: tokens, this machine, and proxies that lie."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from actions.server import ActionServer
from bot.library.live import LiveLibrary
from bot.settings import Settings
from tests.security.conftest import Run, url

SECRET = "a-token-that-nobody-guesses"
CALLS = [
    ("metrics_token", "GET", "/metrics", None),
    ("rest_token", "GET", "/status", None),
    ("rest_token", "POST", "/model/parse", {"text": "hello"}),
    ("rest_token", "POST", "/webhooks/rest/webhook", {"sender": "a", "message": "hello"}),
]
WRONG = ["", "a", SECRET[:-1], SECRET + "a", SECRET.upper(), "\u044f" * 5, "\udcff", "null", " "]


async def status(base: str, method: str, path: str, body: Any, **headers: str) -> int:
    """Return the status of a call."""
    async with aiohttp.request(method, base + path, json=body, headers=headers) as answer:
        await answer.read()
        return answer.status


@pytest.mark.parametrize(("setting", "method", "path", "body"), CALLS)
async def test_with_a_token_set_only_the_token_opens(
    run: Run, setting: str, method: str, path: str, body: Any
) -> None:
    async with run(**{setting: SECRET}) as system:
        assert await status(url(system), method, path, body) == 403
        for wrong in WRONG:
            raw = wrong.encode("utf-8", "surrogateescape").decode("latin-1")
            for value in (f"Bearer {raw}", raw):
                given = {"Authorization": value}
                with contextlib.suppress(aiohttp.ClientError, ValueError):
                    assert await status(url(system), method, path, body, **given) == 403, value
            query = f"{path}?token={wrong.encode('utf-8', 'replace').hex()}"
            assert await status(url(system), method, query, body) == 403
        bearer = {"Authorization": f"Bearer {SECRET}"}
        assert await status(url(system), method, path, body, **bearer) == 200
        assert await status(url(system), method, f"{path}?token={SECRET}", body) == 200


@pytest.mark.parametrize(
    ("changes", "headers", "allowed"),
    [
        ({}, {}, True),
        ({}, {"Host": "localhost:8080"}, True),
        ({}, {"Host": "[::1]:8080"}, True),
        ({}, {"Host": "rebound.example"}, False),
        ({}, {"Host": "127.0.0.1.rebound.example"}, False),
        ({}, {"Host": "["}, False),
        ({}, {"X-Forwarded-For": "127.0.0.1"}, False),
        ({}, {"Forwarded": "for=127.0.0.1"}, False),
        ({}, {"Via": "1.1 proxy"}, False),
        ({"public_url": "https://bot.example"}, {}, False),
        ({"trusted_proxies": "127.0.0.1"}, {}, False),
        ({"trusted_proxies": "127.0.0.1"}, {"X-Forwarded-For": "127.0.0.1"}, False),
    ],
)
async def test_without_a_token_only_this_machine_may_call(
    run: Run, changes: dict[str, str], headers: dict[str, str], allowed: bool
) -> None:
    """A name that a page made lead here is not this machine, nor is anyone behind a proxy."""
    async with run(**changes) as system:
        for _, method, path, body in CALLS:
            found = await status(url(system), method, path, body, **headers)
            assert (found in (200, 503)) == allowed, path
            assert allowed or found in (400, 403), path


@contextlib.asynccontextmanager
async def actions(settings: Settings, library: LiveLibrary) -> AsyncIterator[str]:
    async with TestServer(ActionServer(library, settings).application()) as server:
        yield str(server.make_url("")).rstrip("/")


async def test_the_actions_server_has_a_token_too(settings: Settings, library: LiveLibrary) -> None:
    """Rasa sends it as `?token=`, when its endpoints.yml names one."""
    body = {"next_action": "action_hashar", "tracker": {}}
    async with actions(dataclasses.replace(settings, actions_token=SECRET), library) as base:
        for method, path, sent in (("POST", "/webhook", body), ("GET", "/actions", None)):
            for wrong in ("", "?token=", f"?token={SECRET}x"):
                assert await status(base, method, path + wrong, sent) == 403
            assert await status(base, method, f"{path}?token={SECRET}", sent) == 200
        assert await status(base, "GET", "/health", None) == 200
    async with actions(settings, library) as base:
        assert await status(base, "POST", "/webhook", body) == 200
        assert await status(base, "POST", "/webhook", body, Host="rebound.example") == 403


async def say(base: str, source: str = "127.0.0.1", **headers: str) -> int:
    """Return the status of a message in a new session, from a source address."""
    connector = aiohttp.TCPConnector(local_addr=(source, 0))
    body = {"id": "a-good-id", "text": "hello"}
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.post(f"{base}/web/messages", json=body, headers=headers) as answer,
    ):
        return answer.status


async def test_a_stranger_cannot_claim_another_address(run: Run) -> None:
    """From no proxy X-Forwarded-For counts for nothing: new ones make no new allowance."""
    async with run(address_rate=2) as system:
        found = [
            await say(url(system), "127.0.0.2", **{"X-Forwarded-For": f"192.0.2.{number}"})
            for number in range(4)
        ]
        assert found == [200, 200, 429, 429]
        assert await say(url(system), "127.0.0.3") == 200


async def test_behind_a_proxy_what_the_proxy_saw_counts(run: Run) -> None:
    """What a client wrote into the header itself stands left of it, and is not read."""
    claims = ["192.0.2.1", "6.6.6.6, 192.0.2.1", "127.0.0.1,192.0.2.1", "x, 192.0.2.1, 10.0.0.9"]
    async with run(address_rate=2, trusted_proxies="127.0.0.1, 10.0.0.0/8") as system:
        found = [await say(url(system), **{"X-Forwarded-For": claim}) for claim in claims]
        assert found == [200, 200, 429, 429]
        for claim in ("192.0.2.2", "192.0.2.1, 192.0.2.3", "2001:db8::1", "::ffff:192.0.2.4"):
            assert await say(url(system), **{"X-Forwarded-For": claim}) == 200
        assert await say(url(system), **{"X-Forwarded-For": "192.0.2.1"}) == 429
        for broken in ("", ",", "unknown", "192.0.2.1:1234", "[::1]:80", "\u0661.1.1.1"):
            raw = broken.encode().decode("latin-1")
            assert await say(url(system), **{"X-Forwarded-For": raw}) == 200
