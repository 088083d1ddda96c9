"""The last accepted run, and whether a language lost against it.

Another program that wants to know whether a new model is worse than an old one calls
`measured` on both, and `losses` on the rows (as nlu/judge.py does).
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nlu.report import sets
from nlu.report.measures import Row, outcomes
from nlu.report.measures import row as counted
from nlu.report.models import quick_parser

BASELINE = Path(__file__).resolve().parents[2] / "tests" / "nlu" / "baseline.json"
LOST_POINTS = 2.0
SHORT_EVERY = 3
SHORT_NOISES = ("typos",)


def stored(path: Path = BASELINE) -> dict[str, float]:
    """Return accuracy by '<set> <noise>' of the accepted run; empty when there is none."""
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {str(k): float(v) for k, v in values.items()}


def measured(model: Path, every: int = 1, noises: Sequence[str] = ()) -> list[Row]:
    """Measure a model of ours on the held-out phrases: one row a set and noise."""
    parse = quick_parser(model)
    return [
        counted(test, outcomes(test, parse))
        for file in sets.heldout_files()
        for test in sets.with_noise(file, list(noises), every)
    ]


def figures(rows: Sequence[Row]) -> dict[str, float]:
    """Return accuracy (0 to 1) by '<set> <noise>', as a baseline stores it."""
    return {f"{row.name} {row.noise}": round(row.accuracy, 4) for row in rows}


def accept(rows: Sequence[Row], path: Path = BASELINE) -> None:
    """Store this run as the one to compare with."""
    values = {**stored(path), **figures(rows)}
    path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def losses(rows: Sequence[Row], before: dict[str, float]) -> list[str]:
    """Name the sets that lost more than 2 points, one sentence each.

    A set of n phrases moves by 100 / n points with one phrase, so less than one phrase and a
    half is never called a loss.
    """
    found = []
    for row in rows:
        earlier = before.get(f"{row.name} {row.noise}")
        if earlier is None:
            continue
        lost = 100 * (earlier - row.accuracy)
        if lost > LOST_POINTS and lost > 150 / row.size:
            found.append(
                f"{row.name} {row.noise}: {100 * earlier:.1f} before, {100 * row.accuracy:.1f} now"
            )
    return found
