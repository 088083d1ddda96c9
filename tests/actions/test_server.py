"""Rasa's action-server protocol: what comes in, and what goes out."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from actions import ACTIONS
from actions.server import ActionServer
from bot import logs
from bot.library.live import LiveLibrary
from bot.settings import Settings

ROOT = Path(__file__).parents[2]


def intent(name: str, confidence: float = 0.9, text: str = "", **slots: Any) -> dict[str, Any]:
    """Return Rasa's tracker after a message that was understood so."""
    message = {"text": text, "intent": {"name": name, "confidence": confidence}, "entities": []}
    return {"sender_id": "a", "slots": slots, "latest_message": message, "events": []}


def pressed(payload: str, **slots: Any) -> dict[str, Any]:
    """Return Rasa's tracker after one of our buttons."""
    tracker = intent("hashar", 1.0, **slots)
    tracker["latest_message"]["entities"] = [{"entity": "payload", "value": payload}]
    return tracker


def told(tracker: dict[str, Any], **message: Any) -> dict[str, Any]:
    """Return a tracker with more in its latest message."""
    return {**tracker, "latest_message": {**tracker["latest_message"], **message}}


class Rasa:
    """Calls the action server as Rasa does."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url
        self.status = 0
        self.answer: Any = None

    async def post(self, data: bytes, **headers: str) -> Any:
        async with self.session.post(f"{self.url}/webhook", data=data, headers=headers) as answer:
            self.status, self.answer = answer.status, await answer.json()
        return self.answer

    async def call(self, name: str, tracker: dict[str, Any]) -> Any:
        body = {"next_action": name, "sender_id": "a", "tracker": tracker, "version": "3.6.21"}
        return await self.post(json.dumps({**body, "domain": {"intents": []}}).encode())

    @property
    def text(self) -> str:
        return "\n".join(row["text"] for row in self.answer["responses"])

    @property
    def payloads(self) -> list[str]:
        rows = self.answer["responses"]
        return [button["payload"] for row in rows for button in row["buttons"]]

    @property
    def slots(self) -> dict[str, Any]:
        events = self.answer["events"]
        assert all(event["event"] == "slot" and event["timestamp"] is None for event in events)
        return {event["name"].removeprefix("hashar_"): event["value"] for event in events}


@pytest.fixture(scope="module")
def live() -> LiveLibrary:
    """The real content; passages are found by words alone."""
    return LiveLibrary(ROOT / "content")


@pytest.fixture
async def rasa(live: LiveLibrary) -> AsyncIterator[Rasa]:
    """A caller of an action server on a free port."""
    async with (
        TestServer(ActionServer(live, Settings()).application()) as server,
        aiohttp.ClientSession() as session,
    ):
        yield Rasa(session, str(server.make_url("")).rstrip("/"))


# -- the protocol ---------------------------------------------------------------------------


async def test_health_and_actions_are_listed_as_rasa_sdk_lists_them(rasa: Rasa) -> None:
    """Every action of ours can be called by name, and one decides."""
    async with rasa.session.get(f"{rasa.url}/health") as answer:
        assert await answer.json() == {"status": "ok"}
    async with rasa.session.get(f"{rasa.url}/actions") as answer:
        names = {row["name"] for row in await answer.json()}
    assert names == {"action_hashar"} | {f"action_hashar_{name}" for name in ACTIONS}


async def test_answer_has_the_shape_of_rasa_sdk(rasa: Rasa) -> None:
    """Events are slot events; a response has all keys of rasa-sdk's dispatcher."""
    await rasa.call("action_hashar", intent("guide.passport"))
    assert rasa.status == 200
    assert set(rasa.answer) == {"events", "responses"}
    first = rasa.answer["responses"][0]
    assert {"text", "buttons", "elements", "custom", "template", "response"} <= set(first)
    assert {"image", "attachment"} <= set(first)
    assert all(set(button) == {"title", "payload"} for button in first["buttons"])


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        (b"", 400, {"error": "Invalid body request", "action_name": ""}),
        (b"{", 400, {"error": "Invalid body request", "action_name": ""}),
        (b"\xff\xfe", 400, {"error": "Invalid body request", "action_name": ""}),
        (b"null", 400, {"error": "Invalid body request", "action_name": ""}),
        (b"[1]", 400, {"error": "Invalid body request", "action_name": ""}),
        (b"{}", 200, None),
        (b'{"next_action": null}', 200, None),
        (
            b'{"next_action": "action_other", "tracker": {}}',
            404,
            {
                "error": "No registered action found for name 'action_other'.",
                "action_name": "action_other",
            },
        ),
        (
            b'{"next_action": ["action_hashar"], "tracker": {}}',
            404,
            {
                "error": "No registered action found for name '['action_hashar']'.",
                "action_name": "['action_hashar']",
            },
        ),
        (
            b'{"next_action": "action_hashar"}',
            400,
            {"error": "The body holds no tracker.", "action_name": "action_hashar"},
        ),
    ],
)
async def test_bad_calls_get_the_status_and_keys_that_rasa_reads(
    rasa: Rasa, body: bytes, status: int, answer: Any
) -> None:
    """Rasa reads error and action_name from every answer that is not 200."""
    await rasa.post(body, **{"Content-Type": "application/json"})
    assert (rasa.status, rasa.answer) == (status, answer)


@pytest.mark.parametrize(
    "tracker",
    [
        {},
        {"latest_message": None, "slots": None},
        {"latest_message": [], "slots": []},
        {"latest_message": {"intent": None, "entities": None, "metadata": 5}},
        {"latest_message": {"intent": {"name": None}, "text": None}, "slots": {"other": 1}},
        {"latest_message": {"intent": {"name": "guide."}}, "slots": {"hashar_failures": "x"}},
    ],
)
async def test_empty_trackers_are_answered(rasa: Rasa, tracker: dict[str, Any]) -> None:
    """A session that just began has no message yet."""
    await rasa.call("action_hashar", tracker)
    assert rasa.status == 200
    assert rasa.text


async def test_compressed_bodies_are_read(rasa: Rasa) -> None:
    """Rasa compresses with COMPRESS_ACTION_SERVER_REQUEST=true."""
    body = {"next_action": "action_hashar", "tracker": intent("guide.passport")}
    await rasa.post(zlib.compress(json.dumps(body).encode()), **{"Content-Encoding": "deflate"})
    assert rasa.status == 200
    assert "Passport" in rasa.text


async def test_a_failing_action_tells_its_type_and_no_text(
    rasa: Rasa, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The answer is 500 with error and action_name; neither it nor the log holds the text."""

    def broken(call: Any) -> Any:
        raise ValueError("my number is 7777")

    logs.configure(Settings())
    monkeypatch.setitem(ACTIONS, "guide", broken)
    tracker = intent("guide.passport", text="my number is 7777")
    await rasa.call("action_hashar_guide", tracker)
    assert rasa.status == 500
    assert rasa.answer == {"error": "ValueError", "action_name": "action_hashar_guide"}
    assert "7777" not in (output := capsys.readouterr().err)
    assert "action_failed" in output


# -- what is said and remembered ------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "tracker", "words", "slots"),
    [
        ("action_hashar", intent("guide.passport"), "Passport", {"guide": "passport"}),
        ("action_hashar", intent("guide.passport", guide="x"), "Passport", {"guide": "passport"}),
        ("action_hashar", intent("list_courses"), "government", {}),
        ("action_hashar", intent("course.digital-government"), "14 short lessons", {}),
        ("action_hashar", intent("bot_challenge"), "program", {}),
        ("action_hashar", intent("nlu_fallback"), "did not understand", {"failures": 1}),
        ("action_hashar", intent("never_heard_of"), "did not understand", {"failures": 1}),
        ("action_hashar", intent("guide.passport", 0.1), "did not understand", {"failures": 1}),
        ("action_hashar", intent("greet", hashar_failures=2), "Hello", {"failures": None}),
        ("action_hashar_greet", intent("anything"), "Hello", {}),
        ("action_hashar_guide", intent("guide.passport", 0.1), "Passport", {"guide": "passport"}),
        ("action_hashar_guide", intent("fee", hashar_guide="passport"), "Passport", {}),
        ("action_hashar_guide", intent("anything"), "too old or not valid", {}),
        ("action_hashar_course", intent("course.digital-government"), "14 short lessons", {}),
        ("action_hashar", pressed("guide:passport:fee"), "tenge", {"guide": "passport"}),
        ("action_hashar_guide", pressed("guide:passport:fee"), "tenge", {"guide": "passport"}),
        ("action_hashar_guide", pressed("menu"), "too old or not valid", {}),
        ("action_hashar", pressed("nothing:here"), "too old or not valid", {}),
        ("action_hashar", pressed("guide:passport:" + "x" * 60), "too old or not valid", {}),
        ("action_hashar", pressed("language:ru"), "Русский", {"language": "ru", "spoken": "ru"}),
        ("action_hashar", pressed("stop_course", hashar_course="x"), "", {"course": None}),
    ],
)
async def test_what_is_said_and_remembered(
    rasa: Rasa, name: str, tracker: dict[str, Any], words: str, slots: dict[str, Any]
) -> None:
    """Rasa's intent, entities and slots lead to our answer, and only changes come back."""
    tracker["slots"]["hashar_spoken"] = "en"
    await rasa.call(name, tracker)
    assert rasa.status == 200
    assert words in rasa.text
    assert rasa.slots == slots


@pytest.mark.parametrize(
    ("slots", "message", "language"),
    [
        ({}, {}, "en"),
        ({"hashar_language": "kk"}, {}, "kk"),
        ({"hashar_language": "kk"}, {"metadata": {"language": "ru"}}, "kk"),
        ({"hashar_language": "xx"}, {"metadata": {"language": "ru-KZ"}}, "ru"),
        ({}, {"metadata": {"language": "kk_KZ"}}, "kk"),
        ({}, {"metadata": None}, "en"),
        ({"hashar_spoken": "kk"}, {}, "kk"),
        ({"hashar_spoken": "kk"}, {"metadata": {"language": "ru"}}, "ru"),
        ({}, {"language": {"name": "ru", "confidence": 0.99}}, "ru"),
        ({}, {"language": {"name": "ru", "confidence": 0.4}}, "en"),
    ],
)
async def test_language_of_the_answer(
    rasa: Rasa, slots: dict[str, Any], message: dict[str, Any], language: str
) -> None:
    """Chosen, told by the client, heard by our pipeline, that of the last answer, the site's."""
    await rasa.call("action_hashar", told(intent("guide.passport", **slots), **message))
    assert rasa.answer["responses"][0]["metadata"]["language"] == language


async def test_section_entity_opens_the_section_of_the_guide_shown_last(rasa: Rasa) -> None:
    """'How much?' after a guide is about that guide, as in the bot."""
    entities = [{"entity": "section", "value": "fee"}]
    tracker = told(intent("nlu_fallback", hashar_guide="passport"), entities=entities)
    await rasa.call("action_hashar", tracker)
    assert rasa.answer["responses"][0]["metadata"]["content_id"] == "guide:passport#fee"


async def test_follow_up_without_a_guide_waits_in_a_slot(rasa: Rasa) -> None:
    """'How much is it?' asks which service is meant; the next text answers it and empties it."""
    ranking = [{"name": "follow_up.fee", "confidence": 0.9}]
    await rasa.call("action_hashar", told(intent("follow_up.fee", 0.9), intent_ranking=ranking))
    assert rasa.slots["asked"] == "fee"
    tracker = told(intent("guide.passport", hashar_asked="fee"))
    await rasa.call("action_hashar", tracker)
    assert rasa.answer["responses"][0]["metadata"]["content_id"] == "guide:passport#fee"
    assert rasa.slots["asked"] is None


@pytest.mark.parametrize("name", ["danger", "which_service"])
async def test_rule_may_name_an_action_that_needs_an_argument(rasa: Rasa, name: str) -> None:
    """Its argument comes from intent and entities, or has a default."""
    entities = [{"entity": "section", "value": "fee"}]
    await rasa.call(f"action_hashar_{name}", told(intent("greet"), entities=entities))
    assert "too old" not in rasa.answer["responses"][0]["text"]


async def test_two_close_intents_are_asked_about(rasa: Rasa) -> None:
    """The intent ranking of Rasa's pipeline serves as it does in the bot."""
    ranking = [
        {"name": "guide.passport", "confidence": 0.4},
        {"name": "guide.identity-card", "confidence": 0.35},
    ]
    await rasa.call("action_hashar", told(intent("guide.passport", 0.4), intent_ranking=ranking))
    assert '/hashar{"payload":"guide:passport"}' in rasa.payloads
    assert '/hashar{"payload":"guide:identity-card"}' in rasa.payloads


async def test_lesson_and_quiz_live_in_the_slots(rasa: Rasa) -> None:
    """A course can be taken in a Rasa assistant: progress is a slot, buttons lead on."""
    slots: dict[str, Any] = {"hashar_spoken": "en"}
    payload = "course:digital-government"
    for _ in range(4):
        await rasa.call("action_hashar", pressed(payload, **slots))
        slots |= {f"hashar_{name}": value for name, value in rasa.slots.items()}
        payload = json.loads(rasa.payloads[0].removeprefix("/hashar"))["payload"]
    assert slots["hashar_course"] == "digital-government"
    progress = slots["hashar_progress"]["digital-government"]
    assert sum(len(answers) for answers in progress["answers"].values()) == 1


async def test_forgetting_empties_all_our_slots(rasa: Rasa) -> None:
    """Every slot of ours is set to None; the assistant's own are not touched."""
    slots = {"hashar_guide": "passport", "hashar_language": "kk", "theirs": 1}
    await rasa.call("action_hashar", pressed("forget:yes", **slots))
    assert rasa.slots == {"guide": None, "language": None}
