"""The WebSocket of the web chat: messages in with an acknowledgement, answers out at once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from bot.answers import BACK
from bot.channels import web_inbound as inbound
from bot.errors import BadUpdate, Limited, StoreUnavailable, TooLong
from bot.store.mail import Mailroom
from bot.store.store import Mail

Take = Callable[[inbound.Said], Awaitable[None]]
"""Accept what was said. Raises Limited, StoreUnavailable: to be sent again."""

Show = Callable[[Sequence[Mail]], list[dict[str, Any]]]
"""Write answers as JSON-ready data."""

PER_SESSION = 5
"""Open sockets of one session; a further one closes the oldest, which goes on by polling."""

HEARTBEAT = 50.0
GOODBYE_SECONDS = 1.0
HELLO_SECONDS = 15.0
WAIT_SECONDS = 120.0
BURST = 30
PER_SECOND = 3.0
PATIENCE = 20
"""Frames at once and a second on one socket; after so many bad or hasty ones it is closed."""

TOO_MANY = 4008
"""Close code: this session has newer sockets."""


class Socket:
    """One open line to one browser window."""

    def __init__(self, line: web.WebSocketResponse, take: Take, show: Show) -> None:
        self.line = line
        self.after: str | None = None
        self._take = take
        self._show = show
        self._greeted = asyncio.Event()
        self._writing = asyncio.Lock()
        self._left = float(BURST)
        self._counted = time.monotonic()
        self._faults = 0
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.gone = asyncio.Event()

    async def say(self, data: dict[str, Any]) -> None:
        """Send one frame; a line that is gone is found out by the reader."""
        async with self._writing:
            with contextlib.suppress(ConnectionError):
                await self.line.send_str(json.dumps(data, ensure_ascii=False))

    async def hear(self) -> None:
        """Answer frames until the line closes."""
        async for frame in self.line:
            if frame.type is not WSMsgType.TEXT:
                await self._fault({"error": "Only text is understood."})
            else:
                await self._hear(frame.data)

    async def _hear(self, data: str) -> None:
        own_id = inbound.id_of(data)
        if not self._in_time():
            await self._fault({"retry": own_id, "in": 2})
            return
        try:
            heard = inbound.frame(data)
        except TooLong:
            await self.say({"refused": own_id, "error": "too_long"})
            return
        except BadUpdate as error:
            await self._fault({"refused": own_id, "error": str(error)})
            return
        if isinstance(heard, inbound.Hello):
            await self._greet(heard)
        elif isinstance(heard, inbound.Ping):
            await self.say({"pong": True})
        else:
            await self._hand_on(heard)

    async def _hand_on(self, said: inbound.Said) -> None:
        wait = 0
        try:
            await self._take(said)
        except Limited as limited:
            wait = limited.retry_after
        except StoreUnavailable:
            wait = BACK
        await self.say({"retry": said.id, "in": wait} if wait else {"ack": said.id})

    async def _greet(self, hello: inbound.Hello) -> None:
        if self.after is None:
            self.after = hello.after
            await self.say({"ready": True})
            self._greeted.set()

    async def push(self, mailroom: Mailroom, conversation: str) -> None:
        """Send answers as they come, first those that wait already (none: an empty list)."""
        try:
            await asyncio.wait_for(self._greeted.wait(), HELLO_SECONDS)
        except asyncio.TimeoutError:
            self.hang_up(WSCloseCode.POLICY_VIOLATION)
            return
        seconds = 0.0
        while not self.line.closed:
            try:
                mail = await mailroom.wait(conversation, self.after or "0", seconds)
            except StoreUnavailable:
                await asyncio.sleep(1)
                continue
            if mail or not seconds:
                await self.say({"mail": self._show(mail)})
            if mail:
                self.after = mail[-1].id
            seconds = WAIT_SECONDS

    def hang_up(self, code: int) -> None:
        """End the line with a close code."""
        if not self.ended.done():
            self.ended.set_result(code)

    async def _fault(self, answer: dict[str, Any]) -> None:
        self._faults += 1
        if self._faults > PATIENCE:
            self.hang_up(WSCloseCode.POLICY_VIOLATION)
        else:
            await self.say(answer)

    def _in_time(self) -> bool:
        """Count one frame against the rate of this socket."""
        now = time.monotonic()
        self._left = min(BURST, self._left + (now - self._counted) * PER_SECOND)
        self._counted = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Switchboard:
    """All open sockets of this process, by conversation."""

    def __init__(self, mailroom: Mailroom) -> None:
        self.mailroom = mailroom
        self._open: dict[str, list[Socket]] = defaultdict(list)

    async def serve(self, socket: Socket, conversation: str) -> None:
        """Serve one socket until it closes."""
        sockets = self._open[conversation]
        sockets.append(socket)
        if len(sockets) > PER_SESSION:
            sockets[0].hang_up(TOO_MANY)
            del sockets[0]
        hear = asyncio.create_task(socket.hear())
        push = asyncio.create_task(socket.push(self.mailroom, conversation))
        try:
            first: set[asyncio.Future[Any]] = {hear, push, socket.ended}
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if socket in sockets:
                sockets.remove(socket)
            if not sockets:
                self._open.pop(conversation, None)
            await _stop(hear, push)
            socket.hang_up(WSCloseCode.OK)
            await socket.line.close(code=socket.ended.result())
            socket.gone.set()
        for task in (hear, push):
            if not task.cancelled() and (error := task.exception()):
                raise error

    async def close(self) -> None:
        """Hang up all lines: the browsers call again, elsewhere or later."""
        sockets = [socket for line in self._open.values() for socket in line]
        for socket in sockets:
            socket.hang_up(WSCloseCode.GOING_AWAY)
        goodbyes = asyncio.gather(*(socket.gone.wait() for socket in sockets))
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(goodbyes, 2 * GOODBYE_SECONDS)


async def _stop(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks until they have ended: a cancellation can get lost in a library's time-out.

    A task that reads must have ended before the line can wait for the other side's goodbye.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.2)
