"""`python -m bench.start`: how long a start takes, of all of Hashar and of Rasa by itself.

Wall seconds count on a quiet machine only; CPU seconds (of all processes started, up to that
moment) hold on a busy one too. Nothing is trained: the newest model in models/ is used.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.processes import QUIET, BenchError, Program, cpu_seconds, threads
from bot.embedded import free_port

LIMIT = 300.0
"""Seconds after which a start is given up."""


def main() -> int:
    """Print one line a start and moment; 1 when something did not start."""
    parser = argparse.ArgumentParser(prog="python -m bench.start", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stock", action="store_true", help="Rasa's own server too, which is slow")
    options = parser.parse_args()
    starts: list[Callable[[int, Path], None]] = [_everything, _rasa]
    if options.stock:
        starts.append(_stock)
    for _ in range(options.rounds):
        for start in starts:
            folder = Path(tempfile.mkdtemp(prefix="hashar-"))
            try:
                start(free_port(), folder)
            except BenchError as error:
                print(f"bench.start: {error}", file=sys.stderr)
                return 1
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    return 0


def _everything(port: int, folder: Path) -> None:
    settings = {"PORT": str(port), "DATA_DIR": str(folder), "PASSAGE_VECTORS": "false"}
    settings |= {"LOG_LEVEL": "warning", "TELEGRAM_TOKEN": "", "REDIS_URL": "", "RASA_URL": ""}
    url = f"http://127.0.0.1:{port}"
    button = {"sender": "bench", "message": "/guide:passport"}
    _measure(
        "Hashar",
        ["-m", "bot", "run", "--no-train"],
        settings,
        folder,
        {
            "page": lambda: _answers(url + "/"),
            "button": lambda: _answers(url + "/webhooks/rest/webhook", button),
            "free text": lambda: _answers(url + "/model/parse", {"text": "passport"}),
        },
    )


def _rasa(port: int, folder: Path) -> None:
    _served("Rasa, our server", ["-m", "nlu.serve", "--port", str(port)], port, folder)


def _stock(port: int, folder: Path) -> None:
    command = ["-m", "nlu.serve", "--stock", "--port", str(port)]
    _served("Rasa, its own server", command, port, folder)


def _served(name: str, command: list[str], port: int, folder: Path) -> None:
    parse = f"http://127.0.0.1:{port}/model/parse"
    _measure(
        name, command, {}, folder, {"free text": lambda: _answers(parse, {"text": "passport"})}
    )


def _measure(
    name: str,
    command: list[str],
    settings: Mapping[str, str],
    folder: Path,
    moments: Mapping[str, Callable[[], bool]],
) -> None:
    """Start a program, and print when each thing answers for the first time, in order."""
    began = time.monotonic()
    environment = {**QUIET, **threads(1), **settings}
    program = Program(name, [sys.executable, *command], environment, folder / "log")
    try:
        for moment, answers in moments.items():
            while not answers():
                program.check()
                if time.monotonic() - began > LIMIT:
                    raise BenchError(f"{name}: no {moment} after {LIMIT:.0f} seconds.")
                time.sleep(0.02)
            wall, cpu = time.monotonic() - began, cpu_seconds([program])
            print(f"{name:22} {moment:10} {wall:6.2f} s wall {cpu:6.2f} s CPU", flush=True)
    finally:
        program.stop()


def _answers(url: str, body: Mapping[str, str] | None = None) -> bool:
    """Return whether a URL answers 200 to a GET, or to a POST of JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
