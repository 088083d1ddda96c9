"""A Telegram Bot API server for tests, on this machine only: strict where the real one is.

In a test: `async with FakeTelegram() as telegram: …`. As a process of its own:
`python -m tests.fakes.telegram --port 0 --token T` prints its address; `/control/…` steers it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from tests.fakes.telegram_people import Sent
from tests.fakes.telegram_post import Post
from tests.fakes.telegram_rules import Fault, Refused, keyboard, visible

TOKEN = "1234567:fake-token-for-tests"
OLD_QUERY = "Bad Request: query is too old and response timeout expired or query ID is invalid"

Params = dict[str, Any]


class FakeTelegram(Post):
    """The server: what the bot calls, and how a test steers it."""

    def __init__(self, token: str = TOKEN, username: str = "hashar_bot", seed: int = 0) -> None:
        super().__init__(username)
        self.token = token
        self.chance = random.Random(seed)
        self.url = ""
        self.answered: list[str] = []
        self.calls: Counter[str] = Counter()
        self.commands: dict[str, list[dict[str, str]]] = {}
        self.faults: list[Fault] = []
        self.poll_limit = 100
        self._poll = 0
        self._methods: dict[str, Callable[[Params], Any]] = {
            name.removeprefix("_api_"): getattr(self, name)
            for name in dir(self)
            if name.startswith("_api_")
        }

    # -- life ------------------------------------------------------------------------------

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1; `url` is the address."""
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._runner = web.ServerRunner(
            web.Server(self._handle, access_log=None), shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """Stop listening and pushing."""
        self._stop_pushing()
        self._poll += 1
        self._news.set()
        await self._session.close()
        await self._runner.cleanup()

    async def __aenter__(self) -> FakeTelegram:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # -- the Bot API -----------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        try:
            if request.path.startswith("/control/"):
                return _json(self._control(request, json.loads(body or b"{}")))
            return await self._answer(request, body)
        except Refused as error:
            answer = {"ok": False, "error_code": error.status, "description": str(error)}
            if error.parameters:
                answer["parameters"] = error.parameters
            return _json(answer, error.status)
        finally:
            self._said.set()

    async def _answer(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        token, _, method = request.path.removeprefix("/bot").partition("/")
        if token != self.token:
            raise Refused(401, "Unauthorized") if ":" in token else Refused(404, "Not Found")
        call = self._methods.get(method)
        if call is None:
            raise Refused(404, "Not Found: method not found")
        self.calls[method] += 1
        fault = next((f for f in self.faults if f.strikes(method, self.chance)), None)
        if fault and fault.what.isdigit():
            raise fault.error()
        if fault and fault.what == "reset":
            return _dropped(request)
        if fault and fault.what == "garbage":
            return web.Response(text=fault.description)
        if fault and fault.what == "slow":
            await asyncio.sleep(fault.delay)
        result = call(_params(request, body))
        if asyncio.iscoroutine(result):
            result = await result
        if fault and fault.what == "lost":
            return _dropped(request)
        return _json({"ok": True, "result": result})

    def _api_getMe(self, _: Params) -> Any:
        return self.me

    async def _api_getUpdates(self, params: Params) -> Any:
        if self.webhook:
            raise Refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._poll += 1
        mine = self._poll
        self._news.set()  # a poll that is under way ends with a conflict
        self._confirm(int(params.get("offset", 0)))
        deadline = time.monotonic() + float(params.get("timeout", 0))
        while not self._pending and time.monotonic() < deadline:
            self._news.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._news.wait(), deadline - time.monotonic())
            if mine != self._poll:
                raise Refused(
                    409,
                    "Conflict: terminated by other getUpdates request; "
                    "make sure that only one bot instance is running",
                )
        batch = list(islice(self._pending, int(params.get("limit", self.poll_limit))))
        for pending in batch:
            pending.delivered = True
        return [pending.update for pending in batch]

    def _api_setWebhook(self, params: Params) -> Any:
        url, secret = str(params.get("url", "")), str(params.get("secret_token", ""))
        if not url.startswith(("https://", "http://127.0.0.1:")):
            raise Refused(400, "Bad Request: bad webhook: An HTTPS URL must be provided")
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
            raise Refused(400, "Bad Request: secret token contains unallowed characters")
        self._stop_pushing()
        self.webhook = {**params, "url": url, "secret_token": secret}
        self._connections = asyncio.Semaphore(int(params.get("max_connections", 40)))
        while self._pending:
            self._to_lane(self._pending.popleft())
        return True

    def _api_deleteWebhook(self, params: Params) -> Any:
        self._stop_pushing()
        self.webhook = {}
        if params.get("drop_pending_updates") in (True, "true"):
            self._pending.clear()
        return True

    def _api_setMyCommands(self, params: Params) -> Any:
        commands = json.loads(params["commands"])
        for one in commands:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", one["command"]):
                raise Refused(400, "Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(one["description"]) <= 256:
                raise Refused(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands[str(params.get("language_code", ""))] = commands
        return True

    def _api_sendMessage(self, params: Params) -> Any:
        chat = self._reachable(params)
        raw = str(params.get("text", ""))
        text = visible(raw, str(params.get("parse_mode", "")))
        rows = keyboard(params.get("reply_markup"))
        self._message_id += 1
        self.sent[chat].append(Sent(chat, self._message_id, text, raw, rows))
        return self._as_message(self.sent[chat][-1])

    def _api_editMessageText(self, params: Params) -> Any:
        chat, message_id = self._reachable(params), int(params.get("message_id", 0))
        sent = next((s for s in reversed(self.sent[chat]) if s.message_id == message_id), None)
        if sent is None:
            raise Refused(400, "Bad Request: message to edit not found")
        if (chat, message_id) in self.expired:
            raise Refused(400, "Bad Request: message can't be edited")
        raw = str(params.get("text", ""))
        text = visible(raw, str(params.get("parse_mode", "")))
        rows = keyboard(params.get("reply_markup"))
        if (raw, rows) == (sent.raw, sent.rows):
            raise Refused(
                400,
                "Bad Request: message is not modified: specified new message content and reply "
                "markup are exactly the same as a current content and reply markup of the message",
            )
        sent.text, sent.raw, sent.rows, sent.edits = text, raw, rows, sent.edits + 1
        return self._as_message(sent)

    def _api_answerCallbackQuery(self, params: Params) -> Any:
        query = str(params.get("callback_query_id", ""))
        if query not in self._open_queries:
            raise Refused(400, OLD_QUERY)
        self._open_queries.discard(query)
        self.answered.append(query)
        return True

    def _api_sendChatAction(self, params: Params) -> Any:
        return bool(self._reachable(params))

    def _reachable(self, params: Params) -> int:
        try:
            chat = int(params.get("chat_id", ""))
        except ValueError:
            raise Refused(400, "Bad Request: chat not found") from None
        if chat not in self.chats:
            raise Refused(400, "Bad Request: chat not found")
        if chat in self.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        return chat

    def _as_message(self, sent: Sent) -> dict[str, Any]:
        chat = {"id": sent.chat, "type": "private"}
        return {
            "message_id": sent.message_id,
            "date": int(time.time()),
            "chat": chat,
            "text": sent.text,
        }

    # -- control over HTTP -----------------------------------------------------------------

    def _control(self, request: web.BaseRequest, body: Any) -> Any:
        """Steer the server from another process (docs/telegram.md lists the commands)."""
        command = request.path.removeprefix("/control/")
        if command == "say":
            return {"update_id": self.user_says(**body)}
        if command == "press":
            return {"update_id": self.user_presses(**body)}
        if command == "block":
            return {"update_id": self.user_blocks(**body)}
        if command == "redeliver":
            self.redeliver(**body)
            return body
        if command == "faults":
            self.faults = [Fault(**{**one, "calls": tuple(one.get("calls", ()))}) for one in body]
            return {"faults": len(self.faults)}
        if command == "sent":
            chats = [int(request.query["chat"])] if "chat" in request.query else list(self.sent)
            return {str(chat): [dataclasses.asdict(s) for s in self.sent[chat]] for chat in chats}
        if command == "state":
            waiting = len(self._pending) + sum(map(len, self._lanes.values()))
            return {"pending": waiting, "webhook": self.webhook, "calls": self.calls}
        raise Refused(404, "Not Found: no such control")


def _json(data: Any, status: int = 200) -> web.Response:
    return web.Response(
        body=json.dumps(data).encode(), status=status, content_type="application/json"
    )


def _dropped(request: web.BaseRequest) -> web.Response:
    if request.transport:
        request.transport.abort()
    return web.Response()


def _params(request: web.BaseRequest, body: bytes) -> Params:
    if request.content_type == "application/json":
        return dict(json.loads(body))
    return dict(URL.build(query_string=body.decode(), encoded=True).query)  # far above parse_qsl


async def _serve(port: int, token: str) -> None:
    telegram = FakeTelegram(token)
    await telegram.start(port)
    sys.stdout.write(f"{telegram.url}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(arguments.port, arguments.token))
