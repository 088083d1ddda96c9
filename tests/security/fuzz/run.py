"""Runs targets and counts: how many inputs, how long, and what went wrong."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st


@dataclass(frozen=True)
class Target:
    """One way in. `check` raises whatever is wrong; a value may hold `batch` inputs."""

    name: str
    values: st.SearchStrategy[Any]
    check: Callable[[Any], None]
    share: float = 1.0
    batch: int = 1


@dataclass
class Result:
    """What came of a target; `problems` maps each kind of failure to its first input."""

    name: str
    inputs: int = 0
    seconds: float = 0.0
    problems: dict[str, str] = field(default_factory=dict)


def attack(target: Target, count: int, start: int = 0) -> Result:
    """Feed a target about `count` inputs; go on after a failure."""
    result = Result(target.name)
    began = time.perf_counter()

    @seed(start)
    @settings(
        max_examples=max(1, count // target.batch),
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(target.values)
    def once(value: Any) -> None:
        result.inputs += target.batch
        try:
            target.check(value)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{place.filename.rsplit('/', 1)[-1]}:{place.lineno}"
            kind = f"{type(error).__name__} at {where}: {str(error)[:200]}"
            result.problems.setdefault(kind.split(": ")[0], f"{kind}\n{value!r:.600}")

    once()
    result.seconds = time.perf_counter() - began
    return result


def shares(targets: list[Target], count: int) -> list[tuple[Target, int]]:
    """Return how many inputs each target gets, at least `count` together."""
    whole = sum(target.share for target in targets)
    return [
        (target, (int(count * target.share / whole) // target.batch + 1) * target.batch)
        for target in targets
    ]
