"""What to do with an update: payload, command, number, or understood text -> an action's reply."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

import structlog

from actions import ACTIONS, walks
from actions.base import Call, Choice, GuideWords, Outcome, Response, Say, choice, say
from actions.navigation import MENU
from bot import questions, several, speech
from bot.cleaning import clean
from bot.conversation import (
    Conversation,
    Event,
    Failed,
    NotUnderstood,
    SlotSet,
    Succeeded,
    apply,
)
from bot.decide import FAILED, OPEN, SEARCHED, Decision, decide
from bot.errors import UnderstandingUnavailable
from bot.library.live import LiveLibrary
from bot.library.model import Library, Passage
from bot.model import Update
from bot.understanding import Understanding, Understood

log = structlog.get_logger()

READ_LIMIT = 1000
"""Characters of a message that are read: of a longer one, the beginning and the end."""

LONGEST_CHOICE = 3
"""Characters of a number that is typed to choose: '12.'."""

COMMANDS: Mapping[str, str] = {
    "start": "start",
    "menu": "menu",
    "help": "help",
    "language": "language",
    "lang": "language",
    "course": "courses",
    "courses": "courses",
    "progress": "progress",
    "human": "human",
    "emergency": "emergency",
    "privacy": "privacy",
    "export": "export",
    "forget": "forget",
    "glossary": "glossary",
    "stop": "stop_course",
}
"""Slash commands and the actions they call; words after the command become its arguments."""

_PAYLOAD = re.compile(r"^[a-z_]{2,20}(:[A-Za-z0-9_-]{0,40}){0,5}$")
_RASA_PAYLOAD = re.compile(r"^/([a-z0-9_.-]{2,40})(\{.*\})?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the dialogue decided: what to say, what to remember, and how it went.

    `outcome` names the way for metrics. `park` asks the worker to keep the update until Rasa
    is back. `metadata` holds intent, confidence and the like for clients that show them.
    """

    responses: tuple[Response, ...]
    events: tuple[Event, ...] = ()
    outcome: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    park: bool = False


class Dialogue:
    """Decides turns. Holds no state: all of it is in the conversation."""

    def __init__(self, understanding: Understanding, live: LiveLibrary) -> None:
        self.understanding = understanding
        self.live = live

    async def reply(self, before: Conversation, update: Update, library: Library) -> Reply:
        """Return the reply to an update."""
        reply = await self._reply(before, update, library)
        if before.slots.get("asked") and reply.outcome not in OPEN:
            reply = replace(reply, events=(SlotSet("asked", None), *reply.events))
        known = apply(before, reply.events).known
        responses = (replace(response, known=known) for response in reply.responses)
        return replace(reply, responses=tuple(responses))

    async def _reply(self, before: Conversation, update: Update, library: Library) -> Reply:
        if update.kind == "blocked":
            return Reply((), outcome="blocked")
        if update.kind == "location":
            return self._act(before, library, "location", outcome="location")
        if update.kind == "unsupported":
            return _unsupported(update.payload)
        if update.kind == "start":
            payload = update.payload.replace("_", ":") if update.payload else "start"
            return self._payload(before, library, payload, fallback="start")
        if update.kind == "payload":
            return self._payload(before, library, update.payload)
        return await self._text(before, update, library)

    def ahead(self, update: Update) -> None:
        """Begin to read an update that is not stored yet, so that its turn finds it read.

        What is most likely a command or the number of a choice is left alone.
        """
        text = clean(update.text) if update.kind == "text" else ""
        if len(text) > LONGEST_CHOICE and not text.startswith("/"):
            self.understanding.ahead(_bounded(text)[0])

    def apology(self, before: Conversation, library: Library, update: Update) -> Reply:
        """Return the reply to an update that broke something here."""
        ways = (MENU, choice("button.human", "human"))
        return Reply(say("error.text", *ways).responses, outcome="error")

    # -- ways in ---------------------------------------------------------------------------

    def _payload(
        self, before: Conversation, library: Library, payload: str, fallback: str = ""
    ) -> Reply:
        name, *arguments = payload.split(":")
        if not _PAYLOAD.match(payload) or name not in ACTIONS:
            if fallback:
                return self._act(before, library, fallback, outcome="button")
            return Reply(say("button.stale", MENU).responses, outcome="stale")
        return self._act(before, library, name, *arguments, outcome="button")

    async def _text(self, before: Conversation, update: Update, library: Library) -> Reply:
        text = clean(update.text)
        if not any(character.isalnum() for character in text):
            return Reply(say("empty.text", MENU).responses, outcome="empty")
        if reply := self._shortcut(before, library, text):
            return reply
        read, long = _bounded(text)
        try:
            understood, (pieces, joined) = await asyncio.gather(
                self.understanding.understand(read),
                self._parts(read if long else update.text[:20_000]),
            )
        except UnderstandingUnavailable:
            return self._without_rasa(before, update, library, read)
        reply = self._understood(before, library, read, understood, pieces, joined)
        if update.deferred:
            first = Response((Say("deferred.answer"),))
            reply = replace(reply, responses=(first, *reply.responses))
        if long:
            first = Response((Say("too_long.text"),))
            reply = replace(reply, responses=(first, *reply.responses))
        return reply

    def _shortcut(self, before: Conversation, library: Library, text: str) -> Reply | None:
        """Commands, payloads typed as Rasa's clients do, and numbers need no model."""
        if text.startswith("/"):
            words = text[1:].split()
            name = words[0].casefold().split("@")[0] if words else ""
            if name in COMMANDS:
                arguments = [word.casefold() for word in words[1:3]]
                return self._act(before, library, COMMANDS[name], *arguments, outcome="command")
            if (match := _RASA_PAYLOAD.match(text)) and (found := _intent(match.group(1), library)):
                return self._act(before, library, *found, outcome="intent")
            if _PAYLOAD.match(text[1:]) and text[1:].split(":")[0] in ACTIONS:
                return self._payload(before, library, text[1:])
            return self._act(before, library, "help", outcome="command")
        if payload := walks.typed(Call(before, library, before.language), text):
            return self._payload(before, library, payload)
        digits = text.rstrip(".)").strip()
        if digits.isdecimal() and len(digits) <= 2 and 0 < int(digits) <= len(before.choices):
            return self._payload(before, library, before.choices[int(digits) - 1])
        if len(text) == 1 and (payload := _lettered(before.choices, text.casefold())):
            return self._payload(before, library, payload)
        return None

    def _without_rasa(
        self, before: Conversation, update: Update, library: Library, text: str
    ) -> Reply:
        """Rasa is away: keep the question, say so once, show what the words alone find."""
        if update.deferred:  # it was told so already; wait on in silence
            return Reply((), outcome="parked", park=True)
        found = self.live.search(text, None)
        choices = [
            Choice(GuideWords(passage.guide, "title"), f"guide:{passage.guide}")
            for passage in {one.guide: one for one in found}.values()
        ]
        ways = (*choices[:3], choice("button.emergency", "emergency"), MENU)
        response = Response((Say("deferred.sorry"),), ways)
        return Reply((response,), outcome="parked", park=True)

    # -- understood text -------------------------------------------------------------------

    async def _parts(self, text: str) -> tuple[list[tuple[str, Understood]], bool]:
        """Return the parts of a text with their meanings, and whether only an 'and' parts them."""
        found = questions.split(text)
        texts = [clean(one) for one in found.texts[: questions.PARTS]]
        read = await asyncio.gather(*(self.understanding.understand(one) for one in texts))
        return list(zip(texts, read, strict=True)), found.joined

    def _understood(
        self,
        before: Conversation,
        library: Library,
        text: str,
        understood: Understood,
        read: list[tuple[str, Understood]],
        joined: bool,
    ) -> Reply:
        language, language_events = speech.spoken(before, library, understood)
        told = replace(apply(before, language_events), language=language)
        search = cache(partial(self.live.search, text, understood.vector))
        decision = decide(understood, before, library, search, text)
        found = several.chosen(read, joined, understood, decision, told, library, self.live.search)
        if isinstance(found, several.Several):
            reply = self._several(found, Call(told, library, language))
        else:
            decision = found or decision
            passages = search() if decision.outcome in SEARCHED else ()
            call = Call(told, library, language, decision.arguments, passages)
            reply = self._act(told, library, decision.action, outcome=decision.outcome, call=call)
            written = library.written_in(language)
            heard = _heard(text, written, understood, decision, passages)
            reply = replace(reply, events=(*reply.events, *heard))
        metadata = {
            "intent": understood.intent,
            "confidence": round(understood.confidence, 4),
        }
        return replace(
            reply,
            responses=speech.offered(reply.responses, before, library, understood),
            events=(*language_events, *reply.events),
            metadata=metadata,
        )

    def _several(self, found: several.Several, call: Call) -> Reply:
        events: tuple[Event, ...] = (Succeeded(),)
        for part in found.sure:
            if part.decision.action == "guide":
                events = (*events, SlotSet("guide", part.decision.arguments[0]))
        if (part_ := found.unsure) is not None:
            written = call.library.written_in(call.language)
            heard = _heard(part_.text, written, part_.understood, part_.decision, part_.passages)
            events = (*events, *(one for one in heard if isinstance(one, NotUnderstood)))
        return Reply(several.responses(found, call), events, "several")

    def _act(
        self,
        before: Conversation,
        library: Library,
        name: str,
        *arguments: str,
        outcome: str,
        call: Call | None = None,
    ) -> Reply:
        language = before.language or next(iter(library.languages))
        call = call or Call(before, library, language, tuple(arguments))
        result: Outcome = ACTIONS[name](call)
        after = apply(before, result.events)
        log.debug("action", name=name, turns=after.turns)
        return Reply(result.responses, result.events, outcome)


def _bounded(text: str) -> tuple[str, bool]:
    """Return what is read of a text, and whether that is not all."""
    if len(text) <= READ_LIMIT:
        return text, False
    return text[: READ_LIMIT // 2] + " " + text[-READ_LIMIT // 2 :], True


def _heard(
    text: str,
    language: str,
    understood: Understood,
    decision: Decision,
    passages: tuple[Passage, ...],
) -> tuple[Event, ...]:
    """Return the events that say how well a text was understood."""
    events: tuple[Event, ...] = (Failed() if decision.outcome in FAILED else Succeeded(),)
    if decision.outcome in SEARCHED:
        thought = [(name.replace(".", ":", 1), score) for name, score in understood.ranking[:3]]
        found = [(f"guide:{one.guide}#{one.section}", one.score) for one in passages]
        nearest = tuple((name, round(score, 4)) for name, score in (*thought, *found))
        events = (*events, NotUnderstood(text, understood.language or language, nearest))
    return events


def _unsupported(why: str) -> Reply:
    key = {"group": "unsupported.group", "slow_down": "slow_down.text"}.get(why)
    if key:
        return Reply(say(key).responses, outcome=why)
    return Reply(say("unsupported.text", MENU).responses, outcome="unsupported")


def _intent(name: str, library: Library) -> tuple[str, ...] | None:
    """Return action and arguments for an intent's name, as Rasa's clients send it."""
    kind, _, rest = name.partition(".")
    if kind == "guide" and rest in library.guides:
        return ("guide", rest)
    if kind == "course" and rest in library.courses:
        return ("course", rest)
    return (name,) if name in ACTIONS else None


def _lettered(choices: tuple[str, ...], letter: str) -> str:
    """Return the quiz answer that a typed letter stands for."""
    return next(
        (one for one in choices if one.startswith("answer:") and one.endswith(f":{letter}")), ""
    )
