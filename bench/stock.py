"""A stock Rasa assistant: `rasa train`, `rasa run` and a rasa-sdk action server."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from bench.client import Rows, Users
from bench.processes import QUIET, Program, run_to_end, threads
from bench.project import Project
from bench.system import Started, System
from bot.embedded import free_port


class Stock(System):
    """Rasa with its default pipeline and policies, one rule an intent, a custom action."""

    name = "stock Rasa"
    button = "/guide.{guide}"

    def __init__(self, folder: Path, project: Project, threads_: int = 1) -> None:
        self._port, self._actions_port = free_port(), free_port()
        url = f"http://127.0.0.1:{self._port}"
        super().__init__(folder, Users(self.name, url, self._judge), url)
        self.project = project
        self.environment = {**QUIET, **threads(threads_), "LOG_LEVEL": "WARNING"}

    def _judge(self, rows: Rows) -> str:
        """Return what an answer is. Rasa's channel answers an error with nothing."""
        text = rows[-1].get("text") if rows else ""
        return "fallback" if text == self.project.fallback else "answer" if text else ""

    @property
    def trained(self) -> bool:
        """Return whether an earlier run left a model."""
        return (self.folder / "models" / "stock.tar.gz").exists()

    def train(self) -> tuple[float, float]:
        """Write the project and train it; return wall and CPU seconds."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.project.write()
        command = [
            *(sys.executable, "-m", "rasa", "train", "--quiet", "--fixed-model-name", "stock"),
            *("--out", str(self.folder / "models")),
        ]
        log = self.folder / "train.log"
        where = self.project.folder
        return run_to_end("Training the stock assistant", command, self.environment, log, where)

    async def start(self) -> Started:
        """Start Rasa and its action server, and wait until a free text is answered."""
        began = time.monotonic()
        project = self.project.folder
        self.project.point_to(f"http://127.0.0.1:{self._actions_port}/webhook")
        actions = [sys.executable, "-m", "rasa_sdk", "--actions", "stock_actions"]
        actions += ["--port", str(self._actions_port)]
        found = {**self.environment, "PYTHONPATH": str(project), "SANIC_HOST": "127.0.0.1"}
        self.programs.append(
            Program("Rasa's action server", actions, found, self.folder / "actions.log")
        )
        rasa = [
            *(sys.executable, "-m", "rasa", "run", "-i", "127.0.0.1", "-p", str(self._port)),
            *("--model", str(self.folder / "models" / "stock.tar.gz")),
            *("--endpoints", str(project / "endpoints.yml")),
            *("--credentials", str(project / "credentials.yml")),
        ]
        self.programs.append(Program("Rasa", rasa, self.environment, self.folder / "rasa.log"))
        await self.until("the start", lambda: self.answers("/"), 0.1)
        health = time.monotonic() - began
        await self.until("the first answer", lambda: self.understands("passport"), 0.1)
        return Started(health, time.monotonic() - began)
