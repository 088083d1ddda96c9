"""A whole site of real processes on loopback: Valkey, gateways, workers, senders; Rasa and
Telegram are faked at their HTTP edge."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.embedded import EmbeddedStore, free_port
from bot.settings import Settings
from tests.cluster import Cluster
from tests.fakes.rasa import FakeRasa
from tests.fakes.telegram import TOKEN, FakeTelegram
from tests.processes import Process, processes


@dataclasses.dataclass
class Site:
    """The parts of a running site; `ports` are those of its gateways."""

    folder: Path
    store: EmbeddedStore | Cluster
    telegram: FakeTelegram
    rasa: FakeRasa
    environment: dict[str, str]
    roles: dict[str, Process]
    ports: list[int]

    def role(self, name: str, number: int = 0) -> Process:
        """Return the process of a role, started when it is not there yet."""
        key = f"{name}-{number}"
        if key not in self.roles:
            environment = dict(self.environment)
            if name == "gateway":
                environment["PORT"] = str(self.ports[number])
            log = self.folder / f"{key}.log"
            self.roles[key] = Process(["-m", "bot", name], environment, log)
        child = self.roles[key]
        return child if child.alive() else child.start()

    def problems(self) -> str:
        """The ends of all logs, for a failed test."""
        ends = [f"== {name}\n{child.output()[-1500:]}" for name, child in self.roles.items()]
        return "\n".join(ends)


@asynccontextmanager
async def site(
    telegram: FakeTelegram | None = None,
    ports: list[int] | None = None,
    started: tuple[str, ...] = ("gateway-0", "worker-0", "sender-0"),
    cluster: bool = False,
    **settings: str,
) -> AsyncIterator[Site]:
    """Start store, fakes and the processes of roles, called '<role>-<number>'."""
    folder = Path(tempfile.mkdtemp(prefix="hashar-"))
    store = Cluster(folder / "cluster") if cluster else EmbeddedStore(Settings(data_dir=folder))
    store.start()
    rasa = FakeRasa()
    await rasa.start()
    telegram = telegram or FakeTelegram()
    await telegram.start()
    environment = {
        "REDIS_URL": store.url,
        "REDIS_CLUSTER": str(cluster).lower(),
        "RASA_URL": rasa.url,
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_API_URL": telegram.url,
        "TELEGRAM_RATE": "2000",
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
    one = Site(folder, store, telegram, rasa, environment, {}, ports or [free_port()])
    try:
        for name in started:
            role, _, number = name.partition("-")
            one.role(role, int(number))
        yield one
    finally:
        with processes(*one.roles.values()):
            pass
        await telegram.close()
        await rasa.stop()
        store.stop()
        shutil.rmtree(folder, ignore_errors=True)
