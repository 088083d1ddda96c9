"""The HTTP server: Rasa's interface, in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nlu.train import ROOT


def start(model: Path) -> tuple[subprocess.Popen[str], str]:
    """Start a server on a free port; return process and address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "nlu.serve", "--port", "0", "--model", str(model)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    line = process.stdout.readline()
    assert line.startswith("ready on "), process.stderr and process.stderr.read()
    return process, line.removeprefix("ready on ").strip()


def ask(url: str, body: bytes | None = None, method: str = "GET") -> tuple[int, Any]:
    """Send a request; return status and the answer (JSON where it is)."""
    request = urllib.request.Request(url, data=body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            status, text = response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read().decode()
    return status, json.loads(text) if text.startswith("{") else text


def parse(address: str, text: str) -> dict[str, Any]:
    """Return the answer to a text."""
    body = json.dumps({"text": text}).encode()
    status, answer = ask(f"{address}/model/parse", body, "POST")
    assert status == 200
    return dict(answer)


@pytest.fixture(scope="module")
def address(model: Path) -> Iterator[str]:
    """Return the address of a running server."""
    process, url = start(model)
    yield url
    process.terminate()
    assert process.wait(10) == 0


def test_parse_over_http_is_parse(address: str, runtime: Any) -> None:
    """The server adds nothing and takes nothing away."""
    text = "как получить паспорт"
    assert parse(address, text) == json.loads(json.dumps(runtime.parse(text)))


def test_status_and_version_as_rasa_gives_them(address: str, model: Path) -> None:
    """Clients of Rasa find what they look for."""
    assert ask(f"{address}/")[1] == "Hello from Rasa: 3.6.21"
    assert ask(f"{address}/version")[1]["version"] == "3.6.21"
    status = ask(f"{address}/status")[1]
    assert status["model_file"] == model.name
    assert status["num_active_training_jobs"] == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"text": 3}', b"\xff"])
def test_bad_requests_are_refused_kindly(address: str, body: bytes) -> None:
    """400 with Rasa's error fields; the server goes on."""
    status, answer = ask(f"{address}/model/parse", body, "POST")
    assert status == 400
    assert answer["status"] == "failure"
    assert answer["reason"] == "BadRequest"


def test_many_at_once(address: str) -> None:
    """Concurrent requests each get their own answer."""
    texts = [f"как получить паспорт {number}" for number in range(30)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda text: parse(address, text), texts))
    assert [a["text"] for a in answers] == texts


def test_the_model_is_replaced_while_serving(address: str, model: Path) -> None:
    """PUT /model loads another file; a bad one is refused and the old one stays."""
    url = f"{address}/model"
    good = json.dumps({"model_file": str(model)}).encode()
    assert ask(url, good, "PUT")[0] == 204
    assert ask(url, b'{"model_file": "/nowhere.tar.gz"}', "PUT")[0] == 400
    assert parse(address, "hello")["intent"]["name"] == "greet"


def test_no_model_and_a_taken_port_are_one_sentence(address: str, tmp_path: Path) -> None:
    """Both say what is wrong and end with 1."""
    port = address.rsplit(":", 1)[1]
    for options, words in (
        (["--model", str(tmp_path / "none.tar.gz")], "nlu.train"),
        (["--port", port], f"Cannot listen on 127.0.0.1:{port}"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "nlu.serve", *options],
            cwd=ROOT, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 1
        assert words in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PR_SET_PDEATHSIG is Linux's")
def test_the_server_ends_with_its_parent(model: Path) -> None:
    """A killed bot leaves no orphan."""
    code = (
        "import subprocess, sys, time\n"
        "p = subprocess.Popen([sys.executable, '-m', 'nlu.serve', '--port', '0',"
        f" '--model', {str(model)!r}],"
        " stdout=subprocess.PIPE, text=True)\n"
        "p.stdout.readline()\nprint(p.pid, flush=True)\ntime.sleep(100)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    for _ in range(100):
        if not _alive(child):
            return
        time.sleep(0.1)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the server outlived its parent")


def _alive(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
