"""`python -m bench`: Hashar and a stock Rasa assistant with the same content, in one run."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import report
from bench.measure import FULL, QUICK, Measurement, Results
from bench.ours import Ours
from bench.processes import BenchError, cpu_seconds, machine_cpu_seconds
from bench.project import Project
from bench.report import Times
from bench.stock import Stock
from bench.texts import Texts
from bot.library.live import LiveLibrary

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "bench"
REST_SECONDS = 20.0
"""Between the last start and the first round: what is still loaded after a start (Hashar indexes
passages and loads redaction then) is in the figures of starts, not in those of turns."""

QUICK_EXAMPLES = 3
"""Examples of an intent and language that stock learns from with --quick."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; 0 when it ran, whether or not the aims are met."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few messages, to see that it runs")
    parser.add_argument("--reuse", action="store_true", help="take the models of the last run")
    parser.add_argument("--lean", action="store_true", help="stock Rasa with RulePolicy alone")
    parser.add_argument("--epochs", type=int, default=5, help="of stock's training (default 5)")
    parser.add_argument(
        "--examples", type=int, default=10_000, help="of an intent and language, for stock"
    )
    parser.add_argument("--threads", type=int, default=1, help="of stock; 0: TensorFlow's default")
    parser.add_argument("--seed", type=int, default=1, help="of the order of the texts")
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the children end too
    try:
        asyncio.run(Bench(options).run())
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


class Bench:
    """One run: train, start, measure in turns, stop, report."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._tree = FOLDER / "tree"
        if not (options.reuse and self._tree.exists()):
            _copy_tree(self._tree)
        folder = FOLDER / "-".join(
            ["stock", *(name for name in ("lean", "quick") if getattr(options, name))]
        )
        epochs, examples = (
            (1, QUICK_EXAMPLES) if options.quick else (options.epochs, options.examples)
        )
        project = Project(folder / "project", self._tree, epochs, options.lean, examples)
        self._stock = Stock(folder, project, options.threads)
        self._ours = Ours(FOLDER / "ours", self._tree)
        self._times = Times({}, {})

    async def run(self) -> None:
        """Do it all; the children end whatever happens."""
        self._train()
        systems = (self._stock, self._ours)
        try:
            for system in systems:
                _say(f"starting {system.name}")
                self._times.starts[system.name] = await system.start()
            again = await self._ours.again()
            self._times.starts[self._ours.name].more |= {
                "server answers, second start": again.health,
                "first free text answered, second start": again.understood,
            }
            _say("letting both come to rest")
            await asyncio.sleep(REST_SECONDS)
            await self._measure()
        finally:
            for system in systems:
                system.stop()

    def _train(self) -> None:
        """Train both, one after the other, as far as the options ask for it."""
        options, times = self._options, self._times.training
        if not (options.reuse and self._stock.trained):
            _say("training the stock assistant (epochs cut)")
            times["stock"] = self._stock.train()
        if options.quick:
            self._ours.borrow(ROOT / "models")
        if options.quick or options.reuse:
            _say("training Hashar, where its model is stale")
            self._ours.train(cold=False, force=False)
        else:
            _say("training Hashar")
            times["cold"] = self._ours.train(cold=True)
            _say("training Hashar again, with cached embeddings")
            times["again"] = self._ours.train(cold=False)

    async def _measure(self) -> None:
        options, library = self._options, LiveLibrary(self._tree / "content").current
        texts = Texts(ROOT / "tests" / "nlu" / "heldout", options.seed)
        guides = [name for name, guide in library.guides.items() if not guide.emergency]
        plan = QUICK if options.quick else FULL
        systems = (self._stock, self._ours)
        began, busy, own = time.monotonic(), machine_cpu_seconds(), self._own_cpu()
        results = await Measurement(systems, texts, guides, plan).run()
        wall = time.monotonic() - began
        others = machine_cpu_seconds() - busy - (self._own_cpu() - own)
        about = {
            **report.machine(ROOT),
            "others_share": round(max(0.0, others) / wall / (os.cpu_count() or 1), 3),
            "minutes": round(wall / 60, 1),
            "texts_varied": texts.varied,
            "fallbacks": {one.name: results.fallbacks(one.name) for one in systems},
            "lost": {one.name: results.lost(one.name) for one in systems},
            "options": vars(options),
        }
        self._report(results, about)

    def _own_cpu(self) -> float:
        return time.process_time() + cpu_seconds([*self._stock.programs, *self._ours.programs])

    def _report(self, results: Results, about: dict[str, Any]) -> None:
        rows = report.rows(results, self._times)
        report.write(FOLDER / "result.json", rows, results, about)
        print(
            f"\n{about['date']}, {about['cpu']}, {about['cores']} cores; other programs used "
            f"{about['others_share']:.0%} of the machine meanwhile.\n"
            f"Stock Rasa {about['rasa']}: default pipeline, "
            f"{'RulePolicy alone' if self._options.lean else 'default policies'}; its epochs are "
            "cut, as only speed is compared.\n"
            f"Texts not understood: stock {about['fallbacks'][self._stock.name]:.0%}, "
            f"Hashar {about['fallbacks'][self._ours.name]:.0%}. Without a real answer: stock "
            f"{about['lost'][self._stock.name]}, Hashar {about['lost'][self._ours.name]}.\n"
            "Values are medians over the rounds; ratios are medians of the rounds' pairs.\n\n"
            f"{report.table(rows)}\n\nAll figures: {FOLDER / 'result.json'}"
        )


def _copy_tree(tree: Path) -> None:
    """Copy code and content, so that no edit in the meantime changes what is measured."""
    shutil.rmtree(tree, ignore_errors=True)
    for name in ("bot", "actions", "nlu", "content"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "config.yml", tree)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
