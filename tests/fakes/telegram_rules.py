"""What a fake Telegram refuses, and the trouble that a test asks of it."""

from __future__ import annotations

import html
import json
import random
import re
from dataclasses import dataclass
from typing import Any

_TAGS = ("b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "a")
_TAG = re.compile(r"<[^>]*>?")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
_MARK = re.compile(rf"<(/?)([^\s<>/]*)([^<>]*)>|<|({_ENTITY.pattern})")


class Refused(Exception):
    """An answer of the Bot API that is not ok."""

    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.status = status
        self.parameters = parameters


@dataclass
class Fault:
    """Trouble at the given calls (counted from 1 when the fault is set) or by chance.

    `what`: an HTTP status as text ('429', '500', …); 'reset' drops the connection before, 'lost'
    after the work is done; 'garbage' answers `description` instead of JSON, 'slow' the right
    thing after `delay` seconds. `method` '' is any method. `struck` counts how often.
    """

    what: str
    method: str = "sendMessage"
    calls: tuple[int, ...] = ()
    probability: float = 0.0
    retry_after: int = 1
    delay: float = 0.1
    description: str = ""
    seen: int = 0
    struck: int = 0

    def strikes(self, method: str, chance: random.Random) -> bool:
        """Return whether it strikes this call."""
        if self.method not in ("", method):
            return False
        self.seen += 1
        strikes = self.seen in self.calls or chance.random() < self.probability
        self.struck += strikes
        return strikes

    def error(self) -> Refused:
        """Return the answer of a fault that is a status."""
        status = int(self.what)
        if status == 429:
            text = f"Too Many Requests: retry after {self.retry_after}"
            return Refused(429, text, retry_after=self.retry_after)
        return Refused(
            status,
            self.description
            or {400: "Bad Request", 403: "Forbidden"}.get(status, "Internal Server Error"),
        )


def visible(text: str, parse_mode: str) -> str:
    """Return the text after entity parsing, trimmed, or refuse it as Telegram does."""
    if parse_mode.upper() == "HTML":
        text = _parse_html(text)
    elif parse_mode:
        raise Refused(400, "Bad Request: unsupported parse_mode")
    text = text.strip()
    if not text:
        raise Refused(400, "Bad Request: message text is empty")
    if len(text) > 4096:
        raise Refused(400, "Bad Request: message is too long")
    return text


def _parse_html(text: str) -> str:
    tags = _TAG.findall(text)
    if tags == ["<b>", "</b>"] * (len(tags) // 2):  # the common case, many times faster
        return _unescaped(text.replace("<b>", "").replace("</b>", ""))
    open_tags: list[str] = []

    def read(match: re.Match[str]) -> str:
        closing, tag, _, entity = match.groups()
        at = len(text[: match.start()].encode())
        problem = ""
        if entity:
            return html.unescape(match[0])
        if tag is None or tag.lower() not in _TAGS:
            problem = f'Unsupported start tag "{tag or ""}" at byte offset {at}'
        elif not closing:
            open_tags.append(tag.lower())
        elif not open_tags:
            problem = f"Unexpected end tag at byte offset {at}"
        elif (expected := open_tags.pop()) != tag.lower():
            problem = f'Unmatched end tag at byte offset {at}, expected "</{expected}>"'
        if problem:
            raise Refused(400, f"Bad Request: can't parse entities: {problem}")
        return ""

    shown = _MARK.sub(read, text)
    if open_tags:
        tag = open_tags[-1]
        raise Refused(
            400,
            "Bad Request: can't parse entities: "
            f'Can\'t find end tag corresponding to start tag "{tag}"',
        )
    return shown


def _unescaped(text: str) -> str:
    if "&#" in text:
        return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    return text.replace("&amp;", "&")


def keyboard(markup: Any) -> list[list[tuple[str, str]]]:
    """Return the rows of an inline keyboard, checked as Telegram does."""
    markup = json.loads(markup) if isinstance(markup, str) else markup or {}
    rows = [
        [(button.get("text", ""), button.get("callback_data", "")) for button in row]
        for row in markup.get("inline_keyboard", [])
    ]
    if sum(map(len, rows)) > 100:
        raise Refused(400, "Bad Request: reply markup is too long")
    for label, payload in (button for row in rows for button in row):
        if not label.strip():
            raise Refused(400, "Bad Request: inline keyboard button text must be non-empty")
        if not 1 <= len(payload.encode()) <= 64:
            raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
    return rows
