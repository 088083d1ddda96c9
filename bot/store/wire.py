"""One connection that all callers share: what is asked in the same moment leaves in one packet.

The library's own pool lends each caller a connection for each command, looks whether it is still
alive, and starts a task with a clock to write to it: five times the processor time of a command.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import hiredis
from redis import exceptions
from redis.asyncio import Redis

SECONDS = 15.0
"""A store that owes answers and gives none for so long is taken for dead."""


class Shared(Redis):
    """A client of one server whose commands share a connection, in the order they are given.

    A command that waits in the store (XREAD BLOCK) takes a connection of its own meanwhile. One
    that a broken connection swallowed is sent once more, over a new one.
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._wire: Wire | None = None
        self._opening = asyncio.Lock()
        self._idle: list[Wire] = []

    async def execute_command(self, *command: Any, **options: Any) -> Any:
        """Return the store's answer as the library parses it. Raises its errors."""
        ask = self._ask_alone if _waits(command) else self._ask
        try:
            answer = await ask(command)
        except exceptions.ConnectionError:
            answer = await ask(command)
        options.pop("keys", None)
        parse = self.response_callbacks.get(command[0])
        return parse(answer, **options) if parse else answer

    async def listen(
        self, channel: str, ready: Callable[[], None], heard: Callable[[str], None]
    ) -> None:
        """Call `ready`, then `heard` with each message of a channel, until cancelled.

        Raises ConnectionError.
        """
        wire = await self._open()
        try:
            await wire.ask(("SUBSCRIBE", channel))
            ready()
            await wire.listen(heard)
        finally:
            wire.close()

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close all connections."""
        for wire in (self._wire, *self._idle):
            if wire:
                wire.close()
        await super().aclose(close_connection_pool)

    async def _ask(self, command: tuple[Any, ...]) -> Any:
        if self._wire is None or self._wire.closed:
            async with self._opening:
                if self._wire is None or self._wire.closed:
                    self._wire = await self._open()
        return await self._wire.ask(command)

    async def _ask_alone(self, command: tuple[Any, ...]) -> Any:
        self._idle = [wire for wire in self._idle if not wire.closed]
        wire = self._idle.pop() if self._idle else await self._open()
        try:
            answer = await wire.ask(command)
        except BaseException:  # it may still answer: to whoever asks next
            wire.close()
            raise
        self._idle.append(wire)
        return answer

    async def _open(self) -> Wire:
        """Let the library connect, with TLS and password as the address says, and take over."""
        connection: Any = self.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        await connection.connect()
        writer, connection._reader, connection._writer = connection._writer, None, None
        return Wire(writer)


class Wire(asyncio.Protocol):
    """A connection that was greeted already; answers come in the order of the questions (RESP2)."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer  # kept, as it closes the connection when it is collected
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(protocolError=exceptions.InvalidResponse, replyError=_error)
        self._asked: deque[asyncio.Future[Any]] = deque()
        self._unsent: list[bytes] = []
        self._answers = 0
        self._heard: Callable[[str], None] = _ignore
        self._lost: asyncio.Future[None] = self._loop.create_future()
        self._clock: asyncio.TimerHandle | None = None
        self._problem: Exception = exceptions.ConnectionError("The connection was closed.")
        writer.transport.set_protocol(self)

    @property
    def closed(self) -> bool:
        """Whether it can be used no more."""
        return self._writer.transport.is_closing()

    def ask(self, command: tuple[Any, ...]) -> asyncio.Future[Any]:
        """Return what will hold the answer."""
        future = self._loop.create_future()
        self._asked.append(future)
        if not self._unsent:
            self._loop.call_soon(self._send)
        name, *arguments = command
        self._unsent.append(hiredis.pack_command((*name.split(), *arguments)))
        if self._clock is None:
            self._clock = self._loop.call_later(SECONDS, self._look, self._answers)
        return future

    async def listen(self, heard: Callable[[str], None]) -> None:
        """Call `heard` with each message of the channels asked for, until the connection ends.

        Raises ConnectionError.
        """
        self._heard = heard
        await self._lost
        raise self._again()

    def close(self) -> None:
        """Close the connection; who waits for an answer gets a ConnectionError."""
        self._writer.transport.abort()

    def _send(self) -> None:
        if not self.closed:
            self._writer.transport.write(b"".join(self._unsent))
        self._unsent.clear()

    def data_received(self, data: bytes) -> None:
        """Hand out the answers that have come; what nobody asked for is a message."""
        self._reader.feed(data)
        try:
            while (answer := self._reader.gets()) is not False:
                if self._asked:
                    self._answers += 1
                    self._answer(self._asked.popleft(), answer)
                else:
                    self._heard(answer[2].decode())
        except exceptions.InvalidResponse as error:
            self._fail(error)

    @staticmethod
    def _answer(future: asyncio.Future[Any], answer: Any) -> None:
        if future.done():  # cancelled
            return
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everyone who waits."""
        if self._clock:
            self._clock.cancel()
        while self._asked:
            self._answer(self._asked.popleft(), self._again())
        self._answer(self._lost, None)

    def _again(self) -> Exception:
        """Return the problem for one more caller: an error gathers tracebacks."""
        return type(self._problem)(*self._problem.args)

    def _look(self, answers: int) -> None:
        """End a connection that owes answers and has given none since the last look."""
        self._clock = None
        if self._asked and self._answers == answers:
            self._fail(exceptions.TimeoutError("The store gives no answer."))
        elif self._asked:
            self._clock = self._loop.call_later(SECONDS, self._look, self._answers)

    def _fail(self, problem: Exception) -> None:
        self._problem = problem
        self.close()


def _waits(command: tuple[Any, ...]) -> bool:
    """Return whether the store may take its time to answer."""
    return command[0] == "XREAD" and ("BLOCK" in command or b"BLOCK" in command)


def _ignore(message: str) -> None:
    """Before anyone listens."""


def _error(text: str) -> exceptions.ResponseError:
    known = exceptions.NoScriptError if text.startswith("NOSCRIPT") else exceptions.ResponseError
    return known(text)
