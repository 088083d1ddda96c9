"""The locks: what is overridden works with Rasa, licences are allowed, nothing names a registry."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import web

ROOT = Path(__file__).parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
SUPPLY = (ROOT / "docs" / "supply-chain.md").read_text(encoding="utf-8")


def overrides() -> list[str]:
    """Return the names of the packages that are overridden."""
    lines = (ROOT / "requirements" / "overrides.in").read_text(encoding="utf-8").splitlines()
    return [re.split(r"[\[>=<]", line)[0] for line in lines if line and not line.startswith("#")]


def test_every_override_has_its_reason_and_its_test() -> None:
    """Each line of overrides.in is in the table of docs/supply-chain.md, with a test here."""
    here = Path(__file__).read_text(encoding="utf-8")
    for name in overrides():
        row = next(line for line in SUPPLY.splitlines() if line.startswith(f"| `{name}`"))
        (test,) = re.findall(r"`(test_\w+)`", row)
        assert f"def {test}(" in here, test


@pytest.mark.rasa
async def test_rasa_calls_over_http_with_our_aiohttp() -> None:
    """Rasa's own client (it calls action servers and NLU servers with it) speaks to a server, sends
    JSON and reads JSON."""
    from rasa.utils.endpoints import EndpointConfig

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"got": await request.json()})

    app = web.Application()
    app.router.add_post("/webhook", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhook"
        reply = await EndpointConfig(url).request(method="post", json={"text": "сәлем"})
        assert reply == {"got": {"text": "сәлем"}}
    finally:
        await runner.cleanup()


@pytest.mark.rasa
def test_rasa_keeps_locks_with_our_redis(tmp_path: Path) -> None:
    """Rasa's own Redis code (locks of conversations) writes to and reads from a real store; it runs
    in a process of its own, as it loads TensorFlow."""
    program = f"""
import socket, subprocess, sys, time
sys.path.insert(0, {str(ROOT)!r})
from bot.embedded import free_port, valkey_program
port = free_port()
server = subprocess.Popen([valkey_program(), "--port", str(port), "--bind", "127.0.0.1",
                           "--save", "", "--dir", {str(tmp_path)!r}, "--logfile", "log"])
try:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    from rasa.core.lock_store import RedisLockStore
    store = RedisLockStore(host="127.0.0.1", port=port)
    ticket = store.issue_ticket("someone")
    assert store.get_lock("someone").is_someone_waiting()
    store.finish_serving("someone", ticket)
    print("kept")
finally:
    server.terminate()
    server.wait()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=180
    )
    assert done.stdout.strip().endswith("kept"), done.stderr[-2000:]


def test_no_licence_outside_the_allow_list() -> None:
    """Everything locked for the two images has a licence that tools/licences allows."""
    locks = ["requirements/nlu.txt", "requirements/bot.txt"]
    command = [sys.executable, "tools/licences", *locks]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 60


@pytest.mark.parametrize(
    ("told", "allowed"),
    [
        ("MIT", True),
        ("Apache Software License", True),
        ("GNU Lesser General Public License v3 (LGPLv3)", True),
        ("GNU Affero General Public License v3", False),
        ("GNU General Public License v3 (GPLv3)", False),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-2.0-only", True),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_allow_list(told: str, allowed: bool) -> None:
    """Permissive licences and the LGPL pass, alone or offered as a choice; GPL and AGPL do not."""
    names: dict[str, object] = {"__name__": "licences"}
    exec((ROOT / "tools" / "licences").read_text(encoding="utf-8"), names)
    assert bool(names["short"](told)) is allowed  # type: ignore[operator]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_locks_have_versions_and_hashes_and_no_address(lock: Path) -> None:
    """Each package has one exact version and hashes, and no line names a registry."""
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    for block in re.split(r"\n(?=\S)", text.strip()):
        if not block.startswith("#"):
            assert re.match(r"[A-Za-z0-9._-]+(\[[^]]*\])?==\S+", block), block[:80]
            assert "--hash=sha256:" in block, block[:80]


def test_what_the_images_install_is_part_of_what_is_tested() -> None:
    """The lock of the Rasa image holds the versions that the tests run with, and nothing else."""

    def pinned(name: str) -> set[str]:
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        return set(re.findall(r"^[A-Za-z0-9._-]+(?:\[[^]]*\])?==\S+", text, re.MULTILINE))

    assert pinned("nlu.txt") <= pinned("full.txt")
