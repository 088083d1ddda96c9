"""Telegram's errors as delivery errors, told in words that hold no text, address or token."""

from __future__ import annotations

import datetime
import os

import structlog
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot import metrics
from bot.channels.telegram_http import BROKEN, NEVER_LEFT
from bot.errors import (
    DeliveryError,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    Unreachable,
)

log = structlog.get_logger()

# Without it python-telegram-bot warns at each 429 that `retry_after` will become a timedelta.
os.environ.setdefault("PTB_TIMEDELTA", "true")

_GONE = (
    "chat not found",
    "user not found",
    "user is deactivated",
    "peer_id_invalid",
    "have no rights to send a message",
    "not enough rights",
    "group chat was deactivated",
)
_KNOWN = (
    *_GONE,
    "bot was blocked by the user",
    "bot was kicked",
    "bot can't initiate conversation",
    "can't parse entities",
    "message is not modified",
    "message to edit not found",
    "message can't be edited",
    "message is too long",
    "message text is empty",
    "query is too old",
    "button_data_invalid",
    "reply markup is too long",
    "bad webhook",
    "webhook is active",
    "terminated by other getupdates",
    "bad gateway",
    "gateway time",
    "internal server error",
    "invalid server response",
)


def says(error: TelegramError, *phrases: str) -> bool:
    """Return whether Telegram's description holds one of the phrases."""
    description = error.message.lower()
    return any(phrase in description for phrase in phrases)


def reason(error: Exception) -> str:
    """Return the error's type and, where we know it, its phrase. Never its own words."""
    name = type(error).__name__
    if not isinstance(error, TelegramError):
        return name
    known = next((phrase for phrase in _KNOWN if says(error, phrase)), "")
    return f"{name}: {known}" if known else name


def seconds(error: RetryAfter) -> float:
    """Return how long Telegram tells us to wait."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, datetime.timedelta) else float(wait)


def delivery_error(error: TelegramError) -> DeliveryError:
    """Return what a failed delivery means for the sender.

    A wrong token is temporary: an operator can mend it, and no message may be lost meanwhile.
    """
    told = reason(error)
    if isinstance(error, RetryAfter):
        return TemporaryDeliveryError(told, retry_after=seconds(error))
    if isinstance(error, Forbidden | ChatMigrated):
        return Unreachable(told)
    if isinstance(error, BadRequest):
        return Unreachable(told) if says(error, *_GONE) else PermanentDeliveryError(told)
    if isinstance(error, InvalidToken):
        metrics.TROUBLE.labels("telegram", "token_refused").inc()
        log.error("telegram_token_refused", advice="check TELEGRAM_TOKEN; messages wait")
    return TemporaryDeliveryError(told, ambiguous=_ambiguous(error))


def _ambiguous(error: TelegramError) -> bool:
    """Return whether Telegram may have taken the message although no answer came."""
    cause = error.__cause__
    if isinstance(cause, BROKEN):
        return not isinstance(cause, NEVER_LEFT)
    return says(error, "bad gateway", "gateway time", "invalid server response")
