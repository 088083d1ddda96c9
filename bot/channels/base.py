"""What a channel is: verify, parse, send, and its limits. Nothing else knows a platform."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from aiohttp import web

from bot.model import Limits, Message, Receipt, Update

Accept = Callable[[Update], Awaitable[bool]]
"""Store an update durably. True: new. False: seen before. Raises StoreUnavailable."""


class Channel(Protocol):
    """A messaging platform.

    A channel never answers a platform 'received' before `accept` has returned. `send` raises
    TemporaryDeliveryError, PermanentDeliveryError or Unreachable (bot.errors). `pulls` is true
    for channels whose clients fetch from the mailbox (web, REST): nothing is sent to those.
    """

    name: str
    limits: Limits
    pulls: bool
    per_second: float

    def routes(self) -> Iterable[web.RouteDef]:
        """Return the HTTP routes that the gateway serves for this channel."""
        ...

    async def start(self, accept: Accept) -> None:
        """Begin to receive: register a webhook or start polling. Returns when ready."""
        ...

    async def send(self, address: str, message: Message) -> Receipt:
        """Deliver one message. Returns when the platform has taken it."""
        ...

    async def acknowledge(self, update: Update) -> None:
        """Tell the platform that a button press arrived, where it wants to know."""
        ...

    async def close(self) -> None:
        """Stop receiving and free connections."""
        ...
