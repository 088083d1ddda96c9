"""`python -m soak`: messages in the thousands, processes killed at random, nothing lost."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
from dataclasses import replace

from soak.report import report
from soak.result import Options
from soak.run import Soak

CHAOS_ROLES = (
    *("gateway-0", "gateway-1"),
    *("worker-0", "worker-1", "worker-2", "worker-3"),
    *("sender-0", "sender-1"),
)


def main() -> int:
    """Run one soak; 0 when nothing was lost, doubled or out of order."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("--messages", type=int, help="default 100,000; 8,000 with --chaos")
    parser.add_argument("--seed", type=int, help="of the troubles; printed, to repeat a run")
    parser.add_argument("--seconds", type=float, help="after which nothing more is asked")
    parser.add_argument("--people", type=int, default=120, help="who talk at the same time")
    parser.add_argument("--chaos", action="store_true", help="four workers, moving shards")
    parser.add_argument("--cluster", action="store_true", help="on a cluster of three nodes")
    given = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if given.seed is None else given.seed
    messages = given.messages or (8_000 if given.chaos else 100_000)
    seconds = given.seconds or (900.0 if given.chaos else 3600.0)
    options = Options(
        messages,
        seed,
        seconds,
        given.people,
        troubles=max(8, messages // 1500),
        cluster=given.cluster,
    )
    if given.chaos:
        options = replace(
            options,
            troubles=max(16, messages // 300),
            chaos=True,
            roles=CHAOS_ROLES,
            fault_rate=0.05,
            redelivered=0.1,
        )
    print(f"seed {seed}", flush=True)
    result = asyncio.run(Soak(options).run())
    print(report(options, result))
    return 1 if result.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
