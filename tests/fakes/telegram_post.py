"""How a fake Telegram delivers updates: kept for polling, or pushed to a webhook."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, defaultdict, deque
from typing import Any

import aiohttp

from tests.fakes.telegram_people import Pending, People

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


class Post(People):
    """Keeps updates until they are confirmed; pushes those of one chat in order."""

    def __init__(self, username: str) -> None:
        super().__init__(username)
        self.pushes: Counter[int] = Counter()
        self.webhook: dict[str, Any] = {}
        self.push_wait = 0.05
        self._pending: deque[Pending] = deque()
        self._news = asyncio.Event()
        self._lanes: dict[int, deque[Pending]] = defaultdict(deque)
        self._pushers: dict[int, asyncio.Task[None]] = {}
        self._connections = asyncio.Semaphore(40)
        self._session: aiohttp.ClientSession

    def _queue(self, pending: Pending) -> None:
        self._past[int(pending.update["update_id"])] = pending
        if self.webhook:
            self._to_lane(pending)
        else:
            self._pending.append(pending)
            self._news.set()

    def _confirm(self, offset: int) -> None:
        while self._pending and self._pending[0].delivered:
            if self._pending[0].update["update_id"] >= offset:
                return
            self._pending.popleft()

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
