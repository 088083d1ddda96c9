"""`python -m soak.flat`: does a turn cost the same, however much there is already?

Compares, in rounds that alternate so that noise hits both sides: the first turns of a
conversation with those after 1,000; a store that is empty with one of 100,000 people; 29 guides
with 500 in twelve languages. The cost is processor time of worker and store together.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bot import logs
from bot.embedded import EmbeddedStore
from bot.library.live import LiveLibrary
from bot.model import Update
from bot.settings import Settings
from bot.system import System
from tests.fakes.rasa import FakeRasa

ROOT = Path(__file__).resolve().parent.parent
BUTTONS = ("/menu", "/guide:passport", "/guide:divorce:documents")
TEXTS = ("passport {}",)
UNKNOWN = ("what about my polyclinic {}",)
SAID = (*BUTTONS, *TEXTS, *UNKNOWN)
_ASK = re.compile(r"^ +- (?=[\w¿])", re.MULTILINE)
BAR = 1.10
BYTES_PER_PERSON = 1000


class Bench:
    """One worker with its own store; `seconds_per_turn` measures what turns cost."""

    def __init__(self, system: System, store: EmbeddedStore) -> None:
        self.system = system
        self._store = store
        self._number = 0

    async def turn(self, person: str, number: int, said: Sequence[str] = SAID) -> None:
        """One message of a person, up to its answer."""
        self._number += 1
        text = said[number % len(said)].format(self._number)
        update = Update(
            *("web", f"update-{self._number}", person, "text"),
            text=text,
            language_hint="en",
            received_at=time.time(),
        )
        conversation = self.system.sealer.conversation_id("web", person)
        last = await self.system.store.last_mail(conversation)
        await self.system.store.accept(update)
        after = last[0].id if last else "0"
        if not await self.system.mailroom.wait(conversation, after, 20):
            raise TimeoutError("no answer")

    async def seconds_per_turn(self, person: str, turns: int, said: Sequence[str]) -> float:
        """Return the processor time of a turn, in seconds."""
        began = self._cpu()
        for number in range(turns):
            await self.turn(person, number, said)
        return (self._cpu() - began) / turns

    def _cpu(self) -> float:
        fields = Path(f"/proc/{self._store.child.pid}/schedstat").read_text().split()
        return time.process_time() + int(fields[0]) / 1e9

    async def used(self) -> int:
        """Return the bytes that the store uses."""
        return int((await self.system.store.client.info("memory"))["used_memory"])


@asynccontextmanager
async def bench(content: Path, rasa: str) -> AsyncIterator[Bench]:
    """Start a worker and a store of its own."""
    folder = Path(tempfile.mkdtemp(prefix="hashar-"))
    settings = Settings(
        data_dir=folder,
        content_dir=content,
        user_rate=0,
        passage_vectors=False,
        lease_seconds=60.0,
        secret_keys="key",
        id_key="id",
    )
    store = EmbeddedStore(settings)
    store.start()
    settings = dataclasses.replace(settings, redis_url=store.url)
    library = LiveLibrary(content)
    library.index.prepare()
    system = System(settings, store.url, rasa, ("worker",), library=library)
    await system.start(alone=True)
    listening = asyncio.create_task(system.mailroom.run())
    try:
        yield Bench(system, store)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await system.stop()
        store.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def compare(
    name: str,
    one: tuple[Bench, str],
    two: tuple[Bench, str],
    rounds: tuple[int, int],
    said: Sequence[str] = SAID,
) -> bool:
    """Print what a turn costs on both sides; return whether the second is within the bar."""
    pairs = []
    count, turns = rounds
    for number in range(count + 1):
        sides = (one, two) if number % 2 else (two, one)
        found = {id(side): await side[0].seconds_per_turn(side[1], turns, said) for side in sides}
        pairs.append((found[id(one)], found[id(two)]))
    first, second = (statistics.median(side) * 1000 for side in zip(*pairs[1:], strict=True))
    ratio = second / first
    print(f"{name:<44} {first:6.2f} ms  {second:6.2f} ms  ratio {ratio:.3f}", flush=True)
    return ratio <= BAR


async def fill(one: Bench, people: int) -> float:
    """Give the store so many people who have been here; return the bytes of each."""
    await one.turn("model", 1)
    keys, client = one.system.store.keys, one.system.store.client
    model = one.system.sealer.conversation_id("web", "model")
    state = await client.get(keys.conversation(model))
    before = await one.used()
    for start in range(0, people, 1000):
        batch = client.pipeline(transaction=False)
        for number in range(start, min(people, start + 1000)):
            person = one.system.sealer.conversation_id("web", f"person-{number}")
            batch.set(keys.conversation(person), state, ex=7_776_000)
        await batch.execute()
    return (await one.used() - before) / people


def many_guides(folder: Path, count: int) -> Path:
    """Return a copy of the content with so many guides, made from those that are there."""
    content = folder / "content"
    shutil.copytree(ROOT / "content", content)
    names = sorted(path.name for path in (content / "guides").iterdir() if path.name != "emergency")
    for number in range(count - len(names) - 1):  # one is the emergency guide
        source = content / "guides" / names[number % len(names)]
        copy = content / "guides" / f"{source.name}-{number}"
        shutil.copytree(source, copy)
        for file in copy.glob("*.md"):  # no ask may stand in two guides
            text = file.read_text(encoding="utf-8")
            word = "".join(chr(ord("a") + int(digit)) for digit in str(number))
            file.write_text(_ASK.sub(rf"\g<0>{word} ", text), encoding="utf-8")
    return content


async def run(people: int, guides: int, rounds: tuple[int, int]) -> bool:
    """Measure all; return whether everything stays within its bar."""
    rasa, folder = FakeRasa(), Path(tempfile.mkdtemp(prefix="hashar-"))
    await rasa.start()
    try:
        async with bench(ROOT / "content", rasa.url) as small:
            for number in range(1000):
                await small.turn("old", number)
            name = "a new conversation, one of 1,000 turns"
            good = [await compare(name, (small, "new"), (small, "old"), rounds)]
            good += await _many_people(small, rasa.url, people, rounds)
            content = many_guides(folder, guides)
            good += await _much_content(small, rasa.url, content, rounds)
    finally:
        await rasa.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return all(good)


async def _many_people(small: Bench, rasa: str, people: int, rounds: tuple[int, int]) -> list[bool]:
    async with bench(ROOT / "content", rasa) as full:
        size = await fill(full, people)
        print(f"store per idle person: {size:.0f} bytes ({people:,} people)", flush=True)
        name = f"an empty store, one of {people:,} people"
        flat = await compare(name, (small, "a"), (full, "a"), rounds)
        return [size <= BYTES_PER_PERSON, flat]


async def _much_content(
    small: Bench, rasa: str, content: Path, rounds: tuple[int, int]
) -> list[bool]:
    """Texts that are not understood are shown, but have no bar: they search all content."""
    began = time.process_time()
    async with bench(content, rasa) as large:
        took = time.process_time() - began
        count = len(large.system.library.current.guides)
        print(f"{count} guides in 12 languages: read and indexed in {took:.1f} s", flush=True)
        pair = (small, "b"), (large, "b")
        name = f"29 guides, {count} guides:"
        good = [
            await compare(f"{name} buttons", *pair, rounds, BUTTONS),
            await compare(f"{name} texts", *pair, rounds, TEXTS),
        ]
        await compare(f"{name} not understood", *pair, rounds, UNKNOWN)
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        size = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
        print(f"memory of the three workers in this process: {size:.0f} MB")
        return good


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 0 when every cost is flat."""
    parser = argparse.ArgumentParser(prog="python -m soak.flat", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--guides", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--turns", type=int, default=50, help="of each side in a round")
    given = parser.parse_args(arguments)
    logs.configure(Settings(log_level="error"))
    flat = asyncio.run(run(given.people, given.guides, (given.rounds, given.turns)))
    print("PASSED: flat" if flat else "FAILED: something grows")
    return 0 if flat else 1


if __name__ == "__main__":
    sys.exit(main())
