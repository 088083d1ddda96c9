"""The web chat: a page that works without JavaScript, and what its custom element talks to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from aiohttp import web

from bot import body
from bot.answers import error
from bot.channels import PROFILES
from bot.channels import web_inbound as inbound
from bot.channels import web_page as pages
from bot.channels.base import Accept
from bot.channels.web_desk import Desk, Live
from bot.channels.web_plain import PlainPages
from bot.channels.web_replies import json_answer
from bot.channels.web_socket import GOODBYE_SECONDS, HEARTBEAT, Socket, Switchboard
from bot.errors import BadUpdate, PermanentDeliveryError, StoreUnavailable
from bot.model import Message, Receipt, Update
from bot.settings import Settings
from bot.store.mail import Mailroom
from bot.store.store import Mail, Store

LONGEST_WAIT = 25.0
"""Seconds of a long poll: less than proxies usually allow."""


class WebChannel:
    """The web page, its long polls and sockets. Answers are fetched, never sent."""

    name = "web"
    pulls = True
    per_second = 0.0

    def __init__(self, settings: Settings, store: Store, mailroom: Mailroom, library: Live) -> None:
        self.limits = PROFILES["web"].limits
        self._desk = Desk(settings, store, mailroom, library)
        self._page = pages.Page()
        self._plain = PlainPages(self._desk, self._page)
        self._switchboard = Switchboard(mailroom)

    def routes(self) -> Iterable[web.RouteDef]:
        """Return the routes of the page and of its element."""
        return [
            web.get("/", self._plain.page),
            web.post("/web/form", self._plain.form),
            web.get("/static/{name}", self.static),
            web.get("/web/strings", self.strings),
            web.get("/web/messages", self.poll),
            web.post("/web/messages", self.receive),
            web.get("/web/socket", self.socket),
        ]

    async def start(self, accept: Accept) -> None:
        """Accept messages from now on."""
        self._desk.accept = accept

    async def send(self, address: str, message: Message) -> Receipt:
        """Refuse: web clients fetch their answers."""
        raise PermanentDeliveryError("web clients fetch their answers from the mailbox")

    async def acknowledge(self, update: Update) -> None:
        """Do nothing: the client knows from the answer to its request."""

    async def close(self) -> None:
        """End sockets and long polls at once."""
        self._desk.close()
        await self._switchboard.close()

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """Take one JSON message; answer only when it is safe in the store."""
        self._desk.check_origin(request)
        session = self._desk.door.session(request)
        said = inbound.said(await body.json_object(request, inbound.JSON_LIMIT))
        await self._desk.take(request, session, said)
        return json_answer({"accepted": True}, session)

    async def poll(self, request: web.Request) -> web.StreamResponse:
        """Answer with the mail after an id, waiting for it up to `wait` seconds."""
        session = self._desk.door.session(request)
        after = inbound.mail_id(request.query.get("after", "0"))
        seconds = _seconds(request.query.get("wait", "0"))
        return json_answer(
            {"mail": self._show(await self._desk.wait(session, after, seconds))}, session
        )

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """Serve one WebSocket until it closes."""
        self._desk.check_origin(request)
        line = web.WebSocketResponse(
            heartbeat=HEARTBEAT,
            max_msg_size=inbound.JSON_LIMIT,
            compress=False,
            timeout=GOODBYE_SECONDS,
        )
        if not line.can_prepare(request).ok:
            return error(426, "upgrade", "This address speaks WebSocket.")
        if self._desk.closing:
            raise StoreUnavailable("This server is stopping.")
        session = self._desk.door.session(request)
        if not session.kept:
            session.keep(line)
        await line.prepare(request)

        async def take(said: inbound.Said) -> None:
            await self._desk.take(request, session, said)

        socket = Socket(line, take, self._show)
        await self._switchboard.serve(socket, self._desk.conversation(session))
        return line

    async def strings(self, request: web.Request) -> web.StreamResponse:
        """Answer with the words of the page in a language that is shipped."""
        library = self._desk.library
        language = library.shipped(request.query.get("lang", ""))
        language = language or pages.accepted_language(library, "")
        response = json_answer(
            {
                "lang": language,
                "dir": pages.direction(library, language),
                "strings": pages.strings(library, language),
            }
        )
        response.headers["Cache-Control"] = "public, max-age=300"
        response.headers["Vary"] = "Accept-Encoding"
        return response

    async def static(self, request: web.Request) -> web.StreamResponse:
        """Serve the script or the stylesheet."""
        asset = self._page.assets.get(request.match_info["name"])
        if asset is None:
            return error(404, "not_found", "There is no such file.")
        current = request.query.get("v") == asset.digest
        age = "max-age=31536000, immutable" if current else "max-age=300"
        headers = {
            "Cache-Control": f"public, {age}",
            "ETag": f'"{asset.digest}"',
            "Vary": "Accept-Encoding",
        }
        if request.headers.get("If-None-Match", "").strip() == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        content = asset.data
        if "gzip" in request.headers.get("Accept-Encoding", "").lower():
            headers["Content-Encoding"], content = "gzip", asset.zipped
        return web.Response(
            body=content, headers=headers, content_type=asset.content_type, charset="utf-8"
        )

    def _show(self, mail: Sequence[Mail]) -> list[dict[str, Any]]:
        return pages.mail_json(self._desk.library, mail)


def _seconds(value: str) -> float:
    if not value.isascii() or not value.isdigit() or len(value) > 3:
        raise BadUpdate("'wait' must be a number of seconds.")
    return min(float(value), LONGEST_WAIT)
