"""Rasa's REST channel: POST a text, get the answers. For programs, tests and the terminal.

Whoever may call it may speak for any sender, so without REST_TOKEN it serves this machine only.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable
from itertools import dropwhile, takewhile

from aiohttp import web

from bot import body
from bot.access import local_or_token
from bot.channels import PROFILES
from bot.channels.base import Accept
from bot.errors import BadUpdate, PermanentDeliveryError, StoreUnavailable
from bot.model import Message, Receipt, Update, whole
from bot.settings import Settings
from bot.store.mail import Mailroom, News, heard
from bot.store.store import Mail, Store

BODY_LIMIT = 256 * 1024
TEXT_LIMIT = 20_000
"""Bytes of a body, characters of a message (each escaped as a pair of \\uXXXX)."""

WAIT_SECONDS = 30.0
"""How long a request waits for its turn."""

KEY_HEADER = "Idempotency-Key"
"""A request that is sent again under the same key (its connection broke) is answered once."""

NEWEST, ALL = 2, 200
"""Answers that are looked at first: the wanted one and the one before, which may have come late;
then as many as a mailbox keeps."""

_KEY = re.compile(r"[A-Za-z0-9_-]{8,100}")


class RestChannel:
    """`POST /webhooks/rest/webhook` as Rasa has it: {sender, message} -> [{text, buttons}]."""

    name = "rest"
    limits = PROFILES["rest"].limits
    pulls = True
    per_second = 0.0

    def __init__(self, settings: Settings, store: Store, mailroom: Mailroom) -> None:
        self._settings = settings
        self._store = store
        self._mailroom = mailroom
        self._accept: Accept | None = None

    def routes(self) -> Iterable[web.RouteDef]:
        """Return the routes of Rasa's REST channel."""
        return [
            web.get("/webhooks/rest/", self._health),
            web.post("/webhooks/rest/webhook", self._webhook),
        ]

    async def start(self, accept: Accept) -> None:
        """Begin to receive."""
        self._accept = accept

    async def send(self, address: str, message: Message) -> Receipt:
        """Never called: clients fetch."""
        raise PermanentDeliveryError("the REST channel is not sent to")

    async def acknowledge(self, update: Update) -> None:
        """Nothing to acknowledge."""

    async def close(self) -> None:
        """Nothing to close."""

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _webhook(self, request: web.Request) -> web.Response:
        local_or_token(request, "rest_token", self._settings)
        key = request.headers.get(KEY_HEADER, "")
        update = _update(await body.json_object(request, BODY_LIMIT), key)
        if self._accept is None:
            raise StoreUnavailable("The channel has not been started.")
        conversation = self._store.sealer.conversation_id("rest", update.address)
        with self._mailroom.listening(conversation) as news:
            if not await self._accept(update):
                news.set()  # asked once more: its answer may lie there
            messages = await self._answer(conversation, update.update_id, news)
        return web.json_response([_row(update.address, one) for one in messages])

    async def _answer(self, conversation: str, update_id: str, news: News) -> list[Message]:
        """Return the answer, after those to earlier questions that came late, just before it."""
        deadline = time.monotonic() + WAIT_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            await heard(news, left)
            if news.mail and news.mail.update_id == update_id:
                return list(news.mail.messages)
            if found := await self._found(conversation, update_id):
                return [message for mail in reversed(found) for message in mail.messages]
        return []

    async def _found(self, conversation: str, update_id: str) -> list[Mail]:
        found: list[Mail] = []
        for count in (NEWEST, ALL):
            mail = await self._store.last_mail(conversation, count)
            found = _answering(mail, update_id)
            if len(mail) < count or (found and found[-1] is not mail[-1]):
                break
        return found


def _answering(mail: list[Mail], update_id: str) -> list[Mail]:
    """Return the answer to an update and the late ones just before it, newest first."""
    rest = dropwhile(lambda one: one.deferred or one.update_id != update_id, mail)
    answer = next(rest, None)
    return [answer, *takewhile(lambda one: one.deferred, rest)] if answer else []


def _row(sender: str, message: Message) -> dict[str, object]:
    """Return a message as Rasa's REST channel writes it, with our metadata beside."""
    row: dict[str, object] = {"recipient_id": sender, "text": message.text}
    if message.buttons:
        row["buttons"] = [
            {"title": button.label, "payload": "/" + button.payload} for button in message.buttons
        ]
    row["metadata"] = message.metadata
    return row


def _update(data: dict[str, object], key: str) -> Update:
    if key and not _KEY.fullmatch(key):
        raise BadUpdate(f"{KEY_HEADER} must be 8 to 100 letters, digits, - or _.")
    sender = data.get("sender", "default")
    message = data.get("message")
    if not isinstance(sender, str) or not 0 < len(sender) <= 200:
        raise BadUpdate("sender must be text of 1 to 200 characters.")
    if not isinstance(message, str) or len(message) > TEXT_LIMIT:
        raise BadUpdate("message must be text of at most 20,000 characters.")
    metadata = data.get("metadata")
    hint = metadata.get("language", "") if isinstance(metadata, dict) else ""
    return Update(
        channel="rest",
        update_id=key or secrets.token_hex(12),
        address=whole(sender),
        kind="text",
        text=whole(message),
        language_hint=whole(hint)[:35] if isinstance(hint, str) else "",
        received_at=time.time(),
    )
