"""The Telegram channel: what it understands, what it sends, and what it does in trouble."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import aiohttp
import pytest
import structlog
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import error as telegram_errors

from bot.channels.base import Channel
from bot.channels.telegram import ROUTE, TelegramChannel
from bot.channels.telegram_errors import delivery_error, reason
from bot.channels.telegram_parse import parse
from bot.channels.telegram_receive import SECRET_HEADER
from bot.errors import (
    BadUpdate,
    DeliveryError,
    PermanentDeliveryError,
    SettingsError,
    StoreUnavailable,
    TemporaryDeliveryError,
    Unreachable,
)
from bot.model import Button, Message, Update
from tests.fakes.telegram import TOKEN, FakeTelegram, Fault

ANN = {"id": 7, "is_bot": False, "first_name": "Ann", "language_code": "kk"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Ann"}
GROUP = {"id": -100, "type": "supergroup", "title": "Neighbours"}
US = {"id": 1, "is_bot": True, "username": "hashar_bot"}
SECRET = "s3cret_-"


def said(text: Any = None, *, chat: Any = PRIVATE, **content: Any) -> dict[str, Any]:
    """Return a message update."""
    body = {"message_id": 3, "date": 1_700_000_000, "chat": chat, "from": ANN, **content}
    return {"update_id": 5, "message": body if text is None else {**body, "text": text}}


def pressed(**changes: Any) -> dict[str, Any]:
    """Return a button press."""
    message = {"message_id": 42, "date": 1, "chat": PRIVATE, "text": "old"}
    query = {"id": "q9", "from": ANN, "data": "guide:passport", "message": message, **changes}
    return {"update_id": 5, "callback_query": {k: v for k, v in query.items() if v is not None}}


def member(chat: dict[str, Any], before: str, after: str) -> dict[str, Any]:
    """Return a change of the bot's own membership."""
    change = {"chat": chat, "from": ANN, "date": 1}
    change["old_chat_member"] = {"user": US, "status": before}
    change["new_chat_member"] = {"user": US, "status": after}
    return {"update_id": 5, "my_chat_member": change}


def got(kind: Any, **fields: Any) -> Update:
    """Return the expected update."""
    fields = {"language_hint": "kk", "address": "7", **fields}
    return Update("telegram", "5", kind=kind, **fields)


NOTICE = got("unsupported", payload="group", address="-100", language_hint="")

ROWS: list[tuple[str, dict[str, Any], Update | None]] = [
    ("text", said("как получить паспорт?"), got("text", text="как получить паспорт?")),
    ("text with spaces kept", said("  hi\n"), got("text", text="  hi\n")),
    ("emoji", said("👩‍👩‍👧 \U0001f1f0\U0001f1ff"), got("text", text="👩‍👩‍👧 \U0001f1f0\U0001f1ff")),
    ("10,000 characters", said("я" * 10_000), got("text", text="я" * 10_000)),
    ("control characters stay", said("a\x00\x07b"), got("text", text="a\x00\x07b")),
    ("start", said("/start"), got("start")),
    ("start in capitals", said("/START"), got("start")),
    ("deep link", said("/start guide_passport-1"), got("start", payload="guide_passport-1")),
    ("deep link to us", said("/start@hashar_bot a1"), got("start", payload="a1")),
    ("forged deep link", said("/start ../../etc"), got("start")),
    ("too long deep link", said("/start " + "a" * 65), got("start")),
    ("not start", said("/started"), got("text", text="/started")),
    ("command", said("/language kk"), got("text", text="/language kk")),
    ("command to us", said("/help@hashar_bot now"), got("text", text="/help now")),
    ("address, not a command", said("a/b@c"), got("text", text="a/b@c")),
    ("no language", said("hi", **{"from": {"id": 7}}), got("text", text="hi", language_hint="")),
    (
        "odd language",
        said("hi", **{"from": {"id": 7, "language_code": "<b>"}}),
        got("text", text="hi", language_hint=""),
    ),
    ("press", pressed(), got("payload", payload="guide:passport", reference="42", answer_to="q9")),
    (
        "press on an inaccessible message",
        pressed(message={"chat": PRIVATE, "message_id": 41, "date": 0}),
        got("payload", payload="guide:passport", reference="41", answer_to="q9"),
    ),
    (
        "press without its message",
        pressed(message=None, inline_message_id="x"),
        got("payload", payload="guide:passport", answer_to="q9"),
    ),
    ("press of a game", pressed(data=None, game_short_name="x"), None),
    ("press in a group", pressed(message={"chat": GROUP, "message_id": 1, "date": 1}), None),
    ("location", said(location={"latitude": 43.2, "longitude": 76.9}), got("location")),
    ("venue", said(venue={"title": "x"}, location={"latitude": 1.0}), got("location")),
    ("photo", said(photo=[{}]), got("unsupported")),
    (
        "photo with words",
        said(photo=[{}], caption="what is it?"),
        got("unsupported", text="what is it?"),
    ),
    *(
        (kind, said(**{kind: {}}), got("unsupported"))
        for kind in (
            "voice",
            "sticker",
            "document",
            "video",
            "video_note",
            "audio",
            "contact",
            "poll",
            "dice",
        )
    ),
    ("contact keeps no number", said(contact={"phone_number": "+7"}), got("unsupported")),
    ("service message", said(pinned_message={}), None),
    ("edited", {"update_id": 5, "edited_message": said("x")["message"]}, None),
    ("channel post", {"update_id": 5, "channel_post": said("x")["message"]}, None),
    ("channel chat", said("x", chat={"id": -5, "type": "channel"}), None),
    ("unknown update", {"update_id": 5, "something_new": {}}, None),
    ("blocked", member(PRIVATE, "member", "kicked"), got("blocked", language_hint="")),
    ("unblocked", member(PRIVATE, "kicked", "member"), None),
    (
        "put out of a group",
        member(GROUP, "member", "kicked"),
        got("blocked", address="-100", language_hint=""),
    ),
    (
        "left a group",
        member(GROUP, "member", "left"),
        got("blocked", address="-100", language_hint=""),
    ),
    ("added to a group", member(GROUP, "left", "member"), NOTICE),
    ("promoted in a group", member(GROUP, "member", "administrator"), None),
    ("added to a channel", member({"id": -5, "type": "channel"}, "left", "administrator"), None),
    ("group talk", said("hello all", chat=GROUP), None),
    ("group command to us", said("/help@Hashar_Bot", chat=GROUP), NOTICE),
    ("group command to another", said("/help@other_bot", chat=GROUP), None),
    ("group start", said("/start", chat=GROUP), NOTICE),
    ("group command of another bot", said("/weather", chat=GROUP), None),
    ("group mention", said("ask @hashar_bot!", chat=GROUP), NOTICE),
    ("group mention of another", said("ask @hashar_bot2", chat=GROUP), None),
    ("group mention in a caption", said(chat=GROUP, photo=[{}], caption="@hashar_bot"), NOTICE),
    ("group location", said(chat=GROUP, location={}), None),
    ("lone surrogate", said("a\ud83db"), got("text", text="a\ufffdb")),
]


@pytest.mark.parametrize(("raw", "expected"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS])
def test_updates(raw: dict[str, Any], expected: Update | None) -> None:
    """Each kind of update becomes ours with no more than an answer needs."""
    update = parse(raw, "hashar_bot")
    assert update == expected
    if update:
        assert Update.from_json(update.to_json().encode()) == update


BROKEN: list[tuple[str, object]] = [
    ("null", None),
    ("list", []),
    ("text", "x"),
    ("empty", {}),
    ("no id", {"message": said("x")["message"]}),
    ("id is text", {**said("x"), "update_id": "5"}),
    ("id is true", {**said("x"), "update_id": True}),
    ("id is huge", {**said("x"), "update_id": 10**30}),
    ("message is null", {"update_id": 5, "message": None}),
    ("message is a list", {"update_id": 5, "message": []}),
    ("no chat", {"update_id": 5, "message": {"text": "x"}}),
    ("chat id is a float", said("x", chat={"id": 1.5, "type": "private"})),
    ("chat id is an object", said("x", chat={"id": {}, "type": "private"})),
    ("text is a number", said(5)),
    ("text is an object", said({"text": "x"})),
    ("press without sender", pressed(**{"from": None})),
    ("press with a broken chat", pressed(message={"chat": 3, "message_id": 1})),
    ("press with data as a list", pressed(data=["x"])),
    ("membership without states", {"update_id": 5, "my_chat_member": {"chat": PRIVATE}}),
]


@pytest.mark.parametrize("raw", [row[1] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_broken_updates(raw: object) -> None:
    """What is not an update is refused in words of ours, without its content."""
    with pytest.raises(BadUpdate):
        parse(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "update_id",
                    "message",
                    "callback_query",
                    "chat",
                    "id",
                    "type",
                    "from",
                    "text",
                    "data",
                    "location",
                    "new_chat_member",
                    "old_chat_member",
                    "status",
                    "message_id",
                    "photo",
                    "language_code",
                    "my_chat_member",
                    "caption",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(JSON, st.sampled_from(["private", "supergroup"]))
def test_any_json(value: Any, kind: str) -> None:
    """No JSON whatsoever makes parsing fail in another way than BadUpdate."""
    chat = {"id": 1, "type": kind}
    message = {"chat": chat, "message_id": 1, **(value if isinstance(value, dict) else {})}
    for raw in (
        value,
        {"update_id": 1, "message": value},
        {"update_id": 1, "message": {**message, "chat": chat}},
        {"update_id": 1, "callback_query": value},
        {"update_id": 1, "my_chat_member": {**message, "chat": chat}},
    ):
        try:
            update = parse(raw, "hashar_bot")
        except BadUpdate:
            continue
        assert update is None or update.to_json().encode()


# -- a channel, a server, and what the channel stored ------------------------------------------


class Inbox:
    """An `accept` that remembers, and fails while `down`."""

    def __init__(self) -> None:
        self.updates: list[Update] = []
        self.tries = 0
        self.error: Exception | None = None

    async def accept(self, update: Update) -> bool:
        """Store the update; False when it was seen before."""
        self.tries += 1
        if self.error:
            raise self.error
        new = update.update_id not in [seen.update_id for seen in self.updates]
        self.updates.append(update)
        return new

    @property
    def texts(self) -> list[str]:
        """The texts in the order of their arrival."""
        return [update.text for update in self.updates]


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        await asyncio.sleep(0.005)


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    """A fake Telegram on a free port; person 7 has spoken to the bot."""
    async with FakeTelegram() as server:
        server.chats.add(7)
        yield server


@pytest.fixture
def inbox() -> Inbox:
    """What the channel stored."""
    return Inbox()


Make = Callable[..., TelegramChannel]


@pytest.fixture
async def make(telegram: FakeTelegram) -> AsyncIterator[Make]:
    """Make channels that are closed at the end."""
    made: list[TelegramChannel] = []

    def build(token: str = TOKEN, **options: Any) -> TelegramChannel:
        options = {"api_url": telegram.url, "retry_seconds": 0.01, **options}
        made.append(TelegramChannel(token, **options))
        return made[-1]

    yield build
    for channel in made:
        await channel.close()


@pytest.fixture
def channel(make: Make) -> TelegramChannel:
    """A channel that has not been started; sending needs no more."""
    return make()


def menu(text: str = "<b>Choose</b>", edit: str = "") -> Message:
    """Return a message with two rows of buttons."""
    rows = ((Button("Паспорт", "guide:passport"), Button("B", "b")), (Button("Back", "menu"),))
    return Message(text, rows, edit)


def test_contract(channel: TelegramChannel) -> None:
    """It is a Channel with Telegram's limits, paced for the sender."""
    typed: Channel = channel
    assert (typed.name, typed.pulls, typed.per_second) == ("telegram", False, 25.0)
    limits = typed.limits
    assert (limits.text, limits.buttons, limits.label, limits.markup) == (3900, 40, 60, "telegram")


# -- sending -----------------------------------------------------------------------------------


async def test_send(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    """A message arrives with its HTML and its rows of buttons; the receipt is Telegram's id."""
    receipt = await channel.send("7", menu("<b>1 &lt; 2</b> &amp; so"))
    (sent,) = telegram.sent[7]
    assert sent.text == "1 < 2 & so"
    assert sent.rows == [[("Паспорт", "guide:passport"), ("B", "b")], [("Back", "menu")]]
    assert receipt.reference == str(sent.message_id)


async def test_send_in_order(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    """Messages sent one after another arrive so."""
    for number in range(20):
        await channel.send("7", Message(str(number)))
    assert [sent.text for sent in telegram.sent[7]] == [str(number) for number in range(20)]


async def test_longest_text(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    """4,096 characters after entity parsing fit; one more is refused for good."""
    await channel.send("7", Message("&lt;" * 4096))
    assert len(telegram.sent[7][0].text) == 4096
    with pytest.raises(PermanentDeliveryError, match="too long"):
        await channel.send("7", Message("ш" * 4097))


async def test_edit(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    """A message with `edit` takes the place of the old one, buttons and all."""
    first = await channel.send("7", menu())
    receipt = await channel.send("7", Message("chosen", edit=first.reference))
    (sent,) = telegram.sent[7]
    assert (sent.text, sent.rows, sent.edits) == ("chosen", [], 1)
    assert receipt == first


async def test_edit_to_the_same(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    """An edit that changes nothing has succeeded."""
    first = await channel.send("7", menu())
    assert await channel.send("7", menu(edit=first.reference)) == first
    assert len(telegram.sent[7]) == 1


@pytest.mark.parametrize("trouble", ["too old", "not found", "not a number"])
async def test_edit_refused(channel: TelegramChannel, telegram: FakeTelegram, trouble: str) -> None:
    """What cannot be edited is sent anew."""
    first = await channel.send("7", menu())
    edit = {"not found": "999", "not a number": "web-1"}.get(trouble, first.reference)
    if trouble == "too old":
        telegram.expire(7, int(first.reference))
    receipt = await channel.send("7", Message("next", edit=edit))
    assert [sent.text for sent in telegram.sent[7]] == ["Choose", "next"]
    assert receipt != first


@pytest.mark.parametrize("text", ["<b>open", "<i>x</b>", "<script>x</script>", "1 < 2", "</b>"])
async def test_broken_markup(channel: TelegramChannel, telegram: FakeTelegram, text: str) -> None:
    """Markup that Telegram refuses goes out as plain text instead of being lost."""
    first = await channel.send("7", menu(f"a {text} &amp; b"))
    await channel.send("7", menu(f"c {text}", edit=first.reference))
    (sent,) = telegram.sent[7]
    assert sent.text.startswith("c")
    assert sent.edits == 1
    assert "&amp;" not in sent.text
    assert sent.rows


async def test_press_acknowledged(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    """A press is answered once; an old one, or none, is no trouble."""
    await channel.send("7", menu())
    telegram.user_presses(7, "menu")
    update = Update("telegram", "1", "7", "payload", answer_to="q1001")
    await channel.acknowledge(update)
    await channel.acknowledge(update)
    await channel.acknowledge(dataclasses.replace(update, answer_to=""))
    assert telegram.answered == ["q1001"]
    telegram.faults = [Fault("reset", "answerCallbackQuery", calls=(1,))]
    await channel.acknowledge(update)


FAULTS: list[tuple[Fault, type[DeliveryError], float | None, bool]] = [
    (Fault("429", retry_after=3, calls=(1,)), TemporaryDeliveryError, 3.0, False),
    (Fault("500", calls=(1,)), TemporaryDeliveryError, None, False),
    (Fault("502", description="Bad Gateway", calls=(1,)), TemporaryDeliveryError, None, True),
    (Fault("409", description="Conflict", calls=(1,)), TemporaryDeliveryError, None, False),
    (Fault("reset", calls=(1,)), TemporaryDeliveryError, None, True),
    (Fault("lost", calls=(1,)), TemporaryDeliveryError, None, True),
    (Fault("garbage", calls=(1,)), TemporaryDeliveryError, None, True),
    (Fault("401", description="Unauthorized", calls=(1,)), TemporaryDeliveryError, None, False),
    (Fault("403", description="Forbidden: user is deactivated", calls=(1,)), Unreachable, 0, False),
    (Fault("403", description="Forbidden: bot was kicked", calls=(1,)), Unreachable, 0, False),
    (Fault("400", description="Bad Request: PEER_ID_INVALID", calls=(1,)), Unreachable, 0, False),
    (Fault("400", description="Bad Request: odd", calls=(1,)), PermanentDeliveryError, 0, False),
]


@pytest.mark.parametrize(
    ("fault", "error", "retry_after", "ambiguous"),
    FAULTS,
    ids=[f"{fault.what} {fault.description}" for fault, *_ in FAULTS],
)
async def test_faults(
    channel: TelegramChannel,
    telegram: FakeTelegram,
    fault: Fault,
    error: type[DeliveryError],
    retry_after: float | None,
    ambiguous: bool,
) -> None:
    """Each trouble says whether a retry helps, when, and whether the message may have arrived."""
    telegram.faults = [dataclasses.replace(fault)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error) as caught:
            await channel.send("7", Message("x"))
    assert type(caught.value) is error
    if isinstance(caught.value, TemporaryDeliveryError):
        assert caught.value.retry_after == retry_after
        assert caught.value.ambiguous is ambiguous
        await channel.send("7", Message("again"))
        assert telegram.sent[7][-1].text == "again"


async def test_temporary_edit_is_not_sent_anew(
    channel: TelegramChannel, telegram: FakeTelegram
) -> None:
    """An edit that fails for now is tried again as an edit: no second message appears."""
    first = await channel.send("7", menu())
    telegram.faults = [Fault("429", "editMessageText", calls=(1,), retry_after=2)]
    with pytest.raises(TemporaryDeliveryError):
        await channel.send("7", Message("x", edit=first.reference))
    assert len(telegram.sent[7]) == 1


async def test_unreachable_people(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    """Someone who blocked the bot, or whom Telegram does not know, is out of reach."""
    telegram.user_blocks(7)
    for address in ("7", "123456"):
        with pytest.raises(Unreachable):
            await channel.send(address, Message("x"))
    with pytest.raises(PermanentDeliveryError):
        await channel.send("web-session", Message("x"))


async def test_telegram_away(make: Make) -> None:
    """Nobody listens: the message surely did not arrive and is tried again later."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        channel = make(api_url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(TemporaryDeliveryError) as caught:
            await channel.send("7", Message("x"))
        assert not caught.value.ambiguous
        assert await channel.describe() == ""


async def test_close_ends_deliveries(channel: TelegramChannel, telegram: FakeTelegram) -> None:
    """Closing lets a delivery under way end; one that comes later surely did not arrive."""
    telegram.faults = [Fault("slow", calls=(1,), delay=0.2)]
    delivery = asyncio.create_task(channel.send("7", Message("x")))
    await telegram.until(lambda: telegram.calls["sendMessage"] == 1)
    await channel.close()
    assert (await delivery).reference == str(telegram.sent[7][0].message_id)
    with pytest.raises(TemporaryDeliveryError) as caught:
        await channel.send("7", Message("late"))
    assert not caught.value.ambiguous
    await channel.close()


def test_retry_after_in_any_form() -> None:
    """`retry_after` may be a number or a timedelta; a moved chat is out of reach."""
    error = delivery_error(telegram_errors.RetryAfter(5))
    assert isinstance(error, TemporaryDeliveryError)
    assert error.retry_after == 5.0
    assert isinstance(delivery_error(telegram_errors.ChatMigrated(-1)), Unreachable)
    assert isinstance(delivery_error(telegram_errors.TimedOut()), TemporaryDeliveryError)


def test_reasons_hold_no_content() -> None:
    """A reason is made of our words: Telegram's own may quote the text."""
    error = telegram_errors.BadRequest('Can\'t parse entities: unsupported start tag "ann"')
    assert reason(error) == "BadRequest: can't parse entities"
    assert reason(telegram_errors.BadRequest("my name is Ann")) == "BadRequest"


# -- names, tokens, commands -------------------------------------------------------------------


async def test_describe(channel: TelegramChannel) -> None:
    """The channel tells the bot's name."""
    assert await channel.describe() == "@hashar_bot"


@pytest.mark.parametrize("token", ["1234567:wrong", "nonsense"])
async def test_wrong_token(make: Make, inbox: Inbox, token: str) -> None:
    """A wrong token is one sentence that names the setting and not the token."""
    channel = make(token)
    for call in (channel.describe(), channel.start(inbox.accept)):
        with pytest.raises(SettingsError, match="TELEGRAM_TOKEN") as caught:
            await call
        assert token not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize("token", ["", "a b", "a/../b", "токен", "1:a\n"])
def test_impossible_token(token: str) -> None:
    """What cannot be a token is refused before any request."""
    with pytest.raises(SettingsError, match="TELEGRAM_TOKEN"):
        TelegramChannel(token)


def test_impossible_secret() -> None:
    """A webhook secret that Telegram would refuse is refused by name."""
    with pytest.raises(SettingsError, match="TELEGRAM_WEBHOOK_SECRET"):
        TelegramChannel(TOKEN, public_url="https://x.example", webhook_secret="a b")


async def test_commands(make: Make, inbox: Inbox, telegram: FakeTelegram) -> None:
    """The command menu is set for each language; a refused one stops nothing."""
    channel = make(
        commands={"": [("help", "Help")], "en": [("NO GOOD", "x")], "kk": [("help", "Көмек")]}
    )
    await channel.start(inbox.accept)
    await telegram.until(lambda: telegram.calls["getUpdates"] > 0)
    assert telegram.commands == {
        "": [{"command": "help", "description": "Help"}],
        "kk": [{"command": "help", "description": "Көмек"}],
    }


# -- polling -----------------------------------------------------------------------------------


async def test_polling(make: Make, inbox: Inbox, telegram: FakeTelegram) -> None:
    """Polled updates are stored in order, with the time of arrival; none is left or doubled."""
    telegram.webhook = {"url": "https://old.example", "secret_token": ""}
    telegram.user_says(7, "before the start")
    channel = make()
    assert list(channel.routes()) == []
    await channel.start(inbox.accept)
    for number in range(250):
        telegram.user_says(number % 5, str(number))
    await until(lambda: len(inbox.updates) == 251)
    assert inbox.texts == ["before the start", *map(str, range(250))]
    assert abs(inbox.updates[-1].received_at - time.time()) < 5
    await telegram.until(lambda: not telegram._pending)
    assert len(inbox.updates) == 251


async def test_polling_a_conversation(make: Make, inbox: Inbox, telegram: FakeTelegram) -> None:
    """A press carries the message it came from, so that it can be edited; a block is told."""
    channel = make()
    await channel.start(inbox.accept)
    sent = await channel.send("7", menu())
    telegram.user_presses(7, "menu")
    telegram.user_blocks(7)
    telegram.group_says(-100, "hi @hashar_bot")
    await until(lambda: len(inbox.updates) == 3)
    press, block, group = inbox.updates
    assert (press.kind, press.payload, press.reference) == ("payload", "menu", sent.reference)
    assert (block.kind, block.address) == ("blocked", "7")
    assert (group.kind, group.payload, group.address) == ("unsupported", "group", "-100")
    await channel.acknowledge(press)
    assert telegram.answered == [press.answer_to]


async def test_polling_store_down(make: Make, inbox: Inbox, telegram: FakeTelegram) -> None:
    """While the store is down the offset stays; then all arrives once, in order."""
    inbox.error = StoreUnavailable("down")
    await make().start(inbox.accept)
    for number in range(10):
        telegram.user_says(7, str(number))
    await until(lambda: inbox.tries >= 4)
    assert len(telegram._pending) == 10
    inbox.error = None
    await until(lambda: len(inbox.updates) >= 10)
    assert inbox.texts == [str(number) for number in range(10)]


async def test_polling_interrupted(make: Make, telegram: FakeTelegram) -> None:
    """A bot that stops before the store took an update gets it again at the next start."""
    first, second = Inbox(), Inbox()
    first.error = StoreUnavailable("down")
    channel = make()
    await channel.start(first.accept)
    telegram.user_says(7, "hello")
    await until(lambda: first.tries > 0)
    await channel.close()
    await make().start(second.accept)
    await until(lambda: second.texts == ["hello"])


async def test_polling_unexpected_error(make: Make, inbox: Inbox, telegram: FakeTelegram) -> None:
    """An unexpected error of the store is waited out like any other: nothing is dropped."""
    inbox.error = RuntimeError("?")
    await make().start(inbox.accept)
    telegram.user_says(7, "hello")
    await until(lambda: inbox.tries >= 2)
    inbox.error = None
    await until(lambda: inbox.texts == ["hello"])


async def test_polling_malformed(make: Make, inbox: Inbox, telegram: FakeTelegram) -> None:
    """A malformed update is counted and passed over; its neighbours arrive."""
    channel = make()
    telegram.user_says(7, "one")
    telegram.inject(7, "message", {"chat": "garbage"})
    telegram.inject(7, "callback_query", None)
    telegram.user_says(7, "two")
    await channel.start(inbox.accept)
    await until(lambda: inbox.texts == ["one", "two"])
    assert channel.malformed == 2


async def test_polling_redelivered(make: Make, inbox: Inbox, telegram: FakeTelegram) -> None:
    """A redelivered update reaches the store again (which knows it) and moves nothing back."""
    await make().start(inbox.accept)
    first = telegram.user_says(7, "one")
    telegram.user_says(7, "two")
    await until(lambda: len(inbox.updates) == 2)
    telegram.redeliver(first)
    await until(lambda: len(inbox.updates) == 3)
    telegram.user_says(7, "three")
    await until(lambda: len(inbox.updates) == 4)
    assert inbox.texts == ["one", "two", "one", "three"]


@pytest.mark.parametrize("what", ["500", "429", "reset", "401", "409", "garbage"])
async def test_polling_trouble(make: Make, inbox: Inbox, telegram: FakeTelegram, what: str) -> None:
    """Polling goes on after any trouble, and says so once."""
    calls = (1,) if what == "429" else (1, 2, 3)
    telegram.faults = [Fault(what, "getUpdates", calls=calls, retry_after=1)]
    begin = time.monotonic()
    telegram.user_says(7, "hello")
    with structlog.testing.capture_logs() as logs:
        await make().start(inbox.accept)
        await until(lambda: inbox.texts == ["hello"])
    warned = [line for line in logs if line["log_level"] == "warning"]
    assert len(warned) == 1
    assert [line["event"] for line in logs][-1] == "telegram_recovered"
    assert what != "429" or time.monotonic() - begin >= 1.0


async def test_two_pollers(make: Make, inbox: Inbox, telegram: FakeTelegram) -> None:
    """A second process with the same token is named as the cause, in one line."""
    with structlog.testing.capture_logs() as logs:
        await make().start(inbox.accept)
        await until(lambda: telegram.calls["getUpdates"] > 0)
        await make().start(inbox.accept)
        await until(lambda: any(line["event"] == "telegram_conflict" for line in logs))
    (line, *_) = [line for line in logs if line["event"] == "telegram_conflict"]
    assert "another process polls" in line["advice"]


async def test_start_without_telegram(make: Make, inbox: Inbox) -> None:
    """The bot starts while Telegram is away and receives once it is there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    channel = make(api_url=f"http://127.0.0.1:{port}")
    await channel.start(inbox.accept)
    server = FakeTelegram()
    await server.start(port)
    server.user_says(7, "hello")
    await until(lambda: inbox.texts == ["hello"])
    await channel.close()
    await server.close()


async def test_chaos(make: Make, inbox: Inbox, telegram: FakeTelegram) -> None:
    """With half of all polls failing, 200 messages arrive once each and in order."""
    telegram.faults = [
        Fault("500", "getUpdates", probability=0.2),
        Fault("reset", "getUpdates", probability=0.2),
        Fault("lost", "getUpdates", probability=0.2),
    ]
    telegram.poll_limit = 10
    await make().start(inbox.accept)
    for number in range(200):
        telegram.user_says(7, str(number))
    await until(lambda: len(inbox.updates) >= 200, 20)
    assert inbox.texts == [str(number) for number in range(200)]


# -- webhook -----------------------------------------------------------------------------------


Serve = Callable[[TelegramChannel], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve a channel's routes in a real aiohttp application."""
    runners: list[web.AppRunner] = []

    async def run(channel: TelegramChannel, port: int = 0) -> str:
        app = web.Application()
        app.add_routes(channel.routes())
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}{ROUTE}"

    yield run
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
def hooked(make: Make) -> TelegramChannel:
    """A channel in webhook mode."""
    return make(public_url="https://bot.example/", webhook_secret=SECRET)


async def post(url: str, body: Any, secret: str | None = SECRET) -> int:
    """Return the status that the webhook answers."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {} if secret is None else {SECRET_HEADER: secret}
    async with aiohttp.request("POST", url, data=data, headers=headers) as response:
        assert await response.text() == ""
        return response.status


async def test_webhook_is_set(
    hooked: TelegramChannel, inbox: Inbox, telegram: FakeTelegram
) -> None:
    """The webhook is registered with its secret and the kinds of update we read; no polling."""
    await hooked.start(inbox.accept)
    assert telegram.webhook["url"] == "https://bot.example/webhooks/telegram"
    assert telegram.webhook["secret_token"] == SECRET
    assert json.loads(telegram.webhook["allowed_updates"]) == [
        "message",
        "callback_query",
        "my_chat_member",
    ]
    await asyncio.sleep(0.05)
    assert telegram.calls["getUpdates"] == 0


async def test_webhook_secret_is_never_empty(
    make: Make, inbox: Inbox, telegram: FakeTelegram
) -> None:
    """Without a secret one is derived: the same in each process, and not the token."""
    secrets = set()
    for _ in range(2):
        await make(public_url="https://bot.example").start(inbox.accept)
        secrets.add(telegram.webhook["secret_token"])
    (secret,) = secrets
    assert len(secret) == 64
    assert TOKEN not in secret


async def test_webhook_address_refused(make: Make, inbox: Inbox) -> None:
    """A webhook address that Telegram refuses is one sentence that names the setting."""
    channel = make(public_url="http://bot.example")
    with pytest.raises(SettingsError, match="PUBLIC_URL"):
        await channel.start(inbox.accept)


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET[:-1], "\u044f"])
async def test_webhook_forbidden(
    hooked: TelegramChannel, serve: Serve, inbox: Inbox, secret: str | None
) -> None:
    """Without the right secret: 403, and nothing is done."""
    await hooked.start(inbox.accept)
    url = await serve(hooked)
    for body in (said("hi"), b"{"):
        assert await post(url, body, secret) == 403
    assert inbox.tries == 0
    assert hooked.malformed == 0


async def test_webhook_stores_first(hooked: TelegramChannel, serve: Serve, inbox: Inbox) -> None:
    """200 comes after the update is stored; an update seen before gets its 200 as well."""
    await hooked.start(inbox.accept)
    url = await serve(hooked)
    assert [await post(url, said("hi")), await post(url, said("hi"))] == [200, 200]
    assert inbox.texts == ["hi", "hi"]
    assert await post(url, {"update_id": 6, "edited_message": {}}) == 200
    assert len(inbox.updates) == 2


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"[1]", b'{"update_id": 1' + b"0" * 5000 + b"}"]
    + [json.dumps(row[1]).encode() for row in BROKEN],
)
async def test_webhook_malformed(
    hooked: TelegramChannel, serve: Serve, inbox: Inbox, body: bytes
) -> None:
    """What cannot be read gets 200, or it would come again for ever; it is counted."""
    await hooked.start(inbox.accept)
    assert await post(await serve(hooked), body) == 200
    assert inbox.tries == 0
    assert hooked.malformed == 1


async def test_webhook_store_down(hooked: TelegramChannel, serve: Serve, inbox: Inbox) -> None:
    """503 while the store is down, and before the start: Telegram sends again."""
    url = await serve(hooked)
    assert await post(url, said("early")) == 503
    await hooked.start(inbox.accept)
    inbox.error = StoreUnavailable("down")
    assert await post(url, said("hi")) == 503
    inbox.error = None
    assert await post(url, said("hi")) == 200


async def test_webhook_round_trip(
    make: Make, serve: Any, inbox: Inbox, telegram: FakeTelegram
) -> None:
    """Telegram pushes, is refused while the store is down, pushes again; order is kept."""
    inbox.error = StoreUnavailable("down")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    channel = make(public_url=f"http://127.0.0.1:{port}", webhook_secret=SECRET)
    await serve(channel, port)
    telegram.user_says(1, "0")
    await channel.start(inbox.accept)
    for number in range(1, 100):
        telegram.user_says(1 + number % 4, str(number))
    await telegram.until(lambda: telegram.pushes[503] > 4)
    inbox.error = None
    await until(lambda: len(inbox.updates) == 100)
    for chat in range(1, 5):
        texts = [int(update.text) for update in inbox.updates if update.address == str(chat)]
        assert texts == sorted(texts)
        assert len(texts) == 25
    await until(lambda: telegram.pushes[200] == 100)


# -- secrets -----------------------------------------------------------------------------------


async def test_logs_tell_nothing(
    make: Make,
    inbox: Inbox,
    telegram: FakeTelegram,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No log at any level holds the token, a text, a name or an address."""
    caplog.set_level(logging.DEBUG)
    telegram.faults = [
        Fault("reset", "getUpdates", calls=(1,)),
        Fault("401", "getUpdates", calls=(2,)),
        Fault("garbage", "getUpdates", calls=(3,), description="secret-text"),
        Fault("garbage", "", calls=(1,), description="secret-text"),
        Fault("400", calls=(2,), description="Bad Request: chat 778899 said secret-text"),
    ]
    with structlog.testing.capture_logs() as logs:
        channel = make()
        await channel.start(inbox.accept)
        telegram.user_says(778899, "secret-text")
        telegram.inject(778899, "message", {"chat": {}, "text": "secret-text"})
        await until(lambda: bool(inbox.updates) and channel.malformed == 1)
        for text in ("secret-text <b>", "secret-text", "<secret-text"):
            try:
                await channel.send("778899", Message(text))
            except DeliveryError as error:
                logs.append({"event": str(error), "log_level": "error"})
        await channel.acknowledge(dataclasses.replace(inbox.updates[0], answer_to="old"))
        await channel.close()
        with pytest.raises(SettingsError):
            await make("1234567:wrong-token-here").describe()
    told = f"{caplog.text} {logs} {capsys.readouterr()}"
    assert len(logs) >= 5
    for secret in (TOKEN, TOKEN.split(":")[1], "secret-text", "778899", "Ann", "wrong-token-here"):
        assert secret not in told


# -- the fake as a process ---------------------------------------------------------------------


def test_fake_as_a_process() -> None:
    """The fake serves from its own process and is steered over HTTP."""
    command = [sys.executable, "-m", "tests.fakes.telegram", "--port", "0", "--token", "1:T"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()

            def call(path: str, body: Any = None) -> Any:
                data = None if body is None else json.dumps(body).encode()
                headers = {"Content-Type": "application/json"}
                with urlopen(Request(url + path, data, headers), timeout=10) as response:
                    return json.load(response)

            said_id = call("/control/say", {"chat": 7, "text": "hi"})["update_id"]
            (update,) = call("/bot1:T/getUpdates", {})["result"]
            assert (update["update_id"], update["message"]["text"]) == (said_id, "hi")
            call("/bot1:T/getUpdates", {"offset": said_id + 1})
            row = [{"text": "B", "callback_data": "b"}]
            call(
                "/bot1:T/sendMessage",
                {
                    "chat_id": 7,
                    "text": "yes",
                    "reply_markup": {"inline_keyboard": [row]},
                },
            )
            call("/control/press", {"chat": 7, "payload": "b"})
            call("/control/redeliver", {"update_id": said_id})
            assert call("/control/state")["pending"] == 2
            assert call("/control/faults", [{"what": "500", "calls": [1]}]) == {"faults": 1}
            assert [s["text"] for s in call("/control/sent?chat=7")["7"]] == ["yes"]
        finally:
            process.terminate()
