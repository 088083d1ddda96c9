"""The action server as a process, and a stock Rasa assistant that calls it."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.embedded import free_port
from tests.processes import Process, processes, wait_for

ROOT = Path(__file__).parents[2]
STOCK = Path(__file__).parent / "stock"
SECONDS = 300
"""How long a stock Rasa may take to start on a busy machine; alone it needs about 20."""


def wait_for_json(
    child: Process, url: str, right: Callable[[Any], bool] = lambda answer: True
) -> None:
    """Wait until an address answers with JSON that is as it should be."""

    def answered() -> bool:
        assert child.alive(), child.output()[-2000:]
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return right(json.loads(answer.read() or b"{}"))
        except (OSError, ValueError):
            return False

    wait_for(answered, SECONDS, url)


def actions_server(port: int, log: Path) -> Process:
    """Start `python -m actions.server`."""
    folders = {"DATA_DIR": str(log.parent), "CONTENT_DIR": str(ROOT / "content")}
    return Process(["-m", "actions.server", "--port", str(port)], folders, log).start()


@pytest.fixture
def actions_url(tmp_path: Path) -> Iterator[str]:
    """The action server in a process of its own."""
    server = actions_server(port := free_port(), tmp_path / "actions.log")
    with processes(server):
        wait_for_json(server, f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}"


def test_a_taken_port_is_one_clear_sentence(actions_url: str, tmp_path: Path) -> None:
    """The second server on a port says what to do, and ends."""
    port = int(actions_url.rpartition(":")[2])
    second = actions_server(port, tmp_path / "second.log")
    with processes(second):
        wait_for(lambda: not second.alive(), 60, "the end of the second server")
    assert second.process is not None
    assert second.process.returncode == 1
    assert second.output().strip().splitlines()[-1].startswith(f"actions.server: Port {port}")


QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "LOG_LEVEL": "WARNING",
}


def stock_model() -> Path:
    """Return the model of the stock assistant, trained when its files have changed."""
    digest = hashlib.sha256()
    for file in sorted(STOCK.glob("*.yml")):
        digest.update(file.read_bytes())
    folder = ROOT / "build" / "stock-assistant"
    model = folder / f"{digest.hexdigest()[:16]}.tar.gz"
    if not model.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [
            *(sys.executable, "-m", "rasa", "train", "--out", str(folder)),
            *("--config", str(STOCK / "config.yml"), "--domain", str(STOCK / "domain.yml")),
            *("--data", str(STOCK / "nlu.yml"), str(STOCK / "rules.yml")),
            *("--fixed-model-name", model.name),
        ]
        made = subprocess.run(
            command, cwd=folder, env={**os.environ, **QUIET}, capture_output=True, check=False
        )
        assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-2000:]
    return model


@pytest.fixture
def stock_rasa(actions_url: str, tmp_path: Path) -> Iterator[str]:
    """A stock Rasa assistant whose action server is ours."""
    if importlib.util.find_spec("rasa") is None:
        pytest.skip("Rasa is not installed here")
    model, port = stock_model(), free_port()
    arguments = [
        *("-m", "rasa", "run", "--enable-api", "-i", "127.0.0.1"),
        *("-p", str(port), "--model", str(model)),
        *("--endpoints", str(STOCK / "endpoints.yml")),
        *("--credentials", str(STOCK / "credentials.yml")),
    ]
    environment = {
        "HASHAR_ACTIONS": f"{actions_url}/webhook",
        "COMPRESS_ACTION_SERVER_REQUEST": "true",
        **QUIET,
    }
    rasa = Process(arguments, environment, tmp_path / "rasa.log").start()
    with processes(rasa):
        wait_for_json(rasa, f"http://127.0.0.1:{port}/status", lambda found: "model_file" in found)
        yield f"http://127.0.0.1:{port}"


async def test_a_stock_rasa_assistant_answers_with_our_actions(stock_rasa: str) -> None:
    """`rasa run` with a rule that calls our action: a question, a button, a change of language."""
    async with aiohttp.ClientSession() as session:

        async def say(text: str, language: str = "") -> list[dict[str, Any]]:
            body = {"sender": "a", "message": text, "metadata": {"language": language}}
            url = f"{stock_rasa}/webhooks/rest/webhook"
            async with session.post(url, json=body) as answer:
                assert answer.status == 200
                return list(await answer.json())

        (first,) = await say("how do I get a passport")
        assert "TSON" in first["text"]
        fee = next(one for one in first["buttons"] if "guide:passport:fee" in one["payload"])
        (second,) = await say(fee["payload"])
        assert "34,600 tenge" in second["text"]
        (third,) = await say("we want to marry", "kk")
        language = next(one for one in third["buttons"] if "guide:marriage:fee" in one["payload"])
        assert language["title"] != fee["title"]
        await say('/hashar{"payload":"language:ru"}')
        (last,) = await say(fee["payload"])
        assert "34\u00a0600 тенге" in last["text"] or "34 600 тенге" in last["text"]
        async with session.get(f"{stock_rasa}/conversations/a/tracker") as answer:
            slots = (await answer.json())["slots"]
        assert (slots["hashar_guide"], slots["hashar_language"]) == ("passport", "ru")
