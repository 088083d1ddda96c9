"""What the tests of the Telegram channel share: raw updates, a fake Telegram, an inbox."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from bot.channels.telegram import TelegramChannel
from bot.model import Button, Message, Update

ANN = {"id": 7, "is_bot": False, "first_name": "Ann", "language_code": "kk"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Ann"}
GROUP = {"id": -100, "type": "supergroup", "title": "Neighbours"}
US = {"id": 1, "is_bot": True, "username": "hashar_bot"}
SECRET = "s3cret_-"


def said(text: Any = None, *, chat: Any = PRIVATE, **content: Any) -> dict[str, Any]:
    """Return a message update."""
    body = {"message_id": 3, "date": 1_700_000_000, "chat": chat, "from": ANN, **content}
    return {"update_id": 5, "message": body if text is None else {**body, "text": text}}


def pressed(**changes: Any) -> dict[str, Any]:
    """Return a button press."""
    message = {"message_id": 42, "date": 1, "chat": PRIVATE, "text": "old"}
    query = {"id": "q9", "from": ANN, "data": "guide:passport", "message": message, **changes}
    return {"update_id": 5, "callback_query": {k: v for k, v in query.items() if v is not None}}


def member(chat: dict[str, Any], before: str, after: str) -> dict[str, Any]:
    """Return a change of the bot's own membership."""
    change = {"chat": chat, "from": ANN, "date": 1}
    change["old_chat_member"] = {"user": US, "status": before}
    change["new_chat_member"] = {"user": US, "status": after}
    return {"update_id": 5, "my_chat_member": change}


def got(kind: Any, **fields: Any) -> Update:
    """Return the expected update."""
    fields = {"language_hint": "kk", "address": "7", **fields}
    return Update("telegram", "5", kind=kind, **fields)


BROKEN: list[tuple[str, object]] = [
    ("null", None),
    ("list", []),
    ("text", "x"),
    ("empty", {}),
    ("no id", {"message": said("x")["message"]}),
    ("id is text", {**said("x"), "update_id": "5"}),
    ("id is true", {**said("x"), "update_id": True}),
    ("id is huge", {**said("x"), "update_id": 10**30}),
    ("message is null", {"update_id": 5, "message": None}),
    ("message is a list", {"update_id": 5, "message": []}),
    ("no chat", {"update_id": 5, "message": {"text": "x"}}),
    ("chat id is a float", said("x", chat={"id": 1.5, "type": "private"})),
    ("chat id is an object", said("x", chat={"id": {}, "type": "private"})),
    ("text is a number", said(5)),
    ("text is an object", said({"text": "x"})),
    ("press without sender", pressed(**{"from": None})),
    ("press with a broken chat", pressed(message={"chat": 3, "message_id": 1})),
    ("press with data as a list", pressed(data=["x"])),
    ("membership without states", {"update_id": 5, "my_chat_member": {"chat": PRIVATE}}),
]


class Inbox:
    """An `accept` that remembers, and fails while `down`."""

    def __init__(self) -> None:
        self.updates: list[Update] = []
        self.tries = 0
        self.error: Exception | None = None

    async def accept(self, update: Update) -> bool:
        """Store the update; False when it was seen before."""
        self.tries += 1
        if self.error:
            raise self.error
        new = update.update_id not in [seen.update_id for seen in self.updates]
        self.updates.append(update)
        return new

    @property
    def texts(self) -> list[str]:
        """The texts in the order of their arrival."""
        return [update.text for update in self.updates]


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        await asyncio.sleep(0.005)


Make = Callable[..., TelegramChannel]


def menu(text: str = "<b>Choose</b>", edit: str = "") -> Message:
    """Return a message with two rows of buttons."""
    rows = ((Button("Паспорт", "guide:passport"), Button("B", "b")), (Button("Back", "menu"),))
    return Message(text, rows, edit)
