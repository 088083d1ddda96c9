"""What is counted: accuracy, coverage, confident errors, rejection, calibration."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nlu.report.sets import TestSet
from nlu.text import canonical

Parse = Callable[[Sequence[str]], list[dict[str, Any]]]

OUT_OF_SCOPE = "out_of_scope"
FALLBACK = "nlu_fallback"
BINS = 10


@dataclass(frozen=True)
class Outcome:
    """What was said about one case: the best intent, its confidence, and whether it was used.

    `seen` says that the text stands among the examples too, as short ones such as 'passport' do.
    """

    expected: str
    best: str
    confidence: float
    answered: bool
    seen: bool = False

    @property
    def right(self) -> bool:
        """Say whether the best intent is the expected one."""
        return self.best == self.expected


@dataclass(frozen=True)
class Row:
    """One line of the report; shares from 0 to 1."""

    name: str
    noise: str
    size: int
    accuracy: float
    """best intent is right, whether or not it was sure enough to be used"""
    unseen: float
    """the same, of the cases whose text stands among no examples"""
    coverage: float
    """an intent was sure enough to be used"""
    wrong: float
    """sure and wrong, of all cases"""
    rejected: float
    """out-of-scope cases that were refused or not answered"""
    false_rejection: float
    """in-scope cases called out of scope"""
    error: float
    """expected calibration error"""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, shares with four digits."""
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(self).items()}


def outcome(expected: str, parsed: dict[str, Any], seen: bool = False) -> Outcome:
    """Read one answer of /model/parse."""
    ranking = [r for r in parsed.get("intent_ranking") or [] if r["name"] != FALLBACK]
    intent = parsed.get("intent") or {}
    best = ranking[0] if ranking else intent
    answered = intent.get("name") not in (None, FALLBACK)
    confidence = float(best.get("confidence") or 0)
    return Outcome(expected, best.get("name") or "", confidence, answered, seen)


def outcomes(test: TestSet, parse: Parse, examples: Collection[str] = ()) -> list[Outcome]:
    """Parse all cases of a set; `examples` are the canonical texts that the model learned from."""
    answers = parse([case.text for case in test.cases])
    return [
        outcome(case.intent, answer, canonical(case.text) in examples)
        for case, answer in zip(test.cases, answers, strict=True)
    ]


def row(test: TestSet, results: Sequence[Outcome]) -> Row:
    """Count the results of a set."""
    outside = [r for r in results if r.expected == OUT_OF_SCOPE]
    inside = [r for r in results if r.expected != OUT_OF_SCOPE]
    return Row(
        name=test.name,
        noise=test.noise,
        size=len(results),
        accuracy=_share(r.right for r in results),
        unseen=_share(r.right for r in results if not r.seen),
        coverage=_share(r.answered for r in results),
        wrong=_share(r.answered and not r.right for r in results),
        rejected=_share(r.best == OUT_OF_SCOPE or not r.answered for r in outside),
        false_rejection=_share(r.best == OUT_OF_SCOPE and r.answered for r in inside),
        error=calibration_error(results),
    )


def _share(values: Any) -> float:
    listed = [bool(v) for v in values]
    return sum(listed) / len(listed) if listed else 0.0


def bins(results: Sequence[Outcome]) -> list[tuple[float, float, int]]:
    """Return mean confidence, accuracy and size of each tenth of confidence that is not empty."""
    groups: list[list[Outcome]] = [[] for _ in range(BINS)]
    for result in results:
        groups[min(int(result.confidence * BINS), BINS - 1)].append(result)
    return [
        (sum(r.confidence for r in g) / len(g), sum(r.right for r in g) / len(g), len(g))
        for g in groups
        if g
    ]


def calibration_error(results: Sequence[Outcome]) -> float:
    """Return the mean gap between confidence and accuracy over the bins, by size (ECE)."""
    total = sum(size for _, _, size in bins(results)) or 1
    return sum(abs(c - a) * size for c, a, size in bins(results)) / total


def coverage_curve(results: Sequence[Outcome]) -> list[tuple[float, float]]:
    """Return (share answered, share wrong of all) as the threshold falls from 1 to 0."""
    ordered = sorted(results, key=lambda r: -r.confidence)
    points, wrong = [], 0
    for number, result in enumerate(ordered, 1):
        wrong += not result.right
        points.append((number / len(ordered), wrong / len(ordered)))
    return points[:: max(1, len(points) // 200)]


def confusions(results: Sequence[Outcome], most: int = 25) -> list[tuple[str, str, int]]:
    """Return the most frequent mistakes: expected, said, how often."""
    counts = Counter((r.expected, r.best) for r in results if not r.right)
    return [(expected, said, n) for (expected, said), n in counts.most_common(most)]
