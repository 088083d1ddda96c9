"""The state of one person on one channel, and the events that change it.

A conversation holds no text that a person wrote. What it holds is what `/export` shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

KNOWN = 3
"""How many languages of a person are remembered."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is remembered between turns.

    `address` is sealed. `language` is '' until known; `pinned` says that the person chose it.
    `known` are the languages that the person wrote, latest first, then those used before.
    `slots` holds small JSON values: `guide` (last guide), `asked` (the section that a question
    without a guide is about), `course` (running course), `progress` (course id to answers).
    `choices` are the payloads last offered, so that a typed number works. `failures` counts texts
    in a row that were not understood. `since` and `seen` are days (YYYY-MM-DD).
    """

    id: str
    channel: str
    address: str = ""
    language: str = ""
    pinned: bool = False
    known: tuple[str, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    failures: int = 0
    turns: int = 0
    since: str = ""
    seen: str = ""

    def to_json(self) -> str:
        """Return the state as compact JSON; values that are empty are left out."""
        data: dict[str, Any] = {
            "c": self.channel,
            "a": self.address,
            "l": self.language,
            "p": int(self.pinned),
            "k": " ".join(self.known),
            "s": self.slots,
            "o": " ".join(self.choices),
            "f": self.failures,
            "n": self.turns,
            "b": self.since,
            "e": self.seen,
        }
        kept = {key: value for key, value in data.items() if value}
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, conversation_id: str, data: str | bytes) -> Conversation:
        """Return the conversation that `to_json` wrote. Raises ValueError when it is not one."""
        row = json.loads(data)
        try:
            return cls(
                id=conversation_id,
                channel=row["c"],
                address=row.get("a", ""),
                language=row.get("l", ""),
                pinned=bool(row.get("p", 0)),
                known=tuple(row.get("k", "").split()),
                slots=row.get("s", {}),
                choices=tuple(row.get("o", "").split()),
                failures=row.get("f", 0),
                turns=row.get("n", 0),
                since=row.get("b", ""),
                seen=row.get("e", ""),
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError("This is no conversation.") from error


@dataclass(frozen=True, slots=True)
class SlotSet:
    """Remember a value; None forgets it (as Rasa's SlotSet)."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class LanguageSet:
    """Answer in this language from now on; `pinned` when the person asked for it."""

    language: str
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class LanguageWritten:
    """The person wrote this language, whatever language the answers are in."""

    language: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Erase the conversation with everything that belongs to it."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The text was not understood."""


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The text was understood; failures count from zero again."""


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A text got no sure answer, or the answer to it did not help.

    `text` is '' when it is not held any more (a button pressed later). `nearest` are content
    ids such as 'guide:passport#fee' with their scores, best first. Changes nothing in the
    conversation; whoever keeps the text redacts it first.
    """

    text: str = field(repr=False)
    language: str = ""
    nearest: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Feedback:
    """Whether what was shown helped; counted by content id, without a word or a person."""

    content: str
    helped: bool


Event = (
    SlotSet
    | LanguageSet
    | LanguageWritten
    | Forgotten
    | Failed
    | Succeeded
    | NotUnderstood
    | Feedback
)


def apply(conversation: Conversation, events: Iterable[Event]) -> Conversation:
    """Return the conversation after the events, in order."""
    for event in events:
        if isinstance(event, SlotSet):
            slots = {**conversation.slots, event.name: event.value}
            kept = {name: value for name, value in slots.items() if value is not None}
            conversation = replace(conversation, slots=kept)
        elif isinstance(event, LanguageSet):
            pinned = event.pinned or conversation.pinned
            known = _known((*conversation.known, conversation.language))
            conversation = replace(
                conversation, language=event.language, pinned=pinned, known=known
            )
        elif isinstance(event, LanguageWritten):
            known = _known((event.language, *conversation.known))
            conversation = replace(conversation, known=known)
        elif isinstance(event, Failed):
            conversation = replace(conversation, failures=conversation.failures + 1)
        elif isinstance(event, Succeeded):
            conversation = replace(conversation, failures=0)
    return conversation


def _known(languages: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, languages)))[:KNOWN]
