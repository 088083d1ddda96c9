"""What the Telegram channel understands of each kind of update."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.telegram_parse import parse
from bot.errors import (
    BadUpdate,
)
from bot.model import Update
from tests.channels.telegram_parts import BROKEN, GROUP, PRIVATE, got, member, pressed, said

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
