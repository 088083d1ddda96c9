"""Ask one question and see what it is understood as, found in, and answered with."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from typing import Any

from bot import logs
from bot.channels import profile
from bot.cleaning import clean
from bot.conversation import Conversation, LanguageSet
from bot.dialogue import Dialogue, Reply
from bot.embedded import EmbeddedRasa
from bot.errors import StartError, UnderstandingUnavailable
from bot.library.live import LiveLibrary
from bot.markup import to_plain
from bot.model import Update
from bot.render import Renderer
from bot.settings import Settings
from bot.understanding import Understanding, Understood, read

START_SECONDS = 120.0
"""How long Rasa may take to load its model."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("text", help="the question")
    parser.add_argument("--lang", default="", help="answer in this language")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument("--channel", default="rest", help="write for this channel")


def run(options: argparse.Namespace) -> int:
    """Print understanding, content and messages; return the exit code."""
    settings = Settings.from_environment()
    logs.configure(settings)
    if settings.rasa_url:
        return asyncio.run(_ask(options, settings, settings.rasa_url))
    rasa = EmbeddedRasa(settings)
    try:
        return asyncio.run(_with_rasa(options, settings, rasa))
    finally:
        rasa.child.stop()


async def _with_rasa(options: argparse.Namespace, settings: Settings, rasa: EmbeddedRasa) -> int:
    await rasa.start()
    return await _ask(options, settings, rasa.url)


async def _ask(options: argparse.Namespace, settings: Settings, rasa_url: str) -> int:
    live = LiveLibrary(settings.content_dir, settings.data_dir / "passages.npz")
    live.make_vectors()
    understanding = Understanding(rasa_url, settings.parse_timeout)
    try:
        await _ready(understanding)
        update = Update("rest", "ask", "ask", "text", text=options.text, received_at=time.time())
        who = Conversation("ask", "rest", language=options.lang, pinned=bool(options.lang))
        reply = await Dialogue(understanding, live).reply(who, update, live.current)
        raw = await understanding.parse(clean(options.text)) if clean(options.text) else {}
    finally:
        await understanding.close()
    language = options.lang
    for event in reply.events:
        language = event.language if isinstance(event, LanguageSet) else language
    renderer = Renderer(live.current, profile(options.channel))
    messages, _ = renderer.messages(reply.responses, language, update, reply.metadata)
    found = live.search(options.text, read(raw).vector)
    if options.json:
        print(json.dumps(_report(raw, reply, messages, found), ensure_ascii=False, indent=2))
    else:
        _show(read(raw), reply, messages)
    return 0


def _report(raw: dict[str, Any], reply: Reply, messages: Any, found: Any) -> dict[str, Any]:
    understanding = {key: value for key, value in raw.items() if key != "embedding"}
    return {
        "understanding": understanding,
        "outcome": reply.outcome,
        "content": [response.content for response in reply.responses],
        "passages": [f"{one.guide}#{one.section}" for one in found],
        "messages": [message.to_dict() for message in messages],
    }


def _show(understood: Understood, reply: Reply, messages: Any) -> None:
    print(f"language   {understood.language or '?'} ({understood.language_confidence:.2f})")
    for name, confidence in understood.ranking[:3]:
        print(f"intent     {name} ({confidence:.2f})")
    for entity, value in understood.entities.items():
        print(f"entity     {entity} = {value}")
    print(f"outcome    {reply.outcome}")
    for message in messages:
        print(f"\n{to_plain(message.text) if '<' in message.text else message.text}")
        for number, button in enumerate(message.buttons, 1):
            print(f"  {number}. {button.label}  [{button.payload}]")


async def _ready(understanding: Understanding) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            await understanding.check()
            return
        except UnderstandingUnavailable:
            await asyncio.sleep(0.25)
    raise StartError("Rasa did not load its model in time; see rasa.log in DATA_DIR.")
