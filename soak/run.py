"""One soak: start a site, let people talk, make trouble, wait for calm, judge."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from bot.embedded import EmbeddedStore, free_port
from bot.errors import StoreUnavailable
from bot.settings import Settings
from bot.store.figures import figures
from bot.store.seal import Sealer
from bot.store.store import Store
from soak.check import Findings, compare
from soak.people import REST_TOKEN, LoadTelegram, Person, RestPerson, TelegramPerson, WebPerson
from soak.plan import RASA, STORE, Trouble, plan, platform_faults
from soak.questions import Questions
from soak.result import Options, Result
from tests.cluster import Cluster
from tests.processes import Process, processes
from tests.reliability.site import Site, site

ROOT = Path(__file__).resolve().parent.parent
PER_PERSON = 20
CALM_SECONDS = 90.0
"""How long answers may take to come in after the last trouble."""

SHARES = (("telegram", 0.5), ("web", 0.35), ("rest", 0.15))


class Soak:
    """One run; `result` grows while it runs."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.result = Result()
        self._questions = Questions(ROOT / "content", options.seed)
        self._people: list[Person] = []
        self._stop = asyncio.Event()
        self._ports = [free_port() for role in options.roles if role.startswith("gateway")]
        self._gateways = itertools.cycle(self._ports)
        self._telegram = LoadTelegram(options.seed, self._ports, options.redelivered)
        self._joined = itertools.count(100)
        self._nodes = itertools.count()
        self._guests: list[Process] = []

    async def run(self) -> Result:
        """Do it all; everything that was started has ended afterwards."""
        settings = {
            "PUBLIC_URL": "https://bot.example",
            "LEASE_SECONDS": str(self.options.lease_seconds),
            "TELEGRAM_RATE": "0",
            "ADDRESS_RATE": "0",
            "CONNECTIONS": "0",
            "ADDRESS_CONNECTIONS": "0",
            "REST_TOKEN": REST_TOKEN,
            "LOG_LEVEL": "error",
        }
        async with (
            self._rasa() as rasa_url,
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                timeout=aiohttp.ClientTimeout(total=45, connect=5),
                cookie_jar=aiohttp.DummyCookieJar(),
            ) as line,
        ):
            settings["RASA_URL"] = rasa_url
            async with site(
                self._telegram,
                self._ports,
                self.options.roles,
                self.options.cluster,
                **settings,
            ) as one:
                await self._ready(line)
                self._telegram.faults = platform_faults(self.options.fault_rate)
                began = time.monotonic()
                trouble = asyncio.create_task(self._make_trouble(one))
                await self._talk(line)
                trouble.cancel()
                await asyncio.gather(trouble, return_exceptions=True)
                self.result.seconds = time.monotonic() - began
                await self._judge(one)
        return self.result

    async def _ready(self, line: aiohttp.ClientSession) -> None:
        async def up() -> None:
            while True:
                try:
                    for port in self._ports:
                        async with line.get(f"http://127.0.0.1:{port}/healthz"):
                            pass
                    if self._telegram.webhook:
                        return
                except (aiohttp.ClientError, OSError):
                    pass
                await asyncio.sleep(0.1)

        await asyncio.wait_for(up(), 90)

    @asynccontextmanager
    async def _rasa(self) -> AsyncIterator[str]:
        """A fake Rasa in a process of its own, so that it can be killed."""
        folder = Path(tempfile.mkdtemp(prefix="hashar-"))
        words, port = folder / "words.json", free_port()
        words.write_text(json.dumps(dict(self._questions.words)))
        arguments = ["-m", "tests.fakes.rasa", "--port", str(port), "--words", str(words)]
        self._rasa_process = Process(arguments, {}, folder / "log").start()
        with processes(self._rasa_process):
            yield f"http://127.0.0.1:{port}"
        shutil.rmtree(folder, ignore_errors=True)

    # -- people ----------------------------------------------------------------------------

    async def _talk(self, line: aiohttp.ClientSession) -> None:
        """Let people talk until all is asked and answered, or the time is over."""
        crowd = asyncio.create_task(self._crowd(line))
        await asyncio.wait({crowd}, timeout=self.options.seconds)
        self._stop.set()
        await asyncio.wait({crowd}, timeout=CALM_SECONDS)
        crowd.cancel()
        await asyncio.gather(crowd, return_exceptions=True)

    async def _crowd(self, line: aiohttp.ClientSession) -> None:
        """Let so many people talk at once; who has finished makes room for the next."""
        gate = asyncio.Semaphore(self.options.people)
        tasks: set[asyncio.Task[None]] = set()
        try:
            for person in self._newcomers(line):
                await gate.acquire()
                if self._stop.is_set():
                    break
                self._people.append(person)
                task = asyncio.create_task(person.talk(self._stop))
                task.add_done_callback(lambda _: gate.release())
                task.add_done_callback(tasks.discard)
                tasks.add(task)
            await asyncio.gather(*tasks)
        finally:
            for task in list(tasks):
                task.cancel()

    def _newcomers(self, line: aiohttp.ClientSession) -> Iterator[Person]:
        left, chats = self.options.messages, itertools.count(1)
        share: Counter[str] = Counter()
        while left > 0:
            count = min(PER_PERSON, left)
            channel = min(SHARES, key=lambda one: share[one[0]] / one[1])[0]
            share[channel] += count
            left -= count
            if channel == "telegram":
                yield TelegramPerson(self._questions, count, self._telegram, next(chats))
            else:
                kind = WebPerson if channel == "web" else RestPerson
                yield kind(self._questions, count, line, self._address)

    def _address(self) -> str:
        return f"http://127.0.0.1:{next(self._gateways)}"

    def _answered(self) -> int:
        return sum(len(person.seen) for person in self._people)

    # -- trouble ---------------------------------------------------------------------------

    async def _make_trouble(self, one: Site) -> None:
        options = self.options
        hit = (*options.roles, STORE, RASA)
        troubles = plan(options.seed, options.messages, options.troubles, hit, options.chaos)
        tenths, told = 0, time.monotonic()
        while not self._stop.is_set():
            answered = self._answered()
            if time.monotonic() - told > 10:
                told = time.monotonic()
                print(f"{answered:,} answers, {dict(self.result.troubles)}", file=sys.stderr)
            while tenths * options.messages < answered * 10:
                self.result.memory.append(_memory(one))
                tenths += 1
            if troubles and answered >= troubles[0].at:
                await self._meet(one, troubles.pop(0))
            elif tenths > 10:
                return
            await asyncio.sleep(0.1)

    async def _meet(self, one: Site, trouble: Trouble) -> None:
        who = trouble.who.partition("-")[0] or "guests"
        self.result.troubles[f"{trouble.what} {who}"] += 1
        if trouble.what == "join":
            number = next(self._joined)
            self._guests += [one.role("worker", number), one.role("sender", number)]
        elif trouble.what == "leave":
            for guest in self._guests:
                await asyncio.to_thread(guest.stop)
            self._guests.clear()
        elif trouble.who == STORE:
            await _kill_store(one.store, next(self._nodes), trouble.pause)
        elif trouble.who == RASA:
            await asyncio.to_thread(self._rasa_process.kill)
            await asyncio.sleep(trouble.pause)
            self._rasa_process.start()
        else:
            await self._hit(one, trouble)

    async def _hit(self, one: Site, trouble: Trouble) -> None:
        role, _, number = trouble.who.partition("-")
        child = one.role(role, int(number))
        if trouble.what == "freeze":
            child.signal(signal.SIGSTOP)
            await asyncio.sleep(self.options.lease_seconds * 1.6 + trouble.pause)
            child.signal(signal.SIGCONT)
            return
        if trouble.what == "stop":
            seconds = await asyncio.to_thread(child.stop)
            self.result.slowest_stop = max(self.result.slowest_stop, seconds)
        else:
            await asyncio.to_thread(child.kill)
        await asyncio.sleep(trouble.pause)
        one.role(role, int(number))

    # -- the end ---------------------------------------------------------------------------

    async def _judge(self, one: Site) -> None:
        """Wait until nothing is under way, then compare what was asked with what was seen."""
        for fault in self._telegram.faults:
            kind = "time-out" if fault.delay > 20 else fault.what
            self.result.faults[kind] += fault.struck
        self._telegram.faults = []
        settings = Settings.from_environment(one.environment)
        store = Store(settings, one.store.url, Sealer.from_settings(settings))
        await self._until_calm(store)
        await asyncio.sleep(2.0)
        for person in self._people:
            found = compare(person.asked, person.seen)
            found.uncounted = await _uncounted(store, person, found)
            self.result.findings += found
            self.result.asked[person.channel] += len(person.asked)
            if found.wrong and len(self.result.problems) < 5:
                told = f"{found}\n  asked {person.asked}\n  saw {person.seen}"
                self.result.problems.append(f"{person.channel}: {told}")
        result = self.result
        result.conversations, result.redeliveries = len(self._people), self._telegram.redeliveries
        if result.slowest_stop > 10:
            result.problems.append(f"a stop took {result.slowest_stop:.1f} s")
        if any(result.left.values()):
            result.problems.append(f"left in the store: {result.left}")
        if result.wrong:
            print(one.problems(), file=sys.stderr)
        await store.close()

    async def _until_calm(self, store: Store) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                found = await figures(store)
                self.result.left = {name: queue[0] for name, queue in found.queues.items()}
                self.result.store_bytes = found.memory
                if not any(self.result.left.values()):
                    return
            except StoreUnavailable:
                pass
            await asyncio.sleep(0.3)


async def _uncounted(store: Store, person: Person, found: Findings) -> int:
    """Return 1 when the state has not counted each question as one turn. (A question that was
    deferred makes more turns than one.)"""
    if found.deferred or not person.asked:
        return 0
    conversation = store.sealer.conversation_id(person.channel, person.address)
    state = await store.conversation(conversation)
    return int(state is None or state.turns != len(person.asked))


async def _kill_store(store: EmbeddedStore | Cluster, turn: int, pause: float) -> None:
    """Kill the store, or the next node of a cluster, and start it again."""
    cluster = isinstance(store, Cluster)
    server = store.children[turn % len(store.children)] if cluster else store.child
    os.kill(server.pid, signal.SIGKILL)
    while server.running():
        await asyncio.sleep(0.01)
    await asyncio.sleep(pause)
    if cluster:
        server.start()
    else:
        store.start()


def _memory(one: Site) -> dict[str, int]:
    """Return the resident memory of each living process, in MB."""
    found = {}
    for name, child in one.roles.items():
        if child.alive():
            pages = int(Path(f"/proc/{child.pid}/statm").read_text().split()[1])
            found[name] = pages * os.sysconf("SC_PAGE_SIZE") // 1_000_000
    return found
