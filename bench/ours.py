"""Hashar as people run it: `python -m bot run` with its own model, store and Rasa NLU server."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import numpy as np

from bench.client import Rows, Users
from bench.processes import QUIET, Program, run_to_end
from bench.system import Started, System
from bot.embedded import free_port
from bot.library.live import LiveLibrary


def judge(rows: Rows) -> str:
    """Return what an answer is. A free text must have been understood by Rasa, so that 'please
    wait' does not count; a button has content."""
    metadata = rows[-1].get("metadata", {}) if rows else {}
    if metadata.get("intent") == "nlu_fallback":
        return "fallback"
    return "answer" if "intent" in metadata or metadata.get("content_id") else ""


def _vectors(file: Path) -> int:
    """Return how many vectors of passages are stored already."""
    try:
        with np.load(file) as stored:
            return len(stored["keys"])
    except (OSError, ValueError, KeyError, EOFError):
        return 0


class Ours(System):
    """All of Hashar on one machine, all settings at their defaults but two limits. `tree` is the
    copy of code and content that it runs from."""

    name = "Hashar"
    button = "/guide:{guide}"

    def __init__(self, folder: Path, tree: Path) -> None:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        super().__init__(folder, Users(self.name, url, judge), url)
        self.data = folder / "data"
        self._tree = tree
        self.environment = {
            **QUIET,
            "PORT": str(port),
            "DATA_DIR": str(self.data),
            "CONTENT_DIR": str(tree / "content"),
            "MODELS_DIR": str(folder / "models"),
            "USER_RATE": "0",  # a bench user writes faster than any person may
            "PARSE_TIMEOUT": "120",  # a slow machine is no reason to answer 'later'
        }

    def train(self, *, cold: bool, force: bool = True) -> tuple[float, float]:
        """Train; return wall and CPU seconds. `cold` has no stored embeddings to start from;
        without `force`, only a stale model is trained."""
        if cold:
            shutil.rmtree(self.folder / "models", ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "nlu.train", *(["--force"] if force else [])]
        log = self.folder / "train.log"
        return run_to_end("Training Hashar", command, self.environment, log, self._tree)

    def borrow(self, models: Path) -> None:
        """Take the project's models and embeddings, to train only what is stale."""
        (self.folder / "models").mkdir(parents=True, exist_ok=True)
        for file in (*models.glob("*.tar.gz"), models / ".embeddings.npz"):
            if file.exists():
                shutil.copy2(file, self.folder / "models")

    async def start(self) -> Started:
        """Start with an empty data folder, and wait until passages can be found by meaning too."""
        shutil.rmtree(self.data, ignore_errors=True)
        began = time.monotonic()
        self._run()
        started = await self._until_understood(began)
        passages = len(set(LiveLibrary(self._tree / "content").index.texts))

        async def made() -> bool:
            return _vectors(self.data / "passages.npz") >= passages

        await self.until("making vectors of the passages", made, 0.5)
        started.more["search by meaning, first start"] = time.monotonic() - began
        return started

    async def again(self) -> Started:
        """Stop and start once more, with the data of the first run."""
        self.stop()
        began = time.monotonic()
        self._run()
        return await self._until_understood(began)

    def _run(self) -> None:
        command = [sys.executable, "-m", "bot", "run"]
        self.programs.append(Program(self.name, command, self.environment, self.folder / "bot.log"))

    async def _until_understood(self, began: float) -> Started:
        await self.until("the start", lambda: self.answers("/healthz"), 0.05)
        health = time.monotonic() - began
        await self.until("the first answer", lambda: self.understands("passport"), 0.1)
        return Started(health, time.monotonic() - began)
