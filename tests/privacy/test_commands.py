"""The commands of an admin, as typed: what was not understood, keys, audit."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.opened import opened
from bot.embedded import EmbeddedStore
from bot.settings import Settings
from bot.store.phrases import Phrase, Phrases
from tests.conftest import ROOT


@pytest.fixture
def site(folder: Path) -> Iterator[Settings]:
    """A data folder with three phrases, and nothing running; its path is too long for a socket."""
    data = folder / ("a-rather-long-name-" * 6)
    yield Settings(data_dir=data, content_dir=ROOT / "content", passage_vectors=False)
    shutil.rmtree(data, ignore_errors=True)


async def fill(settings: Settings) -> None:
    async with opened(settings) as store:
        for text, times in (("зелёная книжка", 3), ("зеленая книжка", 1), ("zzyzzx", 1)):
            for _ in range(times):
                language = "en" if text.isascii() else "ru"
                await Phrases(store).add(Phrase(text, language, (("guide:passport#fee", 0.2),)))


def hashar(settings: Settings, *words: str, code: int = 0) -> str:
    """Run a command; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words], env=environment(settings), cwd=ROOT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        "DATA_DIR": str(settings.data_dir),
        "CONTENT_DIR": str(settings.content_dir),
        "MODELS_DIR": str(settings.data_dir / "models"),
        "PASSAGE_VECTORS": "false",
    }


async def test_list_drop_and_audit(site: Settings) -> None:
    """Groups with counts and a suggestion; erased by number; the audit tells of it."""
    await fill(site)
    shown = hashar(site, "unanswered")
    assert "4×" in shown
    assert "зелёная книжка" in shown
    assert "→ passport" in shown
    rows = json.loads(hashar(site, "unanswered", "--json", "--lang", "ru"))
    assert [(row["count"], len(row["phrases"])) for row in rows] == [(4, 2)]
    assert "1 erased" in hashar(site, "unanswered", "drop", "1")
    assert "has the number 1" in hashar(site, "unanswered", "add", "1", "passport", code=1)
    assert "unanswered drop of 1" in hashar(site, "audit")
    running = EmbeddedStore(site)
    running.start()
    try:  # beside a store that runs
        assert "2 erased" in hashar(site, "unanswered", "drop", "all")
        assert "0 values sealed with the newest key" in hashar(site, "keys", "status")
    finally:
        running.stop()


async def test_what_cannot_be_added(site: Settings) -> None:
    """One sentence for an unknown number, guide or language; no file changes."""
    await fill(site)
    for words, told in (
        (("1", "no-such-guide"), "there is no guide 'no-such-guide'"),
        (("some text", "passport"), "say in which language"),
        (("паспорт", "passport", "--lang", "ru"), "stands there already"),
    ):
        assert told in hashar(site, "unanswered", "add", *words, code=1)


def heed_interrupts() -> None:
    """Undo what a shell does to programs that it starts in the background: they ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


async def test_interrupted_teaching_changes_nothing(site: Settings, tmp_path: Path) -> None:
    """Ctrl-C in the middle of the training puts the file back and leaves no candidate."""
    content = tmp_path / "content"
    shutil.copytree(ROOT / "content", content)
    path = content / "guides" / "passport" / "ru.md"
    before = path.read_bytes()
    child = subprocess.Popen(
        [sys.executable, "-m", "bot", "unanswered", "add", "зелёная книжка", "passport",
         "--lang", "ru"],
        env={**environment(site), "CONTENT_DIR": str(content)}, cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        preexec_fn=heed_interrupts,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while path.read_bytes() == before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert b"\xd0\xb7\xd0\xb5\xd0\xbb\xd1\x91" in path.read_bytes()
    time.sleep(1)
    os.killpg(child.pid, signal.SIGINT)
    told, _ = child.communicate(timeout=60)
    assert child.returncode != 0
    assert "put back as it was" in told
    assert path.read_bytes() == before
    assert list((site.data_dir / "models").glob(".candidate-*")) == []
