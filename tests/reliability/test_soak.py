"""The soak in short, and its judge: it must find what is wrong, or its word is worth nothing."""

from __future__ import annotations

import pytest

from soak.__main__ import CHAOS_ROLES
from soak.check import LATE, SORRY, Findings, Seen, compare
from soak.plan import plan
from soak.report import report
from soak.result import Options
from soak.run import Soak

A, B, C = Seen("a"), Seen("b"), Seen("c")
A_AGAIN, B_AGAIN = Seen("a", marked=True), Seen("b", marked=True)
SORRY_SEEN, LATE_SEEN, LATE_AGAIN = Seen(SORRY), Seen(LATE), Seen(LATE, marked=True)


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        ([A, B, C], Findings()),
        ([A, B], Findings(lost=1)),
        ([A, B, B, C], Findings(doubled=1, disordered=1)),
        ([A, C, B], Findings(disordered=1)),
        ([A, B, B_AGAIN, C], Findings(repeated=1)),
        ([A, B_AGAIN, C], Findings(suspected=1)),
        ([A, B_AGAIN, C, B], Findings(repeated=1)),  # a frozen sender's copy, later
        ([A, B, C, B], Findings(doubled=1, disordered=1)),
        ([B_AGAIN, A, C], Findings(suspected=1, disordered=1)),
        ([A, B, C, Seen("of someone else")], Findings(strange=1)),
        ([A, SORRY_SEEN, C, LATE_SEEN, B], Findings(deferred=1)),
        ([A, C, LATE_SEEN, B], Findings(deferred=1, disordered=1)),  # no word that it comes later
        ([A, SORRY_SEEN, C], Findings(lost=1)),
        ([SORRY_SEEN, SORRY_SEEN, C, LATE_SEEN, A, LATE_SEEN, B], Findings(deferred=2)),
        # Copies of a frozen sender: of an answer, after the announcement of another one ...
        ([SORRY_SEEN, B_AGAIN, LATE_SEEN, B, A, C], Findings(repeated=1, deferred=1)),
        # ... and of the announcement itself, before an answer that is not late.
        ([SORRY_SEEN, LATE_AGAIN, A, LATE_SEEN, B, C], Findings(deferred=1)),
        ([SORRY_SEEN, LATE_SEEN, A, LATE_SEEN, B, C], Findings(deferred=2, disordered=1)),
        ([LATE_SEEN, A, B, C], Findings(deferred=1, disordered=1)),  # no word that it comes later
    ],
)
def test_judge(seen: list[Seen], found: Findings) -> None:
    """Each kind of wrong is found, and a repeat that says so is none."""
    assert compare(["a", "b", "c"], seen) == found


def test_seed_repeats_the_plan() -> None:
    """The same seed makes the same trouble, another one other trouble."""
    one, two, other = (plan(seed, 1000, 40, CHAOS_ROLES, chaos=True) for seed in (1, 1, 2))
    assert one == two != other
    assert {trouble.what for trouble in one} >= {"kill", "stop", "freeze", "join"}


@pytest.mark.slow
@pytest.mark.xdist_group("sites")
@pytest.mark.parametrize("cluster", [False, True], ids=["embedded", "cluster"])
async def test_short_soak(cluster: bool) -> None:
    """One process a role, each killed once, and Rasa, too, and the store, or a node of it."""
    options = Options(1000, 30, 30, people=60, troubles=6, cluster=cluster)
    result = await Soak(options).run()
    assert not result.wrong, report(options, result)
    assert result.troubles["kill store"]
    assert sum(result.asked.values()) > 30


@pytest.mark.slow
@pytest.mark.xdist_group("sites")
async def test_short_chaos() -> None:
    """Several processes that join, leave, freeze and die, on a platform that often fails."""
    roles = ("gateway-0", "worker-0", "worker-1", "sender-0", "sender-1")
    options = Options(
        *(2000, 32, 30.0),
        people=60,
        troubles=8,
        chaos=True,
        roles=roles,
        fault_rate=0.05,
        redelivered=0.1,
        lease_seconds=3.0,
    )
    result = await Soak(options).run()
    assert not result.wrong, report(options, result)
    assert result.troubles
    assert sum(result.asked.values()) > 30
