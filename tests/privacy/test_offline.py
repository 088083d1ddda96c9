"""The whole system with a real model in a network that leads nowhere: it never tries to leave."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNSHARE = ["unshare", "--map-root-user", "--net"]


@pytest.mark.rasa
@pytest.mark.slow
def test_nothing_phones_home(folder: Path, model: Path) -> None:
    """Gateway, worker, sender, store, Rasa and its libraries answer, one model is swapped for
    another while people write, and not one packet or name is sent beyond this machine."""
    if not shutil.which("ip") or subprocess.run([*UNSHARE, "true"], check=False).returncode:
        pytest.skip("this machine lets nobody make a network of their own (unshare --net)")
    data = folder / "offline"
    data.mkdir()
    done = subprocess.run(
        [*UNSHARE, sys.executable, "-m", "tests.privacy.offline", str(data)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["tries"] == 0, found
    assert found["tries_after_one"] == 1, "the count must see a try"
    assert all(found["answered"]), found
    assert found["telegram"] >= 8, found
    assert found["page"] == 200
    assert found["swap"] == 204
    assert found["during"], found
    assert all(found["during"]), found
    assert found["models"][0] != found["models"][1] == "nlu-copy.tar.gz"
    assert "→" in found["unanswered"], found
    assert "5550197" not in found["unanswered"]
    assert found["stop_seconds"] < 10
