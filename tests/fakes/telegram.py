"""A Telegram Bot API server for tests, on this machine only: strict where the real one is.

In a test: `async with FakeTelegram() as telegram: …`. As a process of its own:
`python -m tests.fakes.telegram --port 0 --token T` prints its address; `/control/…` steers it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import html
import json
import random
import re
import sys
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

TOKEN = "1234567:fake-token-for-tests"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
OLD_QUERY = "Bad Request: query is too old and response timeout expired or query ID is invalid"
_TAGS = ("b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "a")
_TAG = re.compile(r"<[^>]*>?")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
_MARK = re.compile(rf"<(/?)([^\s<>/]*)([^<>]*)>|<|({_ENTITY.pattern})")

Params = dict[str, Any]


class Refused(Exception):
    """An answer of the Bot API that is not ok."""

    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.status = status
        self.parameters = parameters


@dataclass
class Sent:
    """A message that the bot sent, as it stands now; `at` is when, by time.monotonic()."""

    chat: int
    message_id: int
    text: str
    raw: str
    rows: list[list[tuple[str, str]]]
    at: float = field(default_factory=time.monotonic)
    edits: int = 0

    @property
    def payloads(self) -> list[str]:
        """The payloads of its buttons in reading order."""
        return [payload for row in self.rows for _, payload in row]


@dataclass
class Fault:
    """Trouble at the given calls (counted from 1 when the fault is set) or by chance.

    `what`: an HTTP status as text ('429', '500', …); 'reset' drops the connection before, 'lost'
    after the work is done; 'garbage' answers `description` instead of JSON, 'slow' the right
    thing after `delay` seconds. `method` '' is any method.
    """

    what: str
    method: str = "sendMessage"
    calls: tuple[int, ...] = ()
    probability: float = 0.0
    retry_after: int = 1
    delay: float = 0.1
    description: str = ""
    seen: int = 0

    def strikes(self, method: str, chance: random.Random) -> bool:
        """Return whether it strikes this call."""
        if self.method not in ("", method):
            return False
        self.seen += 1
        return self.seen in self.calls or chance.random() < self.probability

    def error(self) -> Refused:
        """Return the answer of a fault that is a status."""
        status = int(self.what)
        if status == 429:
            text = f"Too Many Requests: retry after {self.retry_after}"
            return Refused(429, text, retry_after=self.retry_after)
        return Refused(
            status,
            self.description
            or {400: "Bad Request", 403: "Forbidden"}.get(status, "Internal Server Error"),
        )


@dataclass
class Pending:
    """An update that waits until the bot has confirmed it."""

    update: dict[str, Any]
    chat: int
    delivered: bool = False


def visible(text: str, parse_mode: str) -> str:
    """Return the text after entity parsing, trimmed, or refuse it as Telegram does."""
    if parse_mode.upper() == "HTML":
        text = _parse_html(text)
    elif parse_mode:
        raise Refused(400, "Bad Request: unsupported parse_mode")
    text = text.strip()
    if not text:
        raise Refused(400, "Bad Request: message text is empty")
    if len(text) > 4096:
        raise Refused(400, "Bad Request: message is too long")
    return text


def _parse_html(text: str) -> str:
    tags = _TAG.findall(text)
    if tags == ["<b>", "</b>"] * (len(tags) // 2):  # the common case, many times faster
        return _unescaped(text.replace("<b>", "").replace("</b>", ""))
    open_tags: list[str] = []

    def read(match: re.Match[str]) -> str:
        closing, tag, _, entity = match.groups()
        at = len(text[: match.start()].encode())
        problem = ""
        if entity:
            return html.unescape(match[0])
        if tag is None or tag.lower() not in _TAGS:
            problem = f'Unsupported start tag "{tag or ""}" at byte offset {at}'
        elif not closing:
            open_tags.append(tag.lower())
        elif not open_tags:
            problem = f"Unexpected end tag at byte offset {at}"
        elif (expected := open_tags.pop()) != tag.lower():
            problem = f'Unmatched end tag at byte offset {at}, expected "</{expected}>"'
        if problem:
            raise Refused(400, f"Bad Request: can't parse entities: {problem}")
        return ""

    shown = _MARK.sub(read, text)
    if open_tags:
        tag = open_tags[-1]
        raise Refused(
            400,
            "Bad Request: can't parse entities: "
            f'Can\'t find end tag corresponding to start tag "{tag}"',
        )
    return shown


def _unescaped(text: str) -> str:
    if "&#" in text:
        return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    return text.replace("&amp;", "&")


def keyboard(markup: Any) -> list[list[tuple[str, str]]]:
    """Return the rows of an inline keyboard, checked as Telegram does."""
    markup = json.loads(markup) if isinstance(markup, str) else markup or {}
    rows = [
        [(button.get("text", ""), button.get("callback_data", "")) for button in row]
        for row in markup.get("inline_keyboard", [])
    ]
    if sum(map(len, rows)) > 100:
        raise Refused(400, "Bad Request: reply markup is too long")
    for label, payload in (button for row in rows for button in row):
        if not label.strip():
            raise Refused(400, "Bad Request: inline keyboard button text must be non-empty")
        if not 1 <= len(payload.encode()) <= 64:
            raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
    return rows


class FakeTelegram:
    """The server, the people who talk to the bot, and what the bot said to them."""

    def __init__(self, token: str = TOKEN, username: str = "hashar_bot", seed: int = 0) -> None:
        self.token, self.username = token, username
        self.chance = random.Random(seed)
        self.url = ""
        self.sent: dict[int, list[Sent]] = defaultdict(list)
        self.chats: set[int] = set()
        self.blocked: set[int] = set()
        self.expired: set[tuple[int, int]] = set()
        self.answered: list[str] = []
        self.calls: Counter[str] = Counter()
        self.pushes: Counter[int] = Counter()
        self.commands: dict[str, list[dict[str, str]]] = {}
        self.faults: list[Fault] = []
        self.webhook: Params = {}
        self.poll_limit = 100
        self.push_wait = 0.05
        self._open_queries: set[str] = set()
        self._pending: deque[Pending] = deque()
        self._past: dict[int, Pending] = {}
        self._update_id, self._message_id, self._poll = 1000, 0, 0
        self._news = asyncio.Event()
        self._said = asyncio.Event()
        self._lanes: dict[int, deque[Pending]] = defaultdict(deque)
        self._pushers: dict[int, asyncio.Task[None]] = {}
        self._connections = asyncio.Semaphore(40)
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

    # -- people ----------------------------------------------------------------------------

    def user_says(self, chat: int, text: str, language: str = "en") -> int:
        """A person writes to the bot. Returns the update id."""
        return self.user_sends(chat, language, text=text)

    def user_sends(self, chat: int, language: str = "en", **content: Any) -> int:
        """A person sends a message with any content: location, photo, caption, …"""
        return self.inject(chat, "message", self._message(chat, language, **content))

    def user_presses(
        self,
        chat: int,
        payload: str,
        *,
        message_id: int = 0,
        forged: bool = False,
        inaccessible: bool = False,
    ) -> int:
        """A person presses the newest button with that payload; a forged one need not exist."""
        holders = [s.message_id for s in self.sent[chat] if payload in s.payloads]
        if not forged and not holders:
            shown = [s.payloads for s in self.sent[chat]]
            raise LookupError(f"No message shows a button {payload!r}, only {shown}.")
        message = self._message(chat, "en", text="…")
        message["message_id"] = message_id or (holders[-1] if holders else 1)
        if inaccessible:
            message = {"chat": message["chat"], "message_id": message["message_id"], "date": 0}
        query = {
            "id": f"q{self._update_id + 1}",
            "from": self._person(chat, "en"),
            "chat_instance": "1",
            "data": payload,
            "message": message,
        }
        self._open_queries.add(str(query["id"]))
        return self.inject(chat, "callback_query", query)

    def user_blocks(self, chat: int) -> int:
        """A person blocks the bot."""
        self.blocked.add(chat)
        return self._membership(chat, "private", "member", "kicked")

    def user_unblocks(self, chat: int) -> int:
        """A person takes the bot back."""
        self.blocked.discard(chat)
        return self._membership(chat, "private", "kicked", "member")

    def added_to_group(self, chat: int) -> int:
        """Someone adds the bot to a group; `chat` is negative."""
        return self._membership(chat, "supergroup", "left", "member")

    def group_says(self, chat: int, text: str) -> int:
        """Someone writes in a group."""
        message = self._message(chat, "en", text=text)
        message["chat"] = {"id": chat, "type": "supergroup", "title": "Group"}
        message["from"] = self._person(777, "en")
        return self.inject(chat, "message", message)

    def inject(self, chat: int, kind: str, content: Any) -> int:
        """Add any update, broken ones too. Returns its id."""
        self._update_id += 1
        self.chats.add(chat)
        self._queue(Pending({"update_id": self._update_id, kind: content}, chat))
        return self._update_id

    def redeliver(self, update_id: int) -> None:
        """Deliver an update once more."""
        past = self._past[update_id]
        self._queue(Pending(past.update, past.chat))

    def expire(self, chat: int, message_id: int) -> None:
        """Make a message too old to be edited."""
        self.expired.add((chat, message_id))

    async def heard(self, chat: int, count: int = 1, seconds: float = 5.0) -> list[Sent]:
        """Wait until the chat has that many messages of the bot, and return them."""
        await self.until(lambda: len(self.sent[chat]) >= count, seconds)
        return self.sent[chat]

    async def until(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait until the condition holds; it is looked at after every call of the bot."""
        deadline = time.monotonic() + seconds
        while not condition():
            self._said.clear()
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError("The bot did not do in time what was expected of it.")
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._said.wait(), min(left, 0.2))

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
        return {"id": 1234567, "is_bot": True, "first_name": "Hashar", "username": self.username}

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

    def _confirm(self, offset: int) -> None:
        while self._pending and self._pending[0].delivered:
            if self._pending[0].update["update_id"] >= offset:
                return
            self._pending.popleft()

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

    # -- pushing to the webhook ------------------------------------------------------------

    def _queue(self, pending: Pending) -> None:
        self._past[int(pending.update["update_id"])] = pending
        if self.webhook:
            self._to_lane(pending)
        else:
            self._pending.append(pending)
            self._news.set()

    def _to_lane(self, pending: Pending) -> None:
        """Push the updates of one chat in order, those of many chats at once."""
        self._lanes[pending.chat].append(pending)
        if pending.chat not in self._pushers:
            self._pushers[pending.chat] = asyncio.create_task(self._push(pending.chat))

    async def _push(self, chat: int) -> None:
        lane = self._lanes[chat]
        while lane:
            if await self._pushed(lane[0]):
                lane.popleft()
            else:
                await asyncio.sleep(self.push_wait)
        del self._pushers[chat], self._lanes[chat]

    async def _pushed(self, pending: Pending) -> bool:
        secret = self.webhook["secret_token"]
        headers = {SECRET_HEADER: secret} if secret else {}
        status = 0
        with contextlib.suppress(aiohttp.ClientError, asyncio.TimeoutError, OSError):
            async with (
                self._connections,
                self._session.post(
                    self.webhook["url"], json=pending.update, headers=headers
                ) as response,
            ):
                status = response.status
        self.pushes[status] += 1
        return 200 <= status < 300

    def _stop_pushing(self) -> None:
        """Take back what has not been taken."""
        for task in self._pushers.values():
            task.cancel()
        waiting = [pending for lane in self._lanes.values() for pending in lane]
        self._pending.extend(sorted(waiting, key=lambda one: int(one.update["update_id"])))
        self._pushers.clear()
        self._lanes.clear()

    # -- shapes ----------------------------------------------------------------------------

    def _person(self, chat: int, language: str) -> dict[str, Any]:
        return {"id": chat, "is_bot": False, "first_name": "Ann", "language_code": language}

    def _message(self, chat: int, language: str, **content: Any) -> dict[str, Any]:
        self._message_id += 1
        return {
            "message_id": self._message_id,
            "date": int(time.time()),
            "chat": {"id": chat, "type": "private", "first_name": "Ann"},
            "from": self._person(chat, language),
            **content,
        }

    def _membership(self, chat: int, kind: str, before: str, after: str) -> int:
        bot = self._api_getMe({})
        change = {
            "chat": {"id": chat, "type": kind},
            "from": self._person(abs(chat), "en"),
            "date": int(time.time()),
            "old_chat_member": {"user": bot, "status": before},
            "new_chat_member": {"user": bot, "status": after},
        }
        return self.inject(chat, "my_chat_member", change)

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
