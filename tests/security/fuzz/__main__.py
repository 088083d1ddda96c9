"""`make fuzz`: at least 100,000 bad inputs; prints how many, how long, and what went wrong."""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import logging
import os
import random
import resource
import sys
from pathlib import Path

from bot import logs
from bot.library.live import LiveLibrary
from bot.settings import Settings
from tests.security.fuzz import parsers, served
from tests.security.fuzz.inputs import CANARY
from tests.security.fuzz.run import Result, attack, shares

ROOT = Path(__file__).parents[3]
SERVED = 0.25
"""Part of the inputs that go over HTTP."""


def fuzz(count: int, start: int) -> tuple[list[Result], list[str]]:
    """Attack every way in; return what came of each, and what leaked."""
    told = io.StringIO()
    live = LiveLibrary(ROOT / "content")
    with contextlib.redirect_stderr(told):
        logs.configure(Settings(log_level="debug", log_format="json"))
        logging.getLogger().addHandler(logging.StreamHandler(told))
        plan = shares(parsers.targets(live), round(count * (1 - SERVED)))
        results = [told_of(attack(target, number, start)) for target, number in plan]
        with served.Served(live) as site:
            plan = shares(served.targets(site), round(count * SERVED))
            attack(plan[0][0], 200, start)
            before = _held()
            results += [told_of(attack(target, number, start)) for target, number in plan]
            stuck = site.settle()
            leaks = [*filter(None, [stuck]), *_leaks(before, _held())]
    if CANARY in told.getvalue():
        line = next(line for line in told.getvalue().splitlines() if CANARY in line)
        leaks.append(f"a log holds what a person wrote: {line[:300]}")
    return results, leaks


def told_of(result: Result) -> Result:
    """Print a result as soon as it is there."""
    print(row(result), flush=True)
    return result


def row(one: Result) -> str:
    """Return a result as a line."""
    return (
        f"{one.name:34} {one.inputs:8,} inputs {one.seconds:7.1f} s {len(one.problems):4} problems"
    )


def _held() -> tuple[int, int]:
    """Return how many files this process has open, and its memory in megabytes."""
    gc.collect()
    return len(os.listdir("/proc/self/fd")), _memory()


def _memory() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() >> 20


def _leaks(before: tuple[int, int], after: tuple[int, int]) -> list[str]:
    found = []
    if after[0] > before[0] + 40:
        found.append(f"open files: {before[0]}, then {after[0]}")
    if after[1] > before[1] + 300:
        found.append(f"memory: {before[1]} MB, then {after[1]} MB")
    return found


def report(results: list[Result], leaks: list[str]) -> str:
    """Return the figures together, and each problem with the first input that made it."""
    whole = Result("together", sum(r.inputs for r in results), sum(r.seconds for r in results))
    for one in results:
        whole.problems.update({f"{one.name}: {kind}": text for kind, text in one.problems.items()})
    leaked = f"{len(leaks)} leaks (words in logs, open files, memory, turns that wait for ever)"
    return "\n".join([row(whole), leaked, *leaks, *whole.problems.values()])


def main() -> int:
    """Run; return 1 when anything went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.security.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    results, leaks = fuzz(options.count, options.seed)
    print(report(results, leaks))
    return 1 if leaks or any(one.problems for one in results) else 0


if __name__ == "__main__":
    sys.exit(main())
