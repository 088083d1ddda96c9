"""The channel-neutral words of the system: what comes in, what goes out.

Both are plain data that survive a trip through the store: `to_json` and `from_json` are
inverse to each other.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Literal

_SURROGATE = re.compile("[\ud800-\udfff]")

Kind = Literal["text", "payload", "start", "location", "unsupported", "blocked"]


def whole(text: str) -> str:
    """Return a text that can be written as UTF-8: half a character becomes U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


def turn_id(conversation_id: str, update_id: str) -> str:
    """Return the name of one update's turn in the logs: 12 hexadecimal digits, the same in every
    process, and telling nothing without the key of the conversation ids."""
    name = f"{conversation_id}\n{update_id}".encode(errors="surrogatepass")
    return hashlib.blake2b(name, digest_size=6).hexdigest()


@dataclass(frozen=True, slots=True)
class Update:
    """One inbound event of a channel.

    `update_id` is unique within the channel and serves to answer a redelivered event once.
    `address` is where the answer goes (a chat id, a session); it is personal data and is
    kept sealed. `payload` is a button's payload; `reference` the platform's id of the message
    that held the button, so that it can be edited; `answer_to` the platform's id of the press,
    to be acknowledged. `received_at` is in seconds since the epoch.
    """

    channel: str
    update_id: str
    address: str
    kind: Kind
    text: str = ""
    payload: str = ""
    language_hint: str = ""
    reference: str = ""
    answer_to: str = ""
    received_at: float = 0.0
    deferred: bool = False

    def to_json(self) -> str:
        """Return the update as compact JSON."""
        row = {name: getattr(self, name) for name in _FIELDS}
        return json.dumps(row, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, data: str | bytes) -> Update:
        """Return the update that `to_json` wrote. Raises ValueError when it is not one."""
        row = json.loads(data)
        try:
            return cls(**{key: value for key, value in row.items() if key in _FIELDS})
        except (AttributeError, TypeError) as error:
            raise ValueError("This is no update.") from error


_FIELDS = tuple(field.name for field in dataclasses.fields(Update))


@dataclass(frozen=True, slots=True)
class Button:
    """One choice: a label in the user's language and a payload of at most 64 ASCII bytes."""

    label: str
    payload: str


@dataclass(frozen=True, slots=True)
class Message:
    """One outbound unit, already in the user's language and within the channel's limits.

    `text` is in the channel's markup (see `bot.markup`). `rows` are the buttons, row by row.
    `edit` is the platform's id of a message that this one may replace. `metadata` holds
    `intent`, `confidence`, `language`, `direction` and `content_id`.
    """

    text: str
    rows: tuple[tuple[Button, ...], ...] = ()
    edit: str = ""
    metadata: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def buttons(self) -> tuple[Button, ...]:
        """All buttons in reading order."""
        return tuple(button for row in self.rows for button in row)

    def to_dict(self) -> dict[str, Any]:
        """Return the message as JSON-ready data."""
        data: dict[str, Any] = {"text": self.text, "metadata": self.metadata}
        if self.rows:
            data["rows"] = [[[b.label, b.payload] for b in row] for row in self.rows]
        if self.edit:
            data["edit"] = self.edit
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Message:
        """Return the message that `to_dict` wrote. Raises ValueError when it is not one."""
        try:
            rows = tuple(tuple(Button(*button) for button in row) for row in data.get("rows", ()))
            return cls(data["text"], rows, data.get("edit", ""), data.get("metadata", {}))
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError("This is no message.") from error


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform's word that it took a message; `reference` is its id of the message."""

    reference: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message on a channel can carry.

    `text` counts characters (code points); `buttons` and `label` are the most buttons on a
    message and characters on one; `markup` is one of 'telegram', 'web', 'plain'. A channel
    with `numbered` shows choices as numbers in the text and has no buttons of its own.
    """

    text: int = 4096
    buttons: int = 30
    label: int = 60
    markup: Literal["telegram", "web", "plain"] = "plain"
    numbered: bool = False
