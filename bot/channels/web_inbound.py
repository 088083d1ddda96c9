"""What a web client says, checked: JSON and forms become updates, all else a BadUpdate."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from bot.body import parsed
from bot.errors import BadUpdate, TooLong
from bot.model import Kind, Update, whole

TEXT_LIMIT = 10_000
"""Characters of one message that are accepted; the dialogue reads less of it."""

JSON_LIMIT = 128 * 1024
"""Bytes of a JSON message: 10,000 characters, each escaped as a pair of \\uXXXX."""

FORM_LIMIT = 128 * 1024
"""Bytes of a form: 10,000 characters of four bytes, each byte written as %XX."""

_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_MAIL = re.compile(r"0|\d{1,20}-\d{1,20}")
_SENT = re.compile(r"[A-Za-z0-9_.-]{0,80}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")
_PAYLOAD = re.compile(r"[!-~]{1,64}")


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


def frame(data: str | bytes) -> Said | Hello | Ping:
    """Return what a frame of a socket says. Raises BadUpdate, TooLong."""
    fields = parsed(data)
    if "after" in fields:
        _only(fields, {"after"})
        return Hello(mail_id(fields["after"]))
    if "ping" in fields:
        _only(fields, {"ping"})
        return Ping()
    return said(fields)


def id_of(data: str | bytes) -> str:
    """Return the id of a message that may be broken otherwise, '' when it has none."""
    try:
        found = parsed(data).get("id")
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


def sent_id(value: str) -> str:
    """Return the id of an update that a form sent, '' for none. Raises BadUpdate."""
    if not _SENT.fullmatch(value):
        raise BadUpdate("'sent' must be the id of an update.")
    return value


def language(value: Any) -> str:
    """Return a language tag, '' for what is none."""
    return value if isinstance(value, str) and _LANGUAGE.fullmatch(value) else ""


def _only(fields: Mapping[str, Any], known: set[str]) -> None:
    if not set(fields) <= known:
        raise BadUpdate(f"Known fields are {', '.join(sorted(known))}.")


def said(fields: dict[str, Any]) -> Said:
    """Return what a JSON message says. Raises BadUpdate, TooLong."""
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
    return whole(value)


def _payload(value: Any) -> str:
    if not isinstance(value, str) or not _PAYLOAD.fullmatch(value):
        raise BadUpdate("'payload' must be 1 to 64 printable ASCII characters.")
    return value
