"""The parsers that work on data alone: called directly, many thousand times."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import random
from html.parser import HTMLParser
from typing import Any

from hypothesis import strategies as st

from actions import ACTIONS
from actions.server import ActionServer, action_names
from bot.body import parsed
from bot.channels import PROFILES
from bot.channels import web_inbound as inbound
from bot.channels.telegram_parse import parse
from bot.conversation import Conversation
from bot.dialogue import Dialogue
from bot.errors import BadUpdate, UnderstandingUnavailable
from bot.library import schemas
from bot.library.check import shape
from bot.library.files import FileError, parse_yaml, split_front_matter, split_sections
from bot.library.live import LiveLibrary
from bot.markup import escape, to_plain, to_telegram, to_web
from bot.model import Button, Message, Update
from bot.parts import split
from bot.render import Renderer
from bot.settings import Settings
from bot.understanding import Understanding, read
from tests.channels.telegram_parts import GROUP, PRIVATE, member, pressed, said
from tests.fakes.telegram_rules import Refused, visible
from tests.security.fuzz.inputs import ATOMS, CANARY, TEXTS, bodies, mutated, near, seeded
from tests.security.fuzz.run import Target

UPDATES = [
    said("hello"),
    said("/start guide_passport"),
    said(location={"latitude": 1.0}),
    said(photo=[{}], caption="what?"),
    said("/help@hashar_bot", chat=GROUP),
    pressed(),
    pressed(message={"chat": PRIVATE, "message_id": 41, "date": 0}),
    member(PRIVATE, "member", "kicked"),
    member(GROUP, "left", "member"),
]
FRAMES = [
    {"id": "a-good-id", "text": "hello", "lang": "kk"},
    {"id": "a-good-id", "payload": "guide:passport"},
    {"id": "a-good-id", "start": True},
    {"after": "0"},
    {"after": "1-1"},
    {"ping": True},
]
UNDERSTOOD = {
    "text": "hello",
    "intent": {"name": "greet", "confidence": 0.9},
    "intent_ranking": [{"name": "greet", "confidence": 0.9}, {"name": "help", "confidence": 0.1}],
    "entities": [{"entity": "guide", "value": "passport", "confidence_entity": 0.9}],
    "language": {"name": "en", "confidence": 0.9},
    "embedding": "AAAA",
}
TRACKER = {
    "sender_id": "7",
    "slots": {"hashar_language": "ru", "hashar_guide": "passport", "hashar_failures": 1},
    "latest_message": {**UNDERSTOOD, "metadata": {"language": "kk"}},
}

CONTENT = "---\ntitle: T\nshort: S\nstatus: draft\nasks:\n  - how\n---\n\n## documents\n- x\n"


def refused(call: Any, *arguments: Any) -> Any:
    """Return what a parser finds, None for what it refuses without quoting it."""
    try:
        return call(*arguments)
    except (BadUpdate, UnderstandingUnavailable) as error:
        if CANARY in str(error):
            raise AssertionError("quotes the input") from None
    except FileError:
        pass  # quotes the line, to the admin who wrote it
    return None


def telegram_update(value: Any) -> None:
    """Any update is one of ours, none of ours, or refused."""
    update = refused(parse, value, "hashar_bot")
    assert update is None or Update.from_json(update.to_json().encode()) == update


def body(data: bytes) -> None:
    """Any body is an object or refused, whole of it or within a channel's shape."""
    refused(parsed, data)
    found = refused(inbound.frame, data)
    if isinstance(found, inbound.Said):
        update = found.update("address")
        assert Update.from_json(update.to_json().encode()) == update
    assert isinstance(inbound.id_of(data), str)


def form(data: bytes) -> None:
    fields = refused(inbound.form, data)
    if fields is not None and (said_ := refused(inbound.said_in_form, fields)):
        assert said_.update("address", "an-id").to_json().encode()


def stored(value: Any) -> None:
    """What lies in the store is read as what it is, or said to be none by ValueError."""
    data = json.dumps(value)
    for reader in (
        lambda: Update.from_json(data),
        lambda: Conversation.from_json("id", data),
        lambda: Message.from_dict(json.loads(data)),
    ):
        with contextlib.suppress(ValueError):
            reader()


def rasa_answer(value: Any) -> None:
    """Rasa's answer is understood, or said not to be one."""
    with contextlib.suppress(UnderstandingUnavailable):
        read(value)


class Tags(HTMLParser):
    """Refuses every tag and attribute that our markup does not make."""

    allowed = {"p", "ul", "ol", "li", "strong", "br", "a"}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.allowed, f"tag {tag}"
        for name, value in attrs:
            assert (tag, name) in {("a", "href"), ("a", "rel"), ("ol", "start")}, f"{tag} {name}"
            if name == "href":
                assert (value or "").lower().startswith(("https://", "http://", "tel:")), value


def markup(text: str) -> None:
    """Whatever is written, no channel gets markup of somebody else's."""
    for shown in (text, escape(text)):
        Tags(convert_charrefs=True).feed(to_web(shown))
        sent = to_telegram(shown)
        try:
            visible(sent, "HTML")
        except Refused as error:  # nothing to see, or too long: cut before it is sent
            if "parse" in str(error):
                raise
        assert "<" not in sent.replace("<b>", "").replace("</b>", "")
        to_plain(shown).encode()
    for part in split(text[:2000], 160):
        assert len(to_plain(part)) <= 160


def front_matter(text: str) -> None:
    """A content file is read, or refused in a sentence."""
    found = refused(split_front_matter, text)
    refused(parse_yaml, text)
    if found:
        split_sections(found[1])
        for schema in (schemas.GUIDE_TEXT, schemas.LESSON_TEXT):
            shape(found[0], schema)


class Talk:
    """Payloads and actions on the real content; Rasa is never asked."""

    def __init__(self, live: LiveLibrary) -> None:
        self.live = live
        self.dialogue = Dialogue(Understanding("http://127.0.0.1:9", 1), live)
        self.server = ActionServer(live, Settings())
        self.loop = asyncio.new_event_loop()
        guides, courses = list(live.current.guides), list(live.current.courses)
        self.words = [
            *guides[:5],
            *courses,
            "1",
            "0",
            "-1",
            "a",
            "yes",
            "documents",
            "ru",
            "xx",
            "",
        ]

    def payload(self, rng: random.Random) -> str:
        """Return a payload as a forger makes one."""
        parts = [
            rng.choice(list(ACTIONS)),
            *(rng.choice(self.words) for _ in range(rng.randint(0, 4))),
        ]
        text = ":".join(parts)
        return text if rng.random() < 0.8 else text + str(rng.choice(ATOMS))

    def press(self, value: tuple[str, dict[str, Any], str]) -> None:
        """Any payload in any state is answered by messages that the channel can carry."""
        payload, state, channel = value
        before = Conversation("id", channel, language="ru", slots=state, choices=("menu",))
        library = self.live.current
        for kind in ("payload", "start"):
            update = Update(channel, "1", "7", kind, payload=payload)  # type: ignore[arg-type]
            reply = self.loop.run_until_complete(self.dialogue.reply(before, update, library))
            renderer = Renderer(library, PROFILES[channel])
            messages, _ = renderer.messages(reply.responses, "ru", update, reply.metadata)
            assert messages, "no answer"
            for message in messages:
                self.fits(message, channel)

    def fits(self, message: Message, channel: str) -> None:
        limits = PROFILES[channel].limits
        assert message.text.strip()
        assert len(message.buttons) <= limits.buttons
        assert all(self.button(button, limits.label) for button in message.buttons)
        json.dumps(message.to_dict()).encode()

    @staticmethod
    def button(button: Button, label: int) -> bool:
        return (
            bool(button.label.strip())
            and len(button.label) <= label
            and 1 <= len(button.payload.encode()) <= 64
        )

    def action(self, tracker: Any) -> None:
        """Any tracker is answered by an action, or said to be none by BadUpdate."""
        names = action_names()
        name = names[len(json.dumps(tracker)) % len(names)]
        if isinstance(tracker, dict):
            json.dumps(refused(self.server.run, name, tracker)).encode()

    def states(self, rng: random.Random) -> dict[str, Any]:
        """Return slots as an older or broken version may have left them."""
        slots = {
            "guide": rng.choice(self.words),
            "course": rng.choice(self.words),
            "progress": {rng.choice(self.words): {"lesson": rng.choice(self.words)}},
        }
        return (
            slots if rng.random() < 0.5 else {k: v for k, v in slots.items() if rng.random() < 0.5}
        )


def targets(live: LiveLibrary) -> list[Target]:
    """Return the ways in, with their part of the whole."""
    talk = Talk(live)
    presses = seeded(lambda rng: (talk.payload(rng), talk.states(rng), rng.choice(list(PROFILES))))
    stores = [
        dataclasses.asdict(Update("web", "1", "7", "text", text="x")),
        json.loads(Conversation("id", "web", "a", "ru", slots={"guide": "x"}).to_json()),
        Message("x", ((Button("a", "b"),),), "3", {"language": "ru"}).to_dict(),
    ]
    front = seeded(lambda rng: _cut(CONTENT, rng))
    forms = st.one_of(st.binary(max_size=200), seeded(_form))
    return [
        Target("Telegram updates", near(UPDATES), telegram_update, 3),
        Target("JSON bodies and socket frames", bodies(FRAMES), body, 3),
        Target("forms", forms, form, 2),
        Target("callback payloads", presses, talk.press, 1),
        Target("trackers of the action protocol", near([TRACKER]), talk.action, 0.6),
        Target("Rasa's answers", near([UNDERSTOOD]), rasa_answer, 1),
        Target("entries of the store", near(stores), stored, 1),
        Target("front matter of content", st.one_of(front, TEXTS), front_matter, 1),
        Target("markup", TEXTS, markup, 1),
    ]


def _cut(text: str, rng: random.Random) -> str:
    for _ in range(rng.randint(1, 4)):
        at, end = sorted((rng.randint(0, len(text)), rng.randint(0, len(text))))
        added = rng.choice(ATOMS)
        new = added if isinstance(added, str) else f": {added!r}"
        text = text[:at] + new[:200] + text[rng.choice((at, end)) :]
    return text


def _form(rng: random.Random) -> bytes:
    names = ("id", "after", "lang", "text", "payload", "start", "x", "text[]", "%")
    parts = [f"{rng.choice(names)}={_piece(rng)}" for _ in range(rng.randint(0, 7))]
    return "&".join(parts).encode("utf-8", "surrogatepass")


def _piece(rng: random.Random) -> str:
    return rng.choice(
        ("%ff%fe", "%00", "+", "%", "%u0041", "a", "ы" * 50, str(mutated("x", rng))[:80])
    )
