"""Killed in the middle of many conversations: every message answered, none twice, order kept."""

from __future__ import annotations

import asyncio
import re
import signal
import sys

import pytest

from tests.fakes.telegram import Sent
from tests.processes import Process, answers
from tests.reliability.site import Site, site

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("sites")]

PEOPLE = 500
STEPS = ("/menu", "passport", "/help", "hello there", "/privacy")
HEARD = (
    "What is it about?",
    "Passport",
    "Write what you need, for example",
    "Hello! What do you need",
    "I keep your language",
)
AGAIN = "You may have received this message already."


def check(one: Site, people: int, steps: int) -> dict[str, int]:
    """Compare what everyone wrote with what they saw; return the figures."""
    silent = doubled = disordered = marked = 0
    for chat in range(1, people + 1):
        texts = [sent.text for sent in one.telegram.sent.get(chat, [])]
        marked += sum(AGAIN in text for text in texts)
        order = [next(i for i, words in enumerate(HEARD) if words in text) for text in texts]
        plain = [step for step, text in zip(order, texts, strict=True) if AGAIN not in text]
        silent += len(set(range(steps)) - set(order))
        doubled += len(plain) - len(set(plain))
        disordered += plain != sorted(plain)
    return {"silent": silent, "doubled": doubled, "disordered": disordered, "marked": marked}


async def complete(one: Site, people: int, seconds: float) -> None:
    """Wait until everyone has an answer to everything."""

    def done() -> bool:
        sent: dict[int, list[Sent]] = one.telegram.sent
        return all(len(sent.get(chat, [])) >= len(STEPS) for chat in range(1, people + 1))

    try:
        await one.telegram.until(done, seconds)
    except (TimeoutError, asyncio.TimeoutError, AssertionError) as error:
        raise AssertionError(f"{check(one, people, len(STEPS))}\n{one.problems()}") from error


async def answered(one: Site, count: int) -> None:
    """Wait until so many answers have arrived in all."""
    await one.telegram.until(lambda: sum(map(len, one.telegram.sent.values())) >= count, 240)


async def everyone_writes(one: Site, people: int) -> None:
    for text in STEPS:
        for chat in range(1, people + 1):
            one.telegram.user_says(chat, text)
        await asyncio.sleep(0)


async def test_killed_worker(capsys: pytest.CaptureFixture[str]) -> None:
    """A worker is killed and started again, three times, while 500 people write."""
    async with site() as one:
        await everyone_writes(one, PEOPLE)
        for count in (100, 600, 1200):
            await answered(one, count)
            await asyncio.to_thread(one.role("worker").kill)
            one.role("worker")
        await complete(one, PEOPLE, 240)
        found = check(one, PEOPLE, len(STEPS))
        assert found == {"silent": 0, "doubled": 0, "disordered": 0, "marked": 0}, one.problems()


async def test_everything_killed() -> None:
    """Gateway, worker and sender die in the middle; only what was being sent at that very moment
    may come again, and then it says so."""
    async with site() as one:
        await everyone_writes(one, PEOPLE)
        await answered(one, 700)
        for name in ("sender", "worker", "gateway"):
            await asyncio.to_thread(one.role(name).kill)
        for name in ("gateway", "worker", "sender"):
            one.role(name)
        await complete(one, PEOPLE, 240)
        found = check(one, PEOPLE, len(STEPS))
        marked = found.pop("marked")
        assert found == {"silent": 0, "doubled": 0, "disordered": 0}, one.problems()
        assert marked <= 64


async def test_killed_store() -> None:
    """The store dies and comes back with its append-only file: nothing accepted is lost."""
    async with site() as one:
        await everyone_writes(one, 100)
        await answered(one, 100)
        one.store.child.stop(0)
        await asyncio.sleep(1)
        one.store.child.start()
        await complete(one, 100, 240)
        found = check(one, 100, len(STEPS))
        found.pop("marked")
        assert found == {"silent": 0, "doubled": 0, "disordered": 0}, one.problems()


async def test_frozen_worker_cannot_commit() -> None:
    """A worker that was stopped longer than its lease finds that others have its shards."""
    async with site() as one:
        frozen = one.role("worker")
        await everyone_writes(one, 100)
        await answered(one, 50)
        frozen.signal(signal.SIGSTOP)
        one.role("worker", 1)
        await complete(one, 100, 240)
        frozen.signal(signal.SIGCONT)
        await asyncio.sleep(2)
        found = check(one, 100, len(STEPS))
        assert found == {"silent": 0, "doubled": 0, "disordered": 0, "marked": 0}, one.problems()


async def test_graceful_stop_is_quick_and_loses_nothing() -> None:
    """SIGTERM in the middle: each role ends within ten seconds, and the next one goes on."""
    async with site() as one:
        await everyone_writes(one, 200)
        await answered(one, 200)
        for name in ("worker", "sender", "gateway"):
            seconds = await asyncio.to_thread(one.role(name).stop)
            assert seconds < 10, (name, seconds)
        for name in ("worker", "sender", "gateway"):
            one.role(name)
        await complete(one, 200, 240)
        found = check(one, 200, len(STEPS))
        assert found == {"silent": 0, "doubled": 0, "disordered": 0, "marked": 0}, one.problems()


async def test_worker_stops_while_it_indexes() -> None:
    """SIGTERM right after the start, while passages are being made ready in the background."""
    async with site(started=(), PASSAGE_VECTORS="true") as one:
        worker = one.role("worker")
        while "Free text" not in worker.output():
            assert worker.alive(), worker.output()
            await asyncio.sleep(0.05)
        assert await asyncio.to_thread(worker.stop) < 10


async def test_rasa_away_and_back() -> None:
    """Without Rasa buttons and commands go on; free text gets a kind sentence at once and its
    answer when Rasa is back."""
    async with site() as one:
        one.rasa.mode = "error"
        one.telegram.user_says(1, "how do I get a passport")
        (first,) = await one.telegram.heard(1, 1, 60)
        assert "will answer it as soon as I can" in first.text
        one.telegram.user_says(1, "/menu")
        await one.telegram.heard(1, 2, 60)
        one.rasa.mode = "ok"
        texts = [sent.text for sent in await one.telegram.heard(1, 4, 60)]
        assert "your earlier question" in texts[2]
        assert "Passport" in texts[3]


def test_killed_bot_leaves_no_orphan(tmp_path_factory: pytest.TempPathFactory) -> None:
    """kill -9 of `hashar run` takes its store along; the next start has the data again."""
    folder = tmp_path_factory.mktemp("run")
    environment = {
        "DATA_DIR": str(folder),
        "PORT": "0",
        "RASA_URL": "http://127.0.0.1:9",
        "PASSAGE_VECTORS": "false",
        "LOG_LEVEL": "error",
    }
    bot = Process(["-m", "bot", "run"], environment, folder / "log")
    bot.start()
    try:
        found = _address(bot)
        assert answers(f"{found}/healthz")
        children = _children(bot.pid)
        assert children
        bot.kill()
        deadline = 50
        while any(_alive(child) for child in children) and deadline:
            deadline -= 1
            __import__("time").sleep(0.1)
        assert not any(_alive(child) for child in children)
        bot.start()
        assert answers(f"{_address(bot, 2)}/healthz")
        assert bot.stop() < 10
    finally:
        if bot.alive():
            bot.kill()


def _address(bot: Process, count: int = 1) -> str:
    from tests.processes import wait_for

    pattern = re.compile(r"http://127\.0\.0\.1:\d+")
    wait_for(lambda: len(pattern.findall(bot.output())) >= count, 90, bot.output())
    return pattern.findall(bot.output())[-1]


def _children(pid: int) -> list[int]:
    path = f"/proc/{pid}/task/{pid}/children"
    with open(path) as file:
        return [int(child) for child in file.read().split()]


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


assert sys.platform == "linux", "PR_SET_PDEATHSIG and /proc are Linux's"
