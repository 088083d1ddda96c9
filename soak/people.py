"""People on Telegram, the web and REST: they ask, try again when a line breaks, and listen."""

from __future__ import annotations

import asyncio
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp

from soak.check import LATE, SORRY, Seen
from soak.questions import Question, Questions, first_line
from tests.fakes.telegram import FakeTelegram

WINDOW = 3
"""Messages of a person that may wait for an answer; more would only fill the queues."""

REST_TOKEN = "token-of-the-soak"
TRY_AGAIN = 0.3
POLL_SECONDS = 10

SPARE, LATE_SECONDS = 8, 2.0
"""Further questions of a program that waits for a late answer, and the seconds between them."""

Line = aiohttp.ClientSession
Addresses = Callable[[], str]
"""Returns the address of a gateway, each time any one of them."""


class Person(ABC):
    """One conversation: `asked` are the heads of the answers due, `seen` what came."""

    channel: str

    def __init__(self, questions: Questions, count: int) -> None:
        self.asked: list[str] = []
        self.seen: list[Seen] = []
        self.address = ""
        self._words = questions
        self._questions = list(questions.some(count + SPARE))
        self._spare = [self._questions.pop() for _ in range(SPARE)]
        self._open: set[str] = set()
        self._news = asyncio.Event()

    async def talk(self, stop: asyncio.Event) -> None:
        """Ask everything, with a few questions open at a time; return when all is answered."""
        await self._begin()
        try:
            for question in self._questions:
                await self._until(lambda: len(self._open) < WINDOW)
                if stop.is_set():
                    break
                self.asked.append(question.head)
                self._open.add(question.head)
                await self._ask(question)
            await self._until(lambda: not self._open)
        finally:
            await self._end()

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._news.clear()
            await self._news.wait()

    def hear(self, text: str) -> None:
        """Note a message of the bot."""
        marked = text.startswith(self._words.again)
        if marked:
            text = text[len(self._words.again) :].lstrip("\n")
        head = first_line(text)
        if self._words.sorry in text:
            head = SORRY
        elif self._words.late in text:
            head = LATE
        self.seen.append(Seen(head, marked))
        self._open.discard(head)
        self._news.set()

    async def _begin(self) -> None:  # noqa: B027 - most need not come in
        """Come in."""

    async def _end(self) -> None:  # noqa: B027 - nor leave
        """Leave."""

    @abstractmethod
    async def _ask(self, question: Question) -> None:
        """Send one message; returns when it is safe with the bot or the platform."""


class TelegramPerson(Person):
    """Writes and presses; the platform delivers, and now and then delivers again."""

    channel = "telegram"

    def __init__(self, questions: Questions, count: int, telegram: LoadTelegram, chat: int) -> None:
        super().__init__(questions, count)
        self._telegram, self._chat, self.address = telegram, chat, str(chat)
        telegram.people[chat] = self

    async def _ask(self, question: Question) -> None:
        if question.payload and self._telegram.chance.random() < 0.5:
            update = self._telegram.user_presses(self._chat, question.payload, forged=True)
        else:
            update = self._telegram.user_says(self._chat, question.text)
        if self._telegram.chance.random() < self._telegram.redelivered:
            self._telegram.redeliver(update)
            self._telegram.redeliveries += 1


class LoadTelegram(FakeTelegram):
    """A fake Telegram that hands on what the bot says instead of keeping it.

    `redelivered` is the share of updates delivered twice. The webhook's public address stands
    for a proxy before the gateways: what is pushed goes to one of `gateways`.
    """

    def __init__(self, seed: int, gateways: Sequence[int], redelivered: float) -> None:
        super().__init__(seed=seed)
        self.people: dict[int, TelegramPerson] = {}
        self.gateways, self.redelivered = gateways, redelivered
        self.redeliveries = 0

    def _api_setWebhook(self, params: dict[str, Any]) -> Any:
        if self.webhook:  # a gateway that starts again says the same once more
            return True
        return super()._api_setWebhook(params)

    async def _pushed(self, pending: Any) -> bool:
        port = self.chance.choice(self.gateways)
        self.webhook["url"] = f"http://127.0.0.1:{port}/webhooks/telegram"
        taken = await super()._pushed(pending)
        if taken and self.redelivered == 0:
            self._past.pop(pending.update["update_id"], None)
        return taken

    def _api_sendMessage(self, params: dict[str, Any]) -> Any:
        answer = super()._api_sendMessage(params)
        chat = answer["chat"]["id"]
        self.people[chat].hear(self.sent[chat].pop().text)
        return answer


class WebPerson(Person):
    """Posts messages and long-polls for answers, as the element of the page does."""

    channel = "web"

    def __init__(self, questions: Questions, count: int, line: Line, gateway: Addresses) -> None:
        super().__init__(questions, count)
        self._line, self._gateway = line, gateway
        self._after = "0"
        self._listener: asyncio.Task[None] | None = None

    async def _begin(self) -> None:
        cookie = await _try_until_done(self._come_in)
        self.address = cookie.partition("=")[2]
        self._headers = {"Cookie": cookie}
        self._listener = asyncio.create_task(self._listen())

    async def _end(self) -> None:
        if self._listener:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)

    async def _come_in(self) -> str:
        async with self._line.get(f"{self._gateway()}/web/messages") as answer:
            answer.raise_for_status()
            return answer.headers["Set-Cookie"].partition(";")[0]

    async def _ask(self, question: Question) -> None:
        body = {"id": secrets.token_hex(8), "lang": "en"}
        body |= {"payload": question.payload} if question.payload else {"text": question.text}

        async def post() -> None:
            url = f"{self._gateway()}/web/messages"
            async with self._line.post(url, json=body, headers=self._headers) as answer:
                answer.raise_for_status()

        await _try_until_done(post)

    async def _listen(self) -> None:
        while True:
            for mail in await _try_until_done(self._poll):
                self._after = mail["id"]
                for message in mail["messages"]:
                    self.hear(message["html"])

    async def _poll(self) -> list[dict[str, Any]]:
        url = f"{self._gateway()}/web/messages?after={self._after}&wait={POLL_SECONDS}"
        async with self._line.get(url, headers=self._headers) as answer:
            answer.raise_for_status()
            mail: list[dict[str, Any]] = (await answer.json())["mail"]
            return mail


class RestPerson(Person):
    """A program: one request after the other, each repeated under its key until answered."""

    channel = "rest"

    def __init__(self, questions: Questions, count: int, line: Line, gateway: Addresses) -> None:
        super().__init__(questions, count)
        self._line, self._gateway = line, gateway
        self.address = f"soak-{secrets.token_hex(8)}"

    async def _ask(self, question: Question) -> None:
        body, key = {"sender": self.address, "message": question.text}, secrets.token_hex(12)
        while True:
            rows = await _try_until_done(lambda: self._post(body, key))
            for row in rows:
                self.hear(row["text"])
            if rows:
                return

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Each request brings its answer, or 'later'; what is late comes with a next one."""
        while not condition() and len(self._open) >= WINDOW:
            await asyncio.sleep(LATE_SECONDS)
            await self._one_more()

    async def _end(self) -> None:
        while self._open and self._spare:
            await asyncio.sleep(LATE_SECONDS)
            await self._one_more()

    async def _one_more(self) -> None:
        if self._spare:
            question = self._spare.pop()
            self.asked.append(question.head)
            self._open.add(question.head)
            await self._ask(question)

    async def _post(self, body: dict[str, Any], key: str) -> list[dict[str, Any]]:
        url = f"{self._gateway()}/webhooks/rest/webhook"
        headers = {"Idempotency-Key": key, "Authorization": f"Bearer {REST_TOKEN}"}
        async with self._line.post(url, json=body, headers=headers) as answer:
            answer.raise_for_status()
            rows: list[dict[str, Any]] = await answer.json()
            return rows


async def _try_until_done(call: Callable[[], Any]) -> Any:
    """Call again and again while the line breaks or the bot asks for patience."""
    while True:
        try:
            return await call()
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
            await asyncio.sleep(TRY_AGAIN)
