"""How much of the content a language has, and what it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.library.translation import Translation, Unit

WEIGHTS: Mapping[str, float] = {
    "strings": 0.4,
    "short": 0.3,
    "sections": 0.12,
    "walks": 0.03,
    "glossary": 0.1,
    "courses": 0.05,
}
"""What each part counts in the score: what everyone meets first counts most."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The share, 0 to 1, that a language has of each part; `stale` counts files whose source
    changed since; `score` is the weighted sum of the shares."""

    shares: Mapping[str, float]
    stale: int
    missing: tuple[str, ...]

    @property
    def score(self) -> float:
        """Return the share of all, weighted by what people meet first."""
        return sum(WEIGHTS[part] * share for part, share in self.shares.items())


def coverage(folder: Path, language: str) -> Coverage:
    """Return what a language has. Raises FileError when a file cannot be read."""
    units = list(Translation(folder, language).units.values())
    shares = {}
    for part in WEIGHTS:
        mine = [unit for unit in units if _part(unit) == part]
        shares[part] = sum(bool(unit.text) for unit in mine) / len(mine) if mine else 1.0
    stale = {unit.file for unit in units if unit.status == "stale"}
    return Coverage(shares, len(stale), tuple(_missing(units, stale)))


def _part(unit: Unit) -> str:
    kind = unit.file.partition("/")[0]
    if unit.file.endswith("/walks"):
        return "walks"
    if kind == "guides":
        return "sections" if unit.key[0] == "##" else "short"
    return kind


def _missing(units: list[Unit], stale: set[str]) -> Iterator[str]:
    """Yield one line for each string and term, and one for each file of the others."""
    for unit in units:
        if not unit.text and unit.file in ("strings", "glossary"):
            yield f"{unit.file}: {'.'.join(unit.key)}"
    for file in dict.fromkeys(unit.file for unit in units):
        mine = [unit for unit in units if unit.file == file]
        lacking = [unit for unit in mine if not unit.text]
        if file in ("strings", "glossary"):
            continue
        if len(lacking) == len(mine):
            yield f"{file}: no text"
        elif lacking:
            yield f"{file}: no {', '.join(unit.key[-1] for unit in lacking)}"
        if file in stale:
            yield f"{file}: older than its source text"
