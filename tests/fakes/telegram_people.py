"""The people who talk to a bot on a fake Telegram, and what the bot said to them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


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
class Pending:
    """An update that waits until the bot has confirmed it."""

    update: dict[str, Any]
    chat: int
    delivered: bool = False


class People(ABC):
    """Says, presses, blocks; a subclass delivers the updates (`_queue`)."""

    def __init__(self, username: str) -> None:
        self.username = username
        self.sent: dict[int, list[Sent]] = defaultdict(list)
        self.chats: set[int] = set()
        self.blocked: set[int] = set()
        self.expired: set[tuple[int, int]] = set()
        self._open_queries: set[str] = set()
        self._past: dict[int, Pending] = {}
        self._update_id, self._message_id = 1000, 0
        self._said = asyncio.Event()

    @abstractmethod
    def _queue(self, pending: Pending) -> None:
        """Deliver an update to the bot."""

    @property
    def me(self) -> dict[str, Any]:
        """The bot as Telegram describes it."""
        return {"id": 1234567, "is_bot": True, "first_name": "Hashar", "username": self.username}

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
        bot = self.me
        change = {
            "chat": {"id": chat, "type": kind},
            "from": self._person(abs(chat), "en"),
            "date": int(time.time()),
            "old_chat_member": {"user": bot, "status": before},
            "new_chat_member": {"user": bot, "status": after},
        }
        return self.inject(chat, "my_chat_member", change)
