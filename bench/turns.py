"""What a turn costs without the model, in trees of code and content side by side.

`python -m bench.turns [TREE ...]` (this tree when none is named): Rasa is a small program that
knows a few words and is not counted. A tree of an older commit beside this one shows what was
saved; rounds alternate, so that a busy machine slows all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.client import Users
from bench.measure import Series
from bench.ours import judge
from bench.processes import QUIET, Program, cpu_seconds
from bench.system import Started, System
from bot.embedded import free_port

ROOT = Path(__file__).parent.parent
TURNS, CLIENTS = 200, 8
PRESSED = ("/guide:passport", "/guide:birth-registration", "/guide:marriage")
WRITTEN = ("my passport {} is lost", "a birth in the family, {}", "hello there, {}")

_numbers = itertools.count()
Load = Callable[[Users], Awaitable[Series]]


class Tree(System):
    """Hashar as it is in one folder: all roles in one process, and its store."""

    def __init__(self, tree: Path, folder: Path, rasa_url: str) -> None:
        url = f"http://127.0.0.1:{(port := free_port())}"
        super().__init__(folder, Users(str(tree), url, judge), url)
        self.name = str(tree)
        self._environment = {
            **QUIET,
            "PORT": str(port),
            "DATA_DIR": str(folder / "data"),
            "CONTENT_DIR": str(tree / "content"),
            "RASA_URL": rasa_url,
            "USER_RATE": "0",
            "PASSAGE_VECTORS": "false",
        }

    async def start(self) -> Started:
        """Start, and wait until a button is answered."""
        self.folder.mkdir()
        command = ["env", "-C", self.name, sys.executable, "-m", "bot", "run"]
        self.programs.append(Program(self.name, command, self._environment, self.folder / "log"))
        await self.until("the start", lambda: self.answers("/healthz"), 0.1)
        await self.until("the first answer", lambda: self.understands(PRESSED[0]), 0.1)
        return Started()


async def one_by_one(users: Users, texts: tuple[str, ...]) -> Series:
    """Return the figures of one person after the other; 'cpu' is still to be filled in."""
    turns = await users.one_by_one(_texts(texts))
    return Series(turns, sum(turns), 0.0)


async def at_once(users: Users, texts: tuple[str, ...]) -> Series:
    """Return the figures of several people at the same time."""
    wall, turns = await users.at_once(_texts(texts), CLIENTS)
    return Series(turns, wall, 0.0)


def _texts(texts: tuple[str, ...]) -> list[str]:
    """Return a text for each turn; those with a number are never the same, so never cached."""
    return [text.format(next(_numbers)) for text, _ in zip(itertools.cycle(texts), range(TURNS))]


LOADS: dict[str, Load] = {
    "button": lambda users: one_by_one(users, PRESSED),
    "text": lambda users: one_by_one(users, WRITTEN),
    f"button, {CLIENTS} at once": lambda users: at_once(users, PRESSED),
    f"text, {CLIENTS} at once": lambda users: at_once(users, WRITTEN),
}


async def _measured(tree: Tree, load: Load) -> Series:
    before = cpu_seconds(tree.programs)
    series = await load(tree.users)
    series.cpu = cpu_seconds(tree.programs) - before
    return series


async def _compare(trees: list[Tree], rounds: int) -> None:
    found: dict[tuple[str, str], list[Series]] = {}
    for number in range(rounds + 1):  # the first warms up
        for name, load in LOADS.items():
            for tree in trees if number % 2 else reversed(trees):
                series = await _measured(tree, load)
                if number:
                    found.setdefault((name, tree.name), []).append(series)
    print(f"{'load':20} {'median ms':>9} {'95 in 100':>9} {'CPU ms':>7} {'a second':>8}  tree")
    for (name, tree_name), rows in found.items():
        middle = [
            statistics.median(getattr(row, what) for row in rows)
            for what in ("median", "p95", "cpu_each", "rate")
        ]
        print("{:20} {:9.2f} {:9.2f} {:7.2f} {:8.1f}  {}".format(name, *middle, tree_name))


async def _run(paths: list[Path], rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="hashar-") as name:
        folder, port = Path(name), free_port()
        command = [sys.executable, "-m", "tests.fakes.rasa", "--port", str(port)]
        rasa = Program("Rasa", command, QUIET, folder / "rasa.log")
        url = f"http://127.0.0.1:{port}"
        trees = [Tree(path, folder / str(n), url) for n, path in enumerate(paths)]
        try:
            for tree in trees:
                await tree.start()
            await _compare(trees, rounds)
        finally:
            for tree in trees:
                tree.stop()
            rasa.stop()


def main() -> None:
    """Compare the trees that were named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trees", nargs="*", type=Path, default=[ROOT])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    began = time.monotonic()
    asyncio.run(_run([tree.resolve() for tree in options.trees], options.rounds))
    print(f"{options.rounds} rounds of {TURNS} turns, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
