"""An admin saves a file: live within two seconds, without restart; a broken one changes nothing."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.library.live import LiveLibrary

ROOT = Path(__file__).parent.parent.parent

SOON = 5.0
"""Two seconds are promised; a machine that runs other tests beside gets more."""


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A copy of the whole real content."""
    return Path(shutil.copytree(ROOT / "content", tmp_path / "content"))


async def soon(condition: Callable[[], object]) -> bool:
    """Wait until something holds, SOON at most; return whether it does."""
    deadline = time.monotonic() + SOON
    while not condition() and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    return bool(condition())


def title(live: LiveLibrary) -> str:
    return live.current.guides["passport"].texts["en"].title


async def test_saved_file_is_live_and_a_broken_one_is_refused(content: Path) -> None:
    """A new title appears within two seconds; a broken file leaves the last good one."""
    live = LiveLibrary(content)
    following = asyncio.create_task(live.run())
    await asyncio.sleep(0.5)
    path = content / "guides" / "passport" / "en.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("title: Passport", "title: Travel passport"), encoding="utf-8")
    assert await soon(lambda: title(live) == "Travel passport")
    path.write_text(text.replace("title: Passport", "title: 99"), encoding="utf-8")
    assert await soon(lambda: live.problems)
    assert title(live) == "Travel passport"
    path.write_text(text, encoding="utf-8")
    assert await soon(lambda: title(live) == "Passport" and not live.problems)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    live.close()


async def test_file_saved_during_the_start_is_live(content: Path) -> None:
    """What was saved after the content was read and before it was followed is not overlooked."""
    live = LiveLibrary(content)
    path = content / "guides" / "passport" / "en.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("title: Passport", "title: Travel passport"), encoding="utf-8")
    following = asyncio.create_task(live.run())
    assert await soon(lambda: title(live) == "Travel passport")
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    live.close()


def test_passages_are_found_by_words_alone(library: LiveLibrary) -> None:
    """Without vectors a question still finds its guide by its words, in its language."""
    for question, guide in [
        ("пенсионный возраст женщин", "pension"),
        ("urgent identity card", "identity-card"),
        ("некені қиюдың ақысы", "marriage"),
    ]:
        found = library.search(question, None)
        assert guide in [passage.guide for passage in found[:3]], found


def test_nonsense_finds_nothing(library: LiveLibrary) -> None:
    """What shares no words with the content finds no passage."""
    assert library.search("zzqx vvbn kkjh", None) == ()
