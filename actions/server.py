"""Our actions for any Rasa assistant: `python -m actions.server --port 5055`.

Speaks the protocol of Rasa's action server (rasa-sdk): POST /webhook, GET /actions, GET /health.
`action_hashar` decides from the latest message as the bot does; `action_hashar_<name>` runs one
action. What is remembered lives in the assistant's slots `hashar_…`; a button's payload is
`/hashar{"payload": "…"}`, so that the rule 'intent: hashar, action: action_hashar' serves them
all. tests/actions/stock is an assistant that does so. What the assistant keeps of a conversation
in its own tracker is outside our reach, also for /export and /forget.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog
from aiohttp import web

from actions import ACTIONS
from actions.base import Call, Outcome, say
from actions.guides import DANGERS
from actions.navigation import MENU
from bot import body as bodies
from bot import logs
from bot.access import local_or_token
from bot.answers import application
from bot.channels import profile
from bot.conversation import (
    Conversation,
    Event,
    Failed,
    Forgotten,
    SlotSet,
    Succeeded,
    apply,
)
from bot.decide import FAILED, OPEN, decide, known
from bot.errors import BadUpdate, HasharError, TooLong, UnderstandingUnavailable
from bot.library.check import shape
from bot.library.live import LiveLibrary
from bot.library.model import Library
from bot.model import Message
from bot.render import Renderer
from bot.serving import Connections
from bot.serving import serve as serve_http
from bot.settings import Settings
from bot.understanding import Understood, read

log = structlog.get_logger()

ACTION = "action_hashar"
"""The action that decides; each of ours is this name, '_' and its own."""

SLOT = "hashar_"
"""Prefix of our slots in the assistant's domain: `language` (chosen; the assistant may set it),
`spoken` (the language of the last answer), `guide`, `course`, `progress`, `failures`."""

INTENT, PAYLOAD = "hashar", "payload"
"""Intent and entity that a button's payload comes back as."""

SLOTS = {
    "type": "object",
    "properties": {
        "guide": {"type": "string"},
        "asked": {"type": "string"},
        "course": {"type": "string"},
        "progress": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "lesson": {"type": "string"},
                    "answers": {"type": "object", "additionalProperties": {"type": "object"}},
                },
            },
        },
    },
}
"""What our slots may hold; an assistant can set them to anything."""

BODY_LIMIT = 100 * 1024 * 1024
"""Bytes of a request's body, as Rasa's own action server: each holds the session's whole past."""

PAYLOAD_LIMIT = 64
SURE_LANGUAGE = 0.8


class ActionServer:
    """Runs the actions on the library that is live."""

    def __init__(self, live: LiveLibrary, settings: Settings) -> None:
        self._live = live
        self._settings = settings

    def application(self) -> web.Application:
        """Return the HTTP application."""
        app = application(BODY_LIMIT)
        app.add_routes(
            [
                web.get("/health", self._health),
                web.get("/actions", self._actions),
                web.post("/webhook", self._webhook),
            ]
        )
        return app

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _actions(self, request: web.Request) -> web.Response:
        local_or_token(request, "actions_token", self._settings)
        return web.json_response([{"name": name} for name in action_names()])

    async def _webhook(self, request: web.Request) -> web.Response:
        """Run one action. Errors have the shape that Rasa reads: error and action_name."""
        local_or_token(request, "actions_token", self._settings)
        try:
            body = bodies.parsed(await bodies.read(request, BODY_LIMIT))
        except BadUpdate as error:
            return _error(413 if isinstance(error, TooLong) else 400, "Invalid body request", "")
        name = body.get("next_action")
        if not name:  # as rasa-sdk answers a call without an action
            return web.json_response(None)
        if not isinstance(name, str) or name not in action_names():
            return _error(404, f"No registered action found for name '{name}'.", str(name))
        tracker = body.get("tracker")
        if not isinstance(tracker, dict):
            return _error(400, "The body holds no tracker.", name)
        try:
            return web.json_response(self.run(name, tracker))
        except (BadUpdate, UnderstandingUnavailable) as error:
            return _error(400, str(error), name)
        except Exception as error:
            log.exception("action_failed", action=name, exc_info=error)
            return _error(500, type(error).__name__, name)

    def run(self, name: str, tracker: Mapping[str, Any]) -> dict[str, Any]:
        """Return events and responses of an action, given Rasa's tracker as JSON.

        Raises BadUpdate, UnderstandingUnavailable: the tracker holds what we cannot read.
        """
        library = self._live.current
        message = _mapping(tracker.get("latest_message"))
        slots = _mapping(tracker.get("slots"))
        understood = _understood(message)
        before = _conversation(tracker, slots, _language(slots, message, understood, library))
        wanted = name.removeprefix(ACTION).removeprefix("_")
        outcome = self._outcome(wanted, before, library, message, understood)
        after = apply(before, outcome.events)
        renderer = Renderer(library, profile("rest"))
        messages, _ = renderer.messages(outcome.responses, after.language)
        forgotten = any(isinstance(event, Forgotten) for event in outcome.events)
        remembered = {} if forgotten else _remembered(after)
        return {
            "events": _slot_events(slots, remembered),
            "responses": [_response(one) for one in messages],
        }

    def _outcome(
        self,
        wanted: str,
        before: Conversation,
        library: Library,
        message: Mapping[str, Any],
        understood: Understood,
    ) -> Outcome:
        """Run the wanted action, or ('' wanted) the one that the latest message asks for."""
        if payload := understood.entities.get(PAYLOAD, ""):
            return _pressed(wanted, payload, before, library)
        text = str(message.get("text") or "")
        passages = self._live.search(text, understood.vector)
        arguments = _arguments(wanted, understood, before, library)
        forgotten: tuple[Event, ...] = (SlotSet("asked", None),)
        events: tuple[Event, ...] = ()
        if not wanted:
            decision = decide(understood, before, library, lambda: passages)
            wanted, arguments = decision.action, decision.arguments
            events = (Failed() if decision.outcome in FAILED else Succeeded(),)
            forgotten = () if decision.outcome in OPEN else forgotten
        outcome = ACTIONS[wanted](Call(before, library, before.language, arguments, passages))
        return replace(outcome, events=(*forgotten, *outcome.events, *events))


def action_names() -> list[str]:
    """Return the names that Rasa calls our actions by."""
    return [ACTION, *(f"{ACTION}_{name}" for name in ACTIONS)]


# -- what comes in --------------------------------------------------------------------------


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _understood(message: Mapping[str, Any]) -> Understood:
    """Return the latest message as the bot reads it; a lone intent counts as the ranking."""
    given = _mapping(message.get("intent"))
    understood = read({**message, "intent": given, "entities": message.get("entities") or ()})
    name = understood.intent
    if understood.ranking or name == "nlu_fallback":
        return understood
    return replace(understood, ranking=((name, understood.confidence),))


def _language(
    slots: Mapping[str, Any], message: Mapping[str, Any], understood: Understood, library: Library
) -> str:
    """Return the language of the answer: chosen, told by the client, heard, that of the last
    answer, or the site's first."""
    hint = str(_mapping(message.get("metadata")).get("language") or "")
    sure = understood.language_confidence >= SURE_LANGUAGE
    wanted = (
        str(slots.get(SLOT + "language") or ""),
        library.shipped(hint),
        library.shipped(understood.tag) if sure else "",
        str(slots.get(SLOT + "spoken") or ""),
    )
    first = next(iter(library.languages))
    return next((code for code in wanted if code in library.languages), first)


def _conversation(
    tracker: Mapping[str, Any], slots: Mapping[str, Any], language: str
) -> Conversation:
    """Return what Rasa's slots remember of a conversation."""
    ours = {
        name.removeprefix(SLOT): value
        for name, value in slots.items()
        if name.startswith(SLOT) and value is not None
    }
    pinned = ours.pop("language", "") == language
    ours.pop("spoken", None)
    failures = ours.pop("failures", 0)
    if wrong := shape(ours, SLOTS):
        raise BadUpdate(f"The slot '{SLOT}{wrong[0][0].split('.')[0]}' has another shape.")
    return Conversation(
        id=str(tracker.get("sender_id") or ""),
        channel="rasa",
        language=language,
        pinned=pinned,
        slots=ours,
        failures=failures if isinstance(failures, int) and 0 <= failures < 1000 else 0,
    )


def _pressed(wanted: str, payload: str, before: Conversation, library: Library) -> Outcome:
    """Return what a button's payload asks for; `wanted` names the only action allowed, if any."""
    name, *arguments = payload.split(":")
    fits = name in ACTIONS and wanted in ("", name) and len(payload) <= PAYLOAD_LIMIT
    if not fits:
        return say("button.stale", MENU)
    return ACTIONS[name](Call(before, library, before.language, tuple(arguments)))


def _arguments(
    wanted: str, understood: Understood, before: Conversation, library: Library
) -> tuple[str, ...]:
    """Return the arguments of an action that a rule names: from intent, entities, then slots."""
    kind, _, topic = understood.intent.partition(".")
    entities = understood.entities
    if wanted == "guide":
        told = topic if kind == "guide" and known(understood.intent, library) else ""
        guide = told or entities.get("guide", "") or str(before.slots.get("guide") or "")
        return (guide, entities.get("section", ""))
    if wanted == "danger":
        return (understood.intent if understood.intent in DANGERS else "distress",)
    if wanted == "which_service":
        return (entities.get("section", ""),)
    if wanted == "course":
        return (topic if kind == "course" else str(before.slots.get("course") or ""),)
    if wanted == "language":
        return (entities.get("language", ""),)
    return ()


# -- what goes out --------------------------------------------------------------------------


def _remembered(after: Conversation) -> dict[str, Any]:
    """Return our part of Rasa's slots after an action."""
    values: dict[str, Any] = {SLOT + name: value for name, value in after.slots.items()}
    values[SLOT + "language"] = after.language if after.pinned else None
    values[SLOT + "spoken"] = after.language
    values[SLOT + "failures"] = after.failures or None
    return values


def _slot_events(slots: Mapping[str, Any], remembered: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return an event for each of our slots that changed."""
    names = [name for name in slots if name.startswith(SLOT)]
    return [
        {"event": "slot", "timestamp": None, "name": name, "value": remembered.get(name)}
        for name in dict.fromkeys((*names, *remembered))
        if slots.get(name) != remembered.get(name)
    ]


def _response(message: Message) -> dict[str, Any]:
    """Return a message as rasa-sdk's dispatcher writes it."""
    return {
        "text": message.text,
        "buttons": [
            {"title": button.label, "payload": _payload(button.payload)}
            for button in message.buttons
        ],
        "elements": [],
        "custom": {},
        "template": None,
        "response": None,
        "image": None,
        "attachment": None,
        "metadata": message.metadata,
    }


def _payload(payload: str) -> str:
    value = json.dumps({PAYLOAD: payload}, separators=(",", ":"))
    return f"/{INTENT}{value}"


def _error(status: int, error: str, name: str) -> web.Response:
    return web.json_response({"error": error, "action_name": name}, status=status)


# -- the process ----------------------------------------------------------------------------


async def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM. Raises StartError when the port is taken."""
    live = LiveLibrary(settings.content_dir, settings.data_dir / "passages.npz")
    connections = Connections.from_settings(settings)
    runner = await serve_http(ActionServer(live, settings).application(), host, port, connections)
    stopping = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, stopping.set)
    following = asyncio.create_task(live.run(), name="library")
    try:
        print(f"Actions for Rasa: http://{host}:{runner.addresses[0][1]}/webhook", flush=True)
        await stopping.wait()
    finally:
        live.close()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await runner.cleanup()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve; return the exit code. Errors print one clear sentence."""
    parser = argparse.ArgumentParser(prog="python -m actions.server", description=__doc__)
    parser.add_argument("--port", type=int, default=5055, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    options = parser.parse_args(arguments)
    try:
        settings = Settings.from_environment()
        logs.configure(settings)
        asyncio.run(serve(settings, options.host, options.port))
    except HasharError as error:
        print(f"actions.server: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
