"""A whole site of real processes on loopback: Valkey, gateway, workers, sender; Rasa and
Telegram are faked at their HTTP edge in the test's own process."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.embedded import EmbeddedStore, free_port
from bot.settings import Settings
from tests.fakes.rasa import FakeRasa
from tests.fakes.telegram import TOKEN, FakeTelegram
from tests.processes import Process, processes


@dataclasses.dataclass
class Site:
    """The parts of a running site."""

    folder: Path
    store: EmbeddedStore
    telegram: FakeTelegram
    rasa: FakeRasa
    environment: dict[str, str]
    roles: dict[str, Process]
    port: int

    def role(self, name: str, number: int = 0) -> Process:
        """Return the process of a role, started when it is not there yet."""
        key = f"{name}-{number}"
        if key not in self.roles:
            self.roles[key] = Process(
                ["-m", "bot", name], self.environment, self.folder / f"{key}.log"
            )
        child = self.roles[key]
        return child if child.alive() else child.start()

    def problems(self) -> str:
        """The ends of all logs, for a failed test."""
        ends = [f"== {name}\n{child.output()[-1500:]}" for name, child in self.roles.items()]
        return "\n".join(ends)


@asynccontextmanager
async def site(**settings: str) -> AsyncIterator[Site]:
    """Start store, fakes, gateway, one worker and one sender."""
    folder = Path(tempfile.mkdtemp(prefix="hashar-"))
    store = EmbeddedStore(Settings(data_dir=folder))
    store.start()
    rasa = FakeRasa()
    await rasa.start()
    telegram = FakeTelegram()
    await telegram.start()
    port = free_port()
    environment = {
        "REDIS_URL": store.url,
        "RASA_URL": rasa.url,
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_API_URL": telegram.url,
        "TELEGRAM_RATE": "2000",
        "PORT": str(port),
        "DATA_DIR": str(folder),
        "LEASE_SECONDS": "5",
        "USER_RATE": "0",
        "PASSAGE_VECTORS": "false",
        "SECRET_KEYS": "test",
        "ID_KEY": "test",
        "LOG_LEVEL": "warning",
        "LOG_FORMAT": "json",
        **settings,
    }
    one = Site(folder, store, telegram, rasa, environment, {}, port)
    children: list[Process] = []
    try:
        for name in ("gateway", "worker", "sender"):
            children.append(one.role(name))
        yield one
    finally:
        with processes(*one.roles.values()):
            pass
        await telegram.close()
        await rasa.stop()
        store.stop()
        shutil.rmtree(folder, ignore_errors=True)
