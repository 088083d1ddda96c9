"""Telegram: long polling, or a webhook where PUBLIC_URL is set; HTML, inline keyboards, edits."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import html
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import structlog
from aiohttp import web
from telegram import (
    Bot,
    BotCommandScopeAllPrivateChats,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, InvalidToken, RetryAfter, TelegramError

from bot.channels import PROFILES
from bot.channels.base import Accept
from bot.channels.telegram_errors import delivery_error, reason, says, seconds
from bot.channels.telegram_http import AiohttpRequest
from bot.channels.telegram_parse import ALLOWED_UPDATES
from bot.channels.telegram_receive import Intake, Patience, Poller, webhook
from bot.errors import PermanentDeliveryError, SettingsError
from bot.model import Message, Receipt, Update

ROUTE = "/webhooks/telegram"
CONNECTIONS = 40
CLOSE_SECONDS = 3.0
BAD_TOKEN = "Telegram does not know TELEGRAM_TOKEN; copy the token from @BotFather again."

_TOKEN = re.compile(r"[A-Za-z0-9:_-]+")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_Result = TypeVar("_Result")

Commands = Mapping[str, Sequence[tuple[str, str]]]
"""Name and description of each command by language code; '' for all other languages."""

log = structlog.get_logger()


class TelegramChannel:
    """The Telegram channel (see bot.channels.base.Channel).

    `public_url` is the https address under which Telegram reaches the gateway; without it the
    channel polls. An empty `webhook_secret` is derived from the token. `retry_seconds` is the
    first wait after a failure, doubled at each further one.
    """

    name = "telegram"
    limits = PROFILES["telegram"].limits
    pulls = False

    def __init__(
        self,
        token: str,
        *,
        api_url: str = "https://api.telegram.org",
        public_url: str = "",
        webhook_secret: str = "",
        per_second: float = 25.0,
        commands: Commands | None = None,
        retry_seconds: float = 1.0,
    ) -> None:
        if not _TOKEN.fullmatch(token):
            raise SettingsError("TELEGRAM_TOKEN is not a token; @BotFather gives one (1234:AbC…).")
        derived = hmac.new(token.encode(), b"hashar telegram webhook", hashlib.sha256).hexdigest()
        self._secret = webhook_secret or derived
        if not _SECRET.fullmatch(self._secret):
            raise SettingsError(
                "TELEGRAM_WEBHOOK_SECRET takes 1 to 256 characters of A-Z a-z 0-9 _ and -."
            )
        self.per_second = per_second
        self._public_url = public_url.rstrip("/")
        self._commands = commands or {}
        self._retry_seconds = retry_seconds
        self._intake = Intake()
        self._task: asyncio.Task[None] | None = None
        self._in_flight: set[object] = set()
        self._idle = asyncio.Event()
        _silence_libraries()
        self._requests = (AiohttpRequest(2), AiohttpRequest(CONNECTIONS))
        self._bot = Bot(
            token,
            base_url=f"{api_url.rstrip('/')}/bot",
            get_updates_request=self._requests[0],
            request=self._requests[1],
        )

    @property
    def malformed(self) -> int:
        """How many updates could not be read."""
        return self._intake.malformed

    def routes(self) -> Iterable[web.RouteDef]:
        """Return the webhook route; none when polling."""
        return [web.post(ROUTE, webhook(self._intake, self._secret))] if self._public_url else []

    async def describe(self) -> str:
        """Return the bot's @username, '' while Telegram cannot be reached.

        Raises SettingsError when Telegram does not know the token.
        """
        try:
            self._intake.username = (await self._bot.get_me()).username or ""
        except InvalidToken:
            raise SettingsError(BAD_TOKEN) from None
        except TelegramError as error:
            log.warning("telegram_unreachable", error=reason(error))
        return f"@{self._intake.username}" if self._intake.username else ""

    async def start(self, accept: Accept) -> None:
        """Set the webhook, or remove it and poll; goes on trying while Telegram is away.

        Raises SettingsError when Telegram refuses the token or the webhook's address.
        """
        self._intake.accept = accept
        registered = False
        try:
            await self._register()
            registered = True
        except InvalidToken:
            raise SettingsError(BAD_TOKEN) from None
        except TelegramError as error:
            if self._public_url and isinstance(error, BadRequest):
                raise SettingsError(
                    f"Telegram refuses the webhook at PUBLIC_URL ({reason(error)}); "
                    "it takes https on port 443, 80, 88 or 8443."
                ) from None
            log.warning("telegram_unreachable", error=reason(error))
        self._task = asyncio.create_task(self._run(registered), name="telegram")

    async def _register(self) -> None:
        self._intake.username = (await self._bot.get_me()).username or ""
        if not self._public_url:
            await self._bot.delete_webhook(drop_pending_updates=False)
            return
        await self._bot.set_webhook(
            self._public_url + ROUTE,
            max_connections=CONNECTIONS,
            allowed_updates=ALLOWED_UPDATES,
            secret_token=self._secret,
        )

    async def _run(self, registered: bool) -> None:
        patience = Patience(self._retry_seconds)
        while not registered:
            try:
                await self._register()
                registered = True
                patience.over()
            except Exception as error:
                wait = seconds(error) if isinstance(error, RetryAfter) else 0.0
                await patience.wait("telegram_unreachable", at_least=wait, error=reason(error))
        await self._set_commands()
        if not self._public_url:
            await Poller(self._bot, self._intake, self._retry_seconds).run()

    async def _set_commands(self) -> None:
        """Fill the command menu of private chats; it is a convenience, so failures only show."""
        for language, commands in self._commands.items():
            try:
                await self._bot.set_my_commands(
                    commands,
                    scope=BotCommandScopeAllPrivateChats(),
                    language_code=language or None,
                )
            except Exception as error:
                log.warning("telegram_commands_refused", language=language, error=reason(error))

    async def send(self, address: str, message: Message) -> Receipt:
        """Send the message, or put it in the place of `message.edit` where Telegram lets us."""
        try:
            chat = int(address)
        except ValueError:
            raise PermanentDeliveryError("The address is not a Telegram chat id.") from None
        keyboard = _keyboard(message)
        delivery = object()
        self._in_flight.add(delivery)
        try:
            if message.edit.isdecimal() and await self._edit(chat, message, keyboard):
                return Receipt(message.edit)
            sent = await self._formatted(
                lambda text, mode: self._bot.send_message(
                    chat,
                    text,
                    parse_mode=mode,
                    link_preview_options=_NO_PREVIEW,
                    reply_markup=keyboard,
                ),
                message.text,
            )
        except TelegramError as error:
            raise delivery_error(error) from None
        finally:
            self._in_flight.discard(delivery)
            self._idle.set()
        return Receipt(str(sent.message_id))

    async def _edit(
        self, chat: int, message: Message, keyboard: InlineKeyboardMarkup | None
    ) -> bool:
        """Return whether the old message now shows the new one; too old ones cannot be edited."""
        try:
            await self._formatted(
                lambda text, mode: self._bot.edit_message_text(
                    text,
                    chat_id=chat,
                    message_id=int(message.edit),
                    parse_mode=mode,
                    link_preview_options=_NO_PREVIEW,
                    reply_markup=keyboard,
                ),
                message.text,
            )
        except BadRequest as error:
            return says(error, "message is not modified")
        return True

    async def _formatted(
        self, call: Callable[[str, str | None], Awaitable[_Result]], text: str
    ) -> _Result:
        """Call with HTML, and once more with plain text when Telegram cannot parse it."""
        try:
            return await call(text, ParseMode.HTML)
        except BadRequest as error:
            if not says(error, "can't parse entities"):
                raise
        log.error("telegram_markup_refused")
        return await call(html.unescape(_TAG.sub("", text)) or text, None)

    async def acknowledge(self, update: Update) -> None:
        """Stop the button's spinner. A press that is too old to be answered is normal."""
        if not update.answer_to:
            return
        try:
            await self._bot.answer_callback_query(update.answer_to)
        except TelegramError as error:
            log.info("telegram_press_not_answered", error=reason(error))

    async def close(self) -> None:
        """Stop polling, end deliveries under way, free the connections.

        The webhook stays, so that Telegram keeps what comes meanwhile.
        """
        task, self._task = self._task, None
        if task:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._deliveries_end(), CLOSE_SECONDS)
        for request in self._requests:
            await request.shutdown()

    async def _deliveries_end(self) -> None:
        while self._in_flight:
            self._idle.clear()
            await self._idle.wait()


def _keyboard(message: Message) -> InlineKeyboardMarkup | None:
    rows = [
        [InlineKeyboardButton(button.label, callback_data=button.payload) for button in row]
        for row in message.rows
    ]
    return InlineKeyboardMarkup(rows) if rows else None


def _silence_libraries() -> None:
    """Keep the token and people's words out of the logs.

    python-telegram-bot logs parameters at DEBUG and bodies it cannot read even at ERROR and
    CRITICAL.
    """
    logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)
