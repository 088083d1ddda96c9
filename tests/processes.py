"""Our roles as real processes on loopback, to be killed and started again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from bot.embedded import die_with_parent

ROOT = Path(__file__).parent.parent


class Process:
    """One child process; its output goes to a file."""

    def __init__(self, arguments: list[str], environment: dict[str, str], log: Path) -> None:
        self.arguments = arguments
        self.environment = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, python: str = sys.executable, folder: Path = ROOT) -> Process:
        """Start, with a Python and in a folder whose packages are found."""
        self.environment["PYTHONPATH"] = str(folder)
        with self.log.open("ab") as sink:  # from the main thread: it dies with its parent thread
            self.process = subprocess.Popen(
                [python, *self.arguments],
                env=self.environment,
                stdout=sink,
                stderr=sink,
                cwd=folder,
                preexec_fn=die_with_parent,
            )
        return self

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def stop(self, seconds: float = 15) -> float:
        """SIGTERM; return the seconds it took. Killed when it takes too long."""
        if not self.alive():
            return 0.0
        assert self.process is not None
        began = time.monotonic()
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        return time.monotonic() - began

    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


@contextlib.contextmanager
def processes(*children: Process) -> Iterator[None]:
    """Stop every process at the end, by its own id."""
    try:
        yield
    finally:
        for child in children:
            if child.alive():
                child.kill()


def wait_for(condition: object, seconds: float, what: str) -> None:
    """Wait until a function returns something true. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.05)
    raise TimeoutError(what)


def answers(url: str) -> bool:
    """Return whether a URL answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
