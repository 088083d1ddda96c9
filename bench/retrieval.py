"""How well passages are found: nDCG@10 and recall@3 by language, for words, meaning and both.

    python -m bench.retrieval [questions.tsv ...] [--json]

A file has lines `guide#section<TAB>language<TAB>question`; questions with `none` for a section
should find nothing. Without a file: the held-out questions and the ones for tuning, each apart.
Only aggregated figures are printed, so that nobody tunes on a held-out question.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.library.load import Loader
from bot.library.model import Library
from bot.library.search import PassageIndex, PassageVectors, Vector
from bot.settings import Settings

ROOT = Path(__file__).parent.parent
HELDOUT = ROOT / "tests" / "nlu" / "heldout" / "passages.tsv"
TUNING = ROOT / "tests" / "library" / "passages.tsv"
WAYS = ("words", "meaning", "both")


@dataclass(frozen=True)
class Question:
    """A question and the section that answers it; '' where nothing should be found."""

    wanted: str
    language: str
    text: str


@dataclass(frozen=True)
class Figures:
    """What was measured over some questions.

    `ndcg` is nDCG@10 with one right section a question, `recall` the share with it among the
    first three, `guide` the share with its guide there, `shown` the share of questions that
    found anything at all (of the unanswerable ones: `wrong`).
    """

    count: int
    ndcg: float
    recall: float
    guide: float
    shown: float
    wrong: float


def read(path: Path) -> list[Question]:
    """Return the questions of a file."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            wanted, language, text = line.split("\t")[:3]
            rows.append(Question("" if wanted == "none" else wanted, language, text))
    return rows


def ready(library: Library, cache: Path) -> PassageIndex:
    """Return an index that searches by words and by meaning."""
    index = PassageIndex(library)
    vectors = PassageVectors(cache).make(index.texts)
    if vectors is not None:
        index.set_vectors(vectors)
    return index


def rankings(
    index: PassageIndex, question: Question, vector: Vector | None
) -> dict[str, tuple[list[str], bool]]:
    """Return for each way to search the ten best sections, and whether any would be shown."""
    ways = {
        "words": (question.text, None),
        "meaning": ("", vector),
        "both": (question.text, vector),
    }
    found = {}
    for way, (text, meaning) in ways.items():
        order = index.rank(text, meaning).order
        best = np.argsort(-order, kind="stable")[:10]
        rows = ["#".join(index.sections[one]) for one in best if order[one] > 0]
        found[way] = rows, bool(index.search(text, meaning))
    return found


def measure(questions: Sequence[Question], found: Iterable[tuple[list[str], bool]]) -> Figures:
    """Return the figures of one way to search."""
    ndcg, recall, guide, shown, wrong = [], [], [], [], []
    for question, (rows, any_shown) in zip(questions, found, strict=True):
        if not question.wanted:
            wrong.append(any_shown)
            continue
        rank = rows.index(question.wanted) if question.wanted in rows[:10] else -1
        ndcg.append(1 / math.log2(rank + 2) if rank >= 0 else 0.0)
        recall.append(question.wanted in rows[:3])
        name = question.wanted.partition("#")[0]
        guide.append(any(row.partition("#")[0] == name for row in rows[:3]))
        shown.append(any_shown)
    return Figures(len(questions), *(_mean(one) for one in (ndcg, recall, guide, shown, wrong)))


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 3) if values else 0.0


def report(
    index: PassageIndex, questions: Sequence[Question], ways: Sequence[str] = WAYS
) -> dict[str, dict[str, Figures]]:
    """Return the figures by way to search and language; 'all' has all languages."""
    vectors = _vectors(questions) if ways != ("words",) else [None] * len(questions)
    every = [rankings(index, *one) for one in zip(questions, vectors, strict=True)]
    result: dict[str, dict[str, Figures]] = {}
    for way in ways:
        found = [one[way] for one in every]
        groups = dict.fromkeys(question.language for question in questions)
        for language in ("all", *groups):
            chosen = [
                number
                for number, question in enumerate(questions)
                if language in ("all", question.language)
            ]
            figures = measure([questions[i] for i in chosen], [found[i] for i in chosen])
            result.setdefault(way, {})[language] = figures
    return result


def _vectors(questions: Sequence[Question]) -> list[Vector | None]:
    """Return what Rasa's answers bring for questions; words alone need none of its packages."""
    from nlu.embedder import embed

    return [embed(question.text) for question in questions]


def _show(name: str, result: dict[str, dict[str, Figures]]) -> None:
    print(f"\n{name}")
    print(f"{'':8}{'':>4}" + "".join(f"{way:>42}" for way in result))
    heads = "".join(f"{head:>8}" for head in ("nDCG@10", "rec@3", "guide@3", "shown", "wrong"))
    print(f"{'':8}{'n':>4}" + f"  {heads}" * len(result))
    for language in next(iter(result.values())):
        rows = [by[language] for by in result.values()]
        cells = ""
        for one in rows:
            figures = (one.ndcg, one.recall, one.guide, one.shown, one.wrong)
            cells += "  " + "".join(f"{figure:8.3f}" for figure in figures)
        print(f"{language:8}{rows[0].count:>4}{cells}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, default=[HELDOUT, TUNING])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    settings = Settings.from_environment()
    library, _ = Loader(settings.content_dir).load()
    index = ready(library, settings.data_dir / "passages.npz")
    results: dict[str, Any] = {}
    for file in options.files:
        results[file.name] = report(index, read(file))
        if not options.json:
            _show(str(file), results[file.name])
    if options.json:
        print(json.dumps(results, default=lambda one: one.__dict__, indent=1))


if __name__ == "__main__":
    main()
