"""What a soak is to do, and what it found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from soak.check import Findings


@dataclass(frozen=True)
class Options:
    """What a soak is to do; `people` talk at the same time, `seconds` end the asking."""

    messages: int
    seed: int
    seconds: float
    people: int = 120
    troubles: int = 10
    chaos: bool = False
    roles: tuple[str, ...] = ("gateway-0", "worker-0", "sender-0")
    fault_rate: float = 0.015
    redelivered: float = 0.02
    lease_seconds: float = 5.0
    cluster: bool = False


@dataclass
class Result:
    """What a soak found. `memory` is the resident memory by role at each tenth, in MB."""

    findings: Findings = field(default_factory=Findings)
    asked: Counter[str] = field(default_factory=Counter)
    troubles: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    memory: list[dict[str, int]] = field(default_factory=list)
    redeliveries: int = 0
    conversations: int = 0
    left: dict[str, int] = field(default_factory=dict)
    store_bytes: int = 0
    slowest_stop: float = 0.0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        """How many violations there are."""
        return self.findings.wrong + len(self.problems)
