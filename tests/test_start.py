"""Starting as people start it: `python -m bot run`, while there is no Rasa yet."""

from __future__ import annotations

import json
import shutil
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.embedded import EmbeddedStore, free_port
from bot.settings import Settings
from tests.processes import Process, answers, processes, wait_for


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of one start; its path is short, as the store's socket lies in it."""
    path = Path(tempfile.mkdtemp(prefix="hashar-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


def test_free_ports_are_given_to_nobody_else() -> None:
    """They lie outside the range from which the system gives any, and two are seldom the same."""
    first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    ports = [free_port() for _ in range(20)]
    assert not any(first <= port <= last for port in ports)
    assert len(set(ports)) > 15


def started(place: Path, *options: str, **settings: str) -> Process:
    environment = {
        "DATA_DIR": str(place),
        "MODELS_DIR": str(place / "models"),
        "PASSAGE_VECTORS": "false",
        "TELEGRAM_TOKEN": "",
        "REDIS_URL": "",
        "RASA_URL": "",
        **settings,
    }
    return Process(["-m", "bot", "run", *options], environment, place / "log").start()


def say(port: int, text: str) -> list[str]:
    """Return the answers to a text, over the REST channel."""
    body = json.dumps({"sender": "someone", "message": text}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/webhooks/rest/webhook", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return [row["text"] for row in json.load(answer)]


def test_menus_answer_without_a_model(place: Path) -> None:
    """A model that cannot be loaded keeps nobody from page, menu and buttons; a free text is
    told that it waits, and the reason stands in Rasa's log as one sentence."""
    (place / "models").mkdir()
    (place / "models" / "nlu-broken.tar.gz").write_bytes(b"no archive")
    port = free_port()
    child = started(place, "--no-train", PORT=str(port))
    with processes(child):
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/"), 60, child.output())
        assert say(port, "/menu")
        assert say(port, "/guide:passport")
        assert say(port, "how do I get a passport")
        log = place / "rasa.log"
        wait_for(lambda: "Cannot load the model" in log.read_text(), 60, "Rasa's reason")
        assert "Traceback" not in log.read_text()
        assert child.stop() < 10


def test_training_that_fails_ends_the_start(place: Path) -> None:
    """Where no model can be trained, the start ends with a sentence and not silently."""
    (place / "models").write_text("a file where the folder should be")
    child = started(place, PORT=str(free_port()))
    with processes(child):
        wait_for(lambda: not child.alive(), 60, child.output())
        assert child.process is not None
        assert child.process.returncode == 1
        assert "nlu: Cannot train in" in child.output()
        assert "could not be trained" in child.output()
        assert "Traceback" not in child.output()


def test_a_role_waits_for_a_store_that_starts_later(place: Path) -> None:
    """Store and worker may be restarted in one moment; a stop does not have to wait for either."""
    store = EmbeddedStore(Settings(data_dir=place))
    port = free_port()
    environment = {
        "DATA_DIR": str(place),
        "REDIS_URL": store.url,
        "RASA_URL": "http://127.0.0.1:9",
        "PASSAGE_VECTORS": "false",
        "HEALTH_PORT": str(port),
    }
    children = [
        Process(["-m", "bot", "worker"], environment, place / "worker.log"),
        Process(["-m", "bot", "worker"], {**environment, "HEALTH_PORT": "0"}, place / "other.log"),
    ]
    with processes(*children):
        waiting, stopped = (child.start() for child in children)
        for child in (waiting, stopped):
            wait_for(lambda child=child: "store_awaited" in child.output(), 60, child.output())
        assert stopped.stop() < 10
        assert "Traceback" not in stopped.output()
        store.start()
        try:
            wait_for(lambda: answers(f"http://127.0.0.1:{port}/readyz"), 60, waiting.output())
            assert waiting.stop() < 10
        finally:
            store.stop()
