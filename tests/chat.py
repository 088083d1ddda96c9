"""A conversation as a user has it: `say`, `press`, `hear`. Speaks Rasa's REST channel."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from bot.system import System


class Chat:
    """One person in the REST channel."""

    def __init__(self, session: aiohttp.ClientSession, url: str, language: str = "") -> None:
        self._session = session
        self._url = url
        self.sender = f"test-{secrets.token_hex(6)}"
        self.language = language
        self.answers: list[dict[str, Any]] = []

    @classmethod
    @contextlib.asynccontextmanager
    async def with_system(cls, system: System) -> AsyncIterator[Chat]:
        assert system.gateway is not None
        async with aiohttp.ClientSession() as session:
            yield cls(session, f"http://127.0.0.1:{system.gateway.port}")

    def other(self) -> Chat:
        """Another person on the same system."""
        return Chat(self._session, self._url, self.language)

    async def say(self, text: str) -> str:
        """Write a text; return everything that was answered."""
        body = {"sender": self.sender, "message": text, "metadata": {"language": self.language}}
        async with self._session.post(f"{self._url}/webhooks/rest/webhook", json=body) as answer:
            assert answer.status == 200, await answer.text()
            self.answers = await answer.json()
        return self.text

    async def press(self, label: str) -> str:
        """Press the button with this label (or payload); return everything that was answered."""
        for row in self.answers:
            for button in row.get("buttons", ()):
                if label in (button["title"], button["payload"].lstrip("/")):
                    return await self.say(button["payload"])
        raise AssertionError(f"no button {label!r} among {self.buttons}")

    def hear(self, *parts: str) -> None:
        """Demand that the last answer holds these words."""
        for part in parts:
            assert part.lower() in self.text.lower(), f"{part!r} is not in:\n{self.text}"

    def not_hear(self, *parts: str) -> None:
        """Demand that the last answer does not hold these words."""
        for part in parts:
            assert part.lower() not in self.text.lower(), f"{part!r} is in:\n{self.text}"

    @property
    def text(self) -> str:
        """The last answers, one below the other."""
        return "\n".join(row["text"] for row in self.answers).replace("\u00a0", " ")

    @property
    def buttons(self) -> list[str]:
        """The labels offered now."""
        return [button["title"] for row in self.answers for button in row.get("buttons", ())]

    @property
    def payloads(self) -> list[str]:
        """The payloads offered now."""
        return [
            button["payload"].lstrip("/")
            for row in self.answers
            for button in row.get("buttons", ())
        ]

    @property
    def metadata(self) -> dict[str, Any]:
        """Intent, confidence, language and content of the last answer."""
        found: dict[str, Any] = self.answers[-1]["metadata"]
        return found
