"""Hostile words in content, and in people's names: every channel shows them as words."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import shutil
from pathlib import Path

import pytest

from bot.library.live import LiveLibrary
from bot.settings import Settings
from bot.system import System
from tests.browser.visitors import Visitor
from tests.conftest import ROOT
from tests.fakes.rasa import FakeRasa
from tests.fakes.telegram import TOKEN, FakeTelegram
from tests.security.conftest import url
from tests.security.fuzz.parsers import Tags

HOSTILE = "</b><script>x<img src=x onerror=x>"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """The real content with markup in titles and strings, where the check has no rule for it.

    In the bodies of guides and lessons `hashar content check` refuses it already.
    """
    folder = tmp_path / "content"
    shutil.copytree(ROOT / "content", folder)
    for path in folder.glob("guides/*/en.md"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"(?m)^title: .*$", f"title: '{HOSTILE}'", text), encoding="utf-8")
    strings = folder / "strings/en.yml"
    text = strings.read_text(encoding="utf-8")
    for key in ("menu.title", "button.menu", "courses.title"):
        text = re.sub(rf"(?m)^{key}: .*$", f"{key}: '{HOSTILE}'", text)
    strings.write_text(text, encoding="utf-8")
    return folder


async def test_content_cannot_bring_markup_of_its_own(
    hostile: Path, settings: Settings, fake_rasa: FakeRasa
) -> None:
    """A walk through menus, guides and lessons, on the page and on a strict Telegram."""
    library = LiveLibrary(hostile)
    async with FakeTelegram() as telegram:
        changed = dataclasses.replace(
            settings, telegram_token=TOKEN, telegram_api_url=telegram.url, telegram_rate=1000.0
        )
        system = System(changed, changed.redis_url, fake_rasa.url, library=library)
        await system.start(alone=True)
        try:
            seen = await walk(system, 40)
            shown = "".join(seen)
            assert shown.count("&lt;script&gt;") > 3
            for html in seen:
                Tags(convert_charrefs=True).feed(html)
            for payload in ("guide:passport", "menu", "help"):
                telegram.user_presses(7, payload, forged=True)
            await telegram.heard(7, 3)
            await asyncio.sleep(0.3)
            for sent in telegram.sent[7]:
                assert "<" not in sent.raw.replace("<b>", "").replace("</b>", "")
            assert any("<script>" in sent.text for sent in telegram.sent[7])
        finally:
            await system.stop()


async def walk(system: System, most: int) -> list[str]:
    """Press every button that comes up; return the HTML of all answers."""
    visitor = Visitor(url(system))
    await visitor.open()
    todo, known, seen, after = ["menu", "guide:passport"], set[str](), list[str](), "0"
    while todo and len(known) < most:
        payload = todo.pop(0)
        if payload in known or payload.startswith(("forget", "language")):
            continue
        known.add(payload)
        body = {"id": f"press-{len(known):04}", "payload": payload, "lang": "en"}
        assert (await visitor.post(body))[0] == 200
        for mail in await visitor.mail(after):
            after = mail["id"]
            for message in mail["messages"]:
                seen.append(message["html"])
                todo += [button["payload"] for button in message["buttons"]]
    page = await visitor.open("/?all=1")
    assert "<script>alert" not in page
    assert "<img" not in page
    await visitor.http.close()
    return seen


async def test_a_name_is_never_shown(settings: Settings, fake_rasa: FakeRasa) -> None:
    """What Telegram tells of a person is not kept, so it cannot come out anywhere."""
    from bot.channels.telegram_parse import parse
    from tests.channels.telegram_parts import said

    evil = {"id": 7, "first_name": HOSTILE, "last_name": HOSTILE, "username": HOSTILE}
    update = parse(said("hello", **{"from": evil}, chat={**evil, "type": "private"}))
    assert update is not None
    assert "script" not in update.to_json()
