"""People who visit the web chat over HTTP, each with their own cookies."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

FORM_ID = re.compile(r'name="id" value="([^"]+)"')
GOOD = {"id": "a-good-id", "text": "hello"}
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


async def closed(line: aiohttp.ClientWebSocketResponse, heard: list[str] | None = None) -> int:
    """Read until the line is closed; return the code."""
    while True:
        frame = await line.receive(timeout=10)
        if frame.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
            return line.close_code or 0
        if heard is not None and frame.type is aiohttp.WSMsgType.TEXT:
            heard.append(frame.data)
