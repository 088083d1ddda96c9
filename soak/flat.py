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
SAID = ("/menu", "/guide:passport", "passport {}", "/guide:divorce:documents", "nothing near {}")
BAR = 1.10
BYTES_PER_PERSON = 1000


class Bench:
    """One worker with its own store; `seconds_per_turn` measures what turns cost."""

    def __init__(self, system: System, store: EmbeddedStore) -> None:
        self.system = system
        self._store = store
        self._number = 0

    async def turn(self, person: str, number: int) -> None:
        """One message of a person, up to its answer."""
        self._number += 1
        text = SAID[number % len(SAID)].format(self._number)
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

    async def seconds_per_turn(self, person: str, turns: int) -> float:
        """Return the processor time of a turn, in seconds."""
        began = self._cpu()
        for number in range(turns):
            await self.turn(person, number)
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
    name: str, one: tuple[Bench, str], two: tuple[Bench, str], rounds: int, turns: int
) -> bool:
    """Print what a turn costs on both sides; return whether the second is within the bar."""
    pairs = []
    for number in range(rounds + 1):
        sides = (one, two) if number % 2 else (two, one)
        found = {id(side): await side[0].seconds_per_turn(side[1], turns) for side in sides}
        pairs.append((found[id(one)], found[id(two)]))
    first, second = (statistics.median(side) * 1000 for side in zip(*pairs[1:], strict=True))
    ratio = statistics.median(two / one for one, two in pairs[1:])
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
    for number in range(count - len(names) - 1):
        source = content / "guides" / names[number % len(names)]
        copy = content / "guides" / f"{source.name}-{number}"
        shutil.copytree(source, copy)
        for file in copy.glob("*.md"):
            text = file.read_text(encoding="utf-8")
            file.write_text(text.replace("title: ", f"title: {number} ", 1), encoding="utf-8")
    return content


async def run(people: int, guides: int, rounds: int, turns: int) -> bool:
    """Measure all; return whether everything stays within its bar."""
    rasa, folder = FakeRasa(), Path(tempfile.mkdtemp(prefix="hashar-"))
    await rasa.start()
    good: list[bool] = []
    try:
        async with bench(ROOT / "content", rasa.url) as small:
            for number in range(1000):
                await small.turn("old", number)
            good.append(
                await compare(
                    "turn 1 and on, turn 1,000 and on",
                    (small, "new"),
                    (small, "old"),
                    rounds,
                    turns,
                )
            )
            async with bench(ROOT / "content", rasa.url) as full:
                size = await fill(full, people)
                print(f"store per idle person: {size:.0f} bytes ({people:,} people)")
                good.append(size <= BYTES_PER_PERSON)
                name = f"an empty store, one of {people:,} people"
                good.append(await compare(name, (small, "a"), (full, "a"), rounds, turns))
            content = many_guides(folder, guides)
            async with bench(content, rasa.url) as large:
                count = len(large.system.library.current.guides)
                name = f"29 guides, {count} guides in 12 languages"
                good.append(await compare(name, (small, "b"), (large, "b"), rounds, turns))
                pages = int(Path("/proc/self/statm").read_text().split()[1])
                print(f"memory of this process: {pages * os.sysconf('SC_PAGE_SIZE') / 1e6:.0f} MB")
    finally:
        await rasa.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return all(good)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 0 when every cost is flat."""
    parser = argparse.ArgumentParser(prog="python -m soak.flat", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--guides", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--turns", type=int, default=50, help="of each side in a round")
    given = parser.parse_args(arguments)
    logs.configure(Settings(log_level="error"))
    flat = asyncio.run(run(given.people, given.guides, given.rounds, given.turns))
    print("PASSED: flat" if flat else "FAILED: something grows")
    return 0 if flat else 1


if __name__ == "__main__":
    sys.exit(main())
