"""What 500 guides in all languages cost: reading, checking, indexing, searching, and training.

    python -m bench.library_scale [guides] [--train]

The guides are copies of the shipped ones under other ids, with a word of their own in each ask.
`--train` trains the language model on them: first with the project's stored vectors (those of the
copies are missing), then with all of them stored, as after an edit.
"""

from __future__ import annotations

import argparse
import re
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.processes import QUIET, run_to_end
from bot.library.load import Loader
from bot.library.search import PassageIndex

ROOT = Path(__file__).parent.parent


def generate(folder: Path, count: int) -> None:
    """Make a content folder with so many guides."""
    shutil.copytree(ROOT / "content", folder)
    sources = [one for one in sorted((folder / "guides").iterdir()) if one.name != "emergency"]
    for number in range(count - len(sources) - 1):
        source = sources[number % len(sources)]
        target = folder / "guides" / f"{source.name[:16]}-{number}"
        shutil.copytree(source, target)
        for file in target.glob("*.md"):
            text = re.sub(r"^  - (.*)$", rf"  - x{number} \1", file.read_text(), flags=re.MULTILINE)
            text = re.sub(r"^  - x\d+ (['\"])", rf"  - \1x{number} ", text, flags=re.MULTILINE)
            file.write_text(text)


def timed(name: str, work: Callable[[], Any]) -> Any:
    """Do something and print the processor time that it took, in milliseconds."""
    began = time.process_time()
    result = work()
    print(f"{name:44}{1000 * (time.process_time() - began):>10.1f} ms")
    return result


def train(content: Path, models: Path) -> None:
    """Train twice and print the seconds."""
    models.mkdir()
    for file in (ROOT / "models").glob(".e*"):  # stored vectors and the transformer's graph
        shutil.copy2(file, models)
    environment = {**QUIET, "CONTENT_DIR": str(content), "MODELS_DIR": str(models)}
    command = [sys.executable, "-m", "nlu.train", "--force"]
    for name in ("training, vectors of the copies missing", "training, all vectors stored"):
        wall, cpu = run_to_end(name, command, environment, models / "train.log", ROOT)
        print(f"{name:44}{wall:>10.1f} s by the clock, {cpu:.1f} s of processor time")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.library_scale", description=__doc__)
    parser.add_argument("guides", nargs="?", type=int, default=500)
    parser.add_argument("--train", action="store_true", help="train on them, too: minutes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "content"
        generate(folder, options.guides)
        if options.train:
            train(folder, Path(place) / "models")
        loader = Loader(folder)
        library, problems = timed("read and check all", loader.load)
        wrong = [str(one) for one in problems if not one.hint]
        texts = sum(len(guide.texts) for guide in library.guides.values())
        print(f"{len(library.guides)} guides, {texts} texts, {len(wrong)} problems", *wrong[:2])
        path = folder / "guides" / "passport" / "en.md"
        path.write_text(path.read_text().replace("title: Passport", "title: Travel passport"))
        timed("one file saved: read and check", lambda: loader.load(library))
        index = PassageIndex(library)
        timed("index of words", index.prepare)
        question = "сколько стоит заменить водительские права"
        timed("100 searches by words", lambda: [index.search(question, None) for _ in range(100)])
        print(f"{len(index.sections)} sections, {len(index.texts)} vectors to make")
        print(f"memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
