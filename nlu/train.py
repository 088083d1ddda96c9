"""Training: `train()` from Python, `python -m nlu.train` from a shell.

A model is trained only when there is none for the present fingerprint: config.yml, the
components, the examples, and the titles and asks of the content. Answers are not part of it.
"""

import argparse
import contextlib
import fcntl
import hashlib
import io
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from nlu.asks import content_folder, topics
from nlu.environment import ROOT, models_folder, quiet

KEPT_MODELS = 3
_TOOLS = {"train.py", "serve.py", "judge.py", "runtime.py", "environment.py", "progress.py"}
_PREFIX = "nlu-"


class TrainingError(Exception):
    """Training failed; the text is one sentence for the person who started it."""


def fingerprint(config: Path | None = None) -> str:
    """Return a digest of everything that a model is made from."""
    digest = hashlib.sha256((config or ROOT / "config.yml").read_bytes())
    for file in sorted((ROOT / "nlu").rglob("*")):
        tool = file.name in _TOOLS or file.parent.name == "report"
        if file.suffix in (".py", ".yml", ".txt") and not tool:
            digest.update(file.relative_to(ROOT).as_posix().encode())
            digest.update(file.read_bytes())
    for topic in topics(_content()):
        digest.update(repr(topic).encode())
    return digest.hexdigest()


def _content() -> Path:
    folder = content_folder()
    return folder if folder.is_absolute() or folder.exists() else ROOT / folder


def newest_model() -> Path | None:
    """Return the model that was trained or chosen last, or None."""
    models = sorted(models_folder().glob(f"{_PREFIX}*.tar.gz"), key=lambda m: m.stat().st_mtime)
    return models[-1] if models else None


def train(force: bool = False, config: Path | None = None) -> Path:
    """Return the path of a model for the present data, training it when it is not there.

    Raises TrainingError with one sentence. Safe to call from several processes at once.
    """
    config = config or ROOT / "config.yml"
    folder = models_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{_PREFIX}{fingerprint(config)[:16]}.tar.gz"
        with _locked(folder / ".lock"):
            if force or not target.exists():
                _train(config, target)
            os.utime(target)
            _tidy(folder)
    except OSError as error:
        raise TrainingError(f"Cannot train in {folder}: {error.strerror or error}.") from error
    return target


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _train(config: Path, target: Path) -> None:
    """Train beside the target and move the result there whole."""
    started = time.monotonic()
    quiet()
    _say("training the language model (some minutes; the first time longer)")
    os.environ["MODELS_DIR"] = str(target.parent)
    os.environ["CONTENT_DIR"] = str(_content())
    work = Path(tempfile.mkdtemp(prefix=".training-", dir=target.parent))
    try:
        made = _train_with_rasa(config, work)
        os.replace(made, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _say(f"trained {target.name} in {time.monotonic() - started:.0f} s")


def _train_with_rasa(config: Path, work: Path) -> Path:
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    with contextlib.redirect_stdout(io.StringIO()):
        from rasa.model_training import train_nlu

        _follow_steps()
        try:
            made = train_nlu(str(config), str(ROOT / "nlu" / "data"), str(work), "model")
        except Exception as error:  # Rasa raises many kinds; all of them mean the same here
            cause = error.__cause__ or error
            reason = " ".join(str(cause).split()) or type(cause).__name__
            raise TrainingError(f"Rasa could not train: {reason}") from error
    if not made:
        raise TrainingError("Rasa found no examples in nlu/data and the content.")
    return Path(made)


def _follow_steps() -> None:
    """Print a line for each component that was trained."""

    class Steps(logging.Handler):
        started = 0.0

        def emit(self, record: logging.LogRecord) -> None:
            message = record.getMessage()
            if message.startswith("Starting to train"):
                self.started = time.monotonic()
            elif message.startswith("Finished training"):
                _say(f"{message.split(chr(39))[1]} {time.monotonic() - self.started:.1f} s")

    logger = logging.getLogger("rasa.engine.training.hooks")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [Steps()]


def _tidy(folder: Path) -> None:
    """Keep the newest models only, and no left-overs of broken runs."""
    models = sorted(folder.glob(f"{_PREFIX}*.tar.gz"), key=lambda m: m.stat().st_mtime)
    for old in models[:-KEPT_MODELS]:
        old.unlink(missing_ok=True)
    for left in folder.glob(".training-*"):
        shutil.rmtree(left, ignore_errors=True)


def _say(text: str) -> None:
    sys.stderr.write(f"nlu: {text}\n")
    sys.stderr.flush()


def main() -> int:
    """Train when stale, print the path of the model; 1 and one sentence when that failed."""
    parser = argparse.ArgumentParser(prog="python -m nlu.train", description=__doc__)
    parser.add_argument("--force", action="store_true", help="train even when nothing changed")
    parser.add_argument("--config", type=Path, help="another config.yml")
    parser.add_argument("--trace", action="store_true", help="show where an error came from")
    options = parser.parse_args()
    try:
        print(train(options.force, options.config))
    except TrainingError as error:
        if options.trace:
            raise
        _say(str(error))
        return 1
    except KeyboardInterrupt:
        _say("stopped; no model was changed")
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
