"""The last accepted run, and whether a language lost against it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nlu.report.measures import Row

BASELINE = Path(__file__).resolve().parents[2] / "tests" / "nlu" / "baseline.json"
LOST_POINTS = 2.0


def stored(path: Path = BASELINE) -> dict[str, float]:
    """Return accuracy by '<set> <noise>' of the accepted run; empty when there is none."""
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {str(k): float(v) for k, v in values.items()}


def accept(rows: Sequence[Row], path: Path = BASELINE) -> None:
    """Store this run as the one to compare with."""
    values = {f"{row.name} {row.noise}": round(row.accuracy, 4) for row in rows}
    path.write_text(json.dumps({**stored(path), **values}, indent=1) + "\n", encoding="utf-8")


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
