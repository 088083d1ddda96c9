"""A copy made while people write, brought back to another folder: everything is there."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.embedded import free_port
from tests.fakes.telegram import TOKEN, FakeTelegram
from tests.fakes.telegram_rules import Fault
from tests.processes import Process, answers, processes, wait_for

AGAIN = "You may have received this message already."
CHAT = 4711


@pytest.fixture
def place() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="hashar-"))
    (path / "models").mkdir()
    (path / "models" / "nlu-none.tar.gz").write_bytes(b"")  # no Rasa: free text waits
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
async def telegram() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram() as one:
        yield one


def environment(place: Path, data: str, telegram: FakeTelegram, port: int) -> dict[str, str]:
    return {
        "DATA_DIR": str(place / data),
        "MODELS_DIR": str(place / "models"),
        "PASSAGE_VECTORS": "false",
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_API_URL": telegram.url,
        "PORT": str(port),
        "REDIS_URL": "",
        "RASA_URL": "",
        "SECRET_KEYS": "",
        "ID_KEY": "",
    }


async def command(place: Path, settings: dict[str, str], *arguments: str) -> Process:
    """Run a command to its end, while the fake platform goes on."""
    child = Process(["-m", "bot", *arguments], settings, place / "command.log").start()
    assert child.process is not None
    await asyncio.to_thread(child.process.wait, 60)
    return child


async def say(port: int, text: str) -> list[str]:
    return await asyncio.to_thread(_say, port, text)


def _say(port: int, text: str) -> list[str]:
    body = json.dumps({"sender": "someone", "message": text}).encode()
    url = f"http://127.0.0.1:{port}/webhooks/rest/webhook"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return [row["text"] for row in json.load(answer)]


async def waiting(port: int, queue: str) -> int:
    """Return how many entries wait in a queue."""
    return await asyncio.to_thread(_waiting, port, queue)


def _waiting(port: int, queue: str) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        lines = answer.read().decode().splitlines()
    (line,) = [line for line in lines if line.startswith(f'hashar_queue_depth{{queue="{queue}"}}')]
    return int(float(line.split()[1]))


async def started(port: int) -> None:
    """Wait until the page answers."""
    page = f"http://127.0.0.1:{port}/"
    await asyncio.to_thread(wait_for, lambda: answers(page), 60, "the start")


async def test_copy_brings_back_everything(place: Path, telegram: FakeTelegram) -> None:
    """Made while Hashar runs, with an answer and a question that wait; brought back elsewhere:
    the language that someone chose is kept, the question still waits, and the answer arrives,
    saying that it may have come before."""
    port = free_port()
    old = environment(place, "old", telegram, port)
    telegram.faults = [Fault("500", probability=1.0)]
    child = Process(["-m", "bot", "run", "--no-train"], old, place / "old.log").start()
    with processes(child):
        await started(port)
        assert await say(port, "/language kk")
        (menu,) = await say(port, "/menu")
        await say(port, "how do I get a passport")
        telegram.user_says(CHAT, "/help")
        await telegram.until(lambda: telegram.faults[0].struck > 0, 30)
        before = {queue: await waiting(port, queue) for queue in ("outbox", "parked")}
        assert before == {"outbox": 1, "parked": 1}
        made = await command(place, old, "backup", "make", str(place / "copy"), "--with-keys")
        assert made.process is not None
        assert made.process.returncode == 0, made.output()
        assert await say(port, "/menu") == [menu]
        child.kill()
    assert {oct(file.stat().st_mode & 0o777) for file in (place / "copy").iterdir()} == {"0o600"}
    shutil.rmtree(place / "old")
    new = environment(place, "new", telegram, port)
    restored = await command(place, new, "backup", "restore", str(place / "copy"))
    assert "1 answers wait to be sent" in restored.output(), restored.output()
    again = await command(place, new, "backup", "restore", str(place / "copy"))
    assert "holds a store already" in again.output()
    telegram.faults = []
    child = Process(["-m", "bot", "run", "--no-train"], new, place / "new.log").start()
    with processes(child):
        await started(port)
        assert await say(port, "/menu") == [menu]
        await telegram.until(lambda: bool(telegram.sent.get(CHAT)), 30)
        assert await waiting(port, "parked") == 1
    (sent,) = telegram.sent[CHAT]
    assert AGAIN in sent.text


async def test_copy_without_keys_is_refused_until_they_are_there(
    place: Path, telegram: FakeTelegram
) -> None:
    """By default the keys stay out of the copy; a restore without them says what is missing, and
    works with the keys put back. A Hashar at rest can be copied too."""
    old = environment(place, "old", telegram, 0)
    made = await command(place, old, "backup", "make", str(place / "copy"))
    assert "Without keys" in made.output(), made.output()
    assert {file.name for file in (place / "copy").iterdir()} == {"store.rdb", "about.json"}
    new = environment(place, "new", telegram, 0)
    refused = await command(place, new, "backup", "restore", str(place / "copy"))
    assert "secret.key is missing" in refused.output()
    assert "Traceback" not in refused.output()
    for name in ("secret.key", "id.key"):
        shutil.copy(place / "old" / name, place / "new" / name)
    restored = await command(place, new, "backup", "restore", str(place / "copy"))
    assert restored.process is not None
    assert restored.process.returncode == 0, restored.output()
