"""Telegram's updates in the channel-neutral words. Pure: no network, no clock, no state.

Nothing is taken that an answer does not need: no coordinates, names, phone numbers or files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.errors import BadUpdate
from bot.model import Kind, Update, whole

ALLOWED_UPDATES = ("message", "callback_query", "my_chat_member")
GROUP_NOTICE = "group"
"""Payload of the update that asks for one polite sentence in a group."""

_MEDIA = frozenset(
    {"animation", "audio", "checklist", "contact", "dice", "document", "game", "paid_media"}
    | {"photo", "poll", "sticker", "story", "video", "video_note", "voice"}
)
_GROUPS = ("group", "supergroup")
_START = re.compile(r"/start(?:@\w+)?(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
_COMMAND = re.compile(r"(/\w{1,64})(?:@(\w+))?(?=\s|$)")
_DEEP_LINK = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LANGUAGE = re.compile(r"[A-Za-z0-9-]{2,35}")


def parse(raw: object, username: str = "") -> Update | None:
    """Return what happened, or None when it is not for us.

    `raw` is a Bot API update as JSON; `username` the bot's own, without '@', to know whether a
    group speaks to it. Raises BadUpdate when it is not an update.
    """
    update = _object(raw)
    update_id = str(_number(update, "update_id"))
    if "message" in update:
        return _message(update_id, _object(update["message"]), username)
    if "callback_query" in update:
        return _press(update_id, _object(update["callback_query"]))
    if "my_chat_member" in update:
        return _membership(update_id, _object(update["my_chat_member"]))
    return None


def _message(update_id: str, message: Mapping[str, Any], username: str) -> Update | None:
    chat = _object(message.get("chat"))
    address = str(_number(chat, "id"))
    text = _text(message, "text") or _text(message, "caption")
    if chat.get("type") in _GROUPS:
        return _in_group(update_id, address, text, username)
    if chat.get("type") != "private":
        return None
    language = _language(message)
    if "location" in message or "venue" in message:
        return _update(update_id, address, "location", language_hint=language)
    if not _MEDIA.isdisjoint(message):
        return _update(update_id, address, "unsupported", text=text, language_hint=language)
    if not text:
        return None  # a service message: pinned, changed, …
    if start := _START.fullmatch(text.strip()):
        payload = (start[1] or "").strip()
        payload = payload if _DEEP_LINK.fullmatch(payload) else ""
        return _update(update_id, address, "start", payload=payload, language_hint=language)
    text = _COMMAND.sub(r"\1", text, count=1) if text.startswith("/") else text
    return _update(update_id, address, "text", text=text, language_hint=language)


def _in_group(update_id: str, address: str, text: str, username: str) -> Update | None:
    """Notice a command or a mention meant for us; what else a group says is not ours to read."""
    command = _COMMAND.match(text)
    if command and command[2]:
        ours = bool(username) and command[2].lower() == username.lower()
    elif command:
        ours = command[1].lower() in ("/start", "/help")
    else:
        mention = rf"(?<!\w)@{re.escape(username)}(?!\w)"
        ours = bool(username) and re.search(mention, text, re.IGNORECASE) is not None
    return _update(update_id, address, "unsupported", payload=GROUP_NOTICE) if ours else None


def _press(update_id: str, press: Mapping[str, Any]) -> Update | None:
    sender = _number(_object(press.get("from")), "id")
    answer_to = _text(press, "id")
    payload = _text(press, "data")
    address, reference = str(sender), ""
    if "message" in press:  # an inaccessible message still has its chat and id
        message = _object(press["message"])
        chat = _object(message.get("chat"))
        if chat.get("type", "private") != "private":
            return None
        address = str(_number(chat, "id"))
        reference = str(_number(message, "message_id"))
    if not payload:
        return None  # a game
    return _update(
        update_id,
        address,
        "payload",
        payload=payload,
        language_hint=_language(press),
        reference=reference,
        answer_to=answer_to,
    )


def _membership(update_id: str, change: Mapping[str, Any]) -> Update | None:
    chat = _object(change.get("chat"))
    address = str(_number(chat, "id"))
    before = _object(change.get("old_chat_member")).get("status")
    after = _object(change.get("new_chat_member")).get("status")
    if chat.get("type") == "private":
        return _update(update_id, address, "blocked") if after == "kicked" else None
    if chat.get("type") not in _GROUPS:
        return None
    if after in ("kicked", "left"):
        return _update(update_id, address, "blocked")
    if before in ("kicked", "left") and after in ("member", "administrator"):
        return _update(update_id, address, "unsupported", payload=GROUP_NOTICE)
    return None


def _update(update_id: str, address: str, kind: Kind, **fields: str) -> Update:
    return Update("telegram", update_id, address, kind, **fields)  # type: ignore[arg-type]


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadUpdate("A Telegram update lacks an object where it must have one.")
    return value


def _number(container: Mapping[str, Any], key: str) -> int:
    value = container.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 1 << 63:
        raise BadUpdate(f"A Telegram update lacks the number '{key}'.")
    return value


def _text(container: Mapping[str, Any], key: str) -> str:
    """Return a text that can be written as UTF-8: a lone surrogate becomes U+FFFD."""
    value = container.get(key, "")
    if not isinstance(value, str):
        raise BadUpdate(f"A Telegram update has no text in '{key}'.")
    return whole(value)


def _language(container: Mapping[str, Any]) -> str:
    sender = container.get("from")
    code = sender.get("language_code") if isinstance(sender, dict) else None
    return code if isinstance(code, str) and _LANGUAGE.fullmatch(code) else ""
