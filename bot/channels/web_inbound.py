"""What a web client says, checked: JSON and forms become updates, all else a BadUpdate."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from bot.errors import BadUpdate
from bot.model import Kind, Update

TEXT_LIMIT = 10_000
"""Characters of one message that are accepted; the dialogue reads less of it."""

JSON_LIMIT = 64 * 1024
"""Bytes of a JSON message: 10,000 characters of any script, escaped or not."""

FORM_LIMIT = 128 * 1024
"""Bytes of a form: 10,000 characters of four bytes, each byte written as %XX."""

BODY_SECONDS = 30.0
"""How long a body may take; a full text over a 2G line takes about ten seconds."""

_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_MAIL = re.compile(r"0|\d{1,20}-\d{1,20}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")
_PAYLOAD = re.compile(r"[!-~]{1,64}")
_SURROGATE = re.compile("[\ud800-\udfff]")


class TooLong(BadUpdate):
    """A text or a body is longer than is accepted."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing a person said: `id` is the client's, unique in its conversation."""

    id: str
    kind: Kind
    text: str = ""
    payload: str = ""
    language: str = ""

    def update(self, address: str, update_id: str = "") -> Update:
        """Return it as an update of a session, under the client's id or another one."""
        return Update(
            channel="web",
            update_id=update_id or self.id,
            address=address,
            kind=self.kind,
            text=self.text,
            payload=self.payload,
            language_hint=self.language,
            received_at=time.time(),
        )


@dataclass(frozen=True, slots=True)
class Hello:
    """The first word on a socket: which answers the client has already."""

    after: str


@dataclass(frozen=True, slots=True)
class Ping:
    """A client asks whether the line still carries."""


async def read_body(request: web.Request, limit: int) -> bytes:
    """Return the body. Raises TooLong beyond `limit` bytes, BadUpdate when it comes too slowly."""
    if (request.content_length or 0) > limit:
        raise TooLong("The body is too long.")
    body = bytearray()

    async def read() -> None:
        async for chunk in request.content.iter_chunked(16 * 1024):
            body.extend(chunk)
            if len(body) > limit:
                raise TooLong("The body is too long.")

    try:
        await asyncio.wait_for(read(), BODY_SECONDS)
    except asyncio.TimeoutError:
        raise BadUpdate("The body came too slowly.") from None
    except (web.RequestPayloadError, ConnectionError, ValueError) as error:
        raise BadUpdate("The body cannot be read.") from error
    return bytes(body)


def message(data: str | bytes) -> Said:
    """Return what a JSON message says. Raises BadUpdate, TooLong."""
    return _said(_object(data))


def frame(data: str) -> Said | Hello | Ping:
    """Return what a frame of a socket says. Raises BadUpdate, TooLong."""
    fields = _object(data)
    if "after" in fields:
        _only(fields, {"after"})
        return Hello(mail_id(fields["after"]))
    if "ping" in fields:
        _only(fields, {"ping"})
        return Ping()
    return _said(fields)


def id_of(data: str | bytes) -> str:
    """Return the id of a message that may be broken otherwise, '' when it has none."""
    try:
        found = _object(data).get("id")
    except BadUpdate:
        return ""
    return found if isinstance(found, str) and _ID.fullmatch(found) else ""


def form(body: bytes) -> dict[str, str]:
    """Return the fields of a form. Raises BadUpdate."""
    known = {"id", "after", "lang", "text", "payload", "start"}
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=8
        )
    except ValueError as error:
        raise BadUpdate("The form cannot be read.") from error
    fields = dict(pairs)
    _only(fields, known)
    return fields


def said_in_form(fields: Mapping[str, str]) -> Said:
    """Return what a form says; its id is not set yet. Raises BadUpdate, TooLong."""
    hint = language(fields.get("lang", ""))
    if fields.get("payload"):
        return Said("", "payload", payload=_payload(fields["payload"]), language=hint)
    if "start" in fields:
        return Said("", "start", language=hint)
    return Said("", "text", text=_text(fields.get("text", "").replace("\r\n", "\n")), language=hint)


def mail_id(value: Any) -> str:
    """Return the id of a mail ('0': before the first). Raises BadUpdate."""
    if not isinstance(value, str) or not _MAIL.fullmatch(value):
        raise BadUpdate("'after' must be the id of a mail, or '0'.")
    return value


def language(value: Any) -> str:
    """Return a language tag, '' for what is none."""
    return value if isinstance(value, str) and _LANGUAGE.fullmatch(value) else ""


def _object(data: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(data if isinstance(data, str) else data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise BadUpdate("The body must be JSON in UTF-8.") from None
    if not isinstance(found, dict):
        raise BadUpdate("The body must be a JSON object.")
    return found


def _only(fields: Mapping[str, Any], known: set[str]) -> None:
    if not set(fields) <= known:
        raise BadUpdate(f"Known fields are {', '.join(sorted(known))}.")


def _said(fields: dict[str, Any]) -> Said:
    _only(fields, {"id", "lang", "text", "payload", "start"})
    own_id = fields.get("id")
    if not isinstance(own_id, str) or not _ID.fullmatch(own_id):
        raise BadUpdate("'id' must be 8 to 64 letters, digits, '-' or '_'.")
    hint = language(fields.get("lang", ""))
    contents = [name for name in ("text", "payload", "start") if name in fields]
    if contents == ["text"]:
        return Said(own_id, "text", text=_text(fields["text"]), language=hint)
    if contents == ["payload"]:
        return Said(own_id, "payload", payload=_payload(fields["payload"]), language=hint)
    if contents == ["start"] and fields["start"] is True:
        return Said(own_id, "start", language=hint)
    raise BadUpdate("Give one of 'text', 'payload' and 'start': true.")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadUpdate("'text' must be a text.")
    if len(value) > TEXT_LIMIT:
        raise TooLong(f"A text has at most {TEXT_LIMIT:,} characters.")
    return _SURROGATE.sub("\ufffd", value)


def _payload(value: Any) -> str:
    if not isinstance(value, str) or not _PAYLOAD.fullmatch(value):
        raise BadUpdate("'payload' must be 1 to 64 printable ASCII characters.")
    return value
