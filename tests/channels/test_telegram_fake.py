"""The fake Telegram as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen


def test_fake_as_a_process() -> None:
    """The fake serves from its own process and is steered over HTTP."""
    command = [sys.executable, "-m", "tests.fakes.telegram", "--port", "0", "--token", "1:T"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()

            def call(path: str, body: Any = None) -> Any:
                data = None if body is None else json.dumps(body).encode()
                headers = {"Content-Type": "application/json"}
                with urlopen(Request(url + path, data, headers), timeout=10) as response:
                    return json.load(response)

            said_id = call("/control/say", {"chat": 7, "text": "hi"})["update_id"]
            (update,) = call("/bot1:T/getUpdates", {})["result"]
            assert (update["update_id"], update["message"]["text"]) == (said_id, "hi")
            call("/bot1:T/getUpdates", {"offset": said_id + 1})
            row = [{"text": "B", "callback_data": "b"}]
            call(
                "/bot1:T/sendMessage",
                {
                    "chat_id": 7,
                    "text": "yes",
                    "reply_markup": {"inline_keyboard": [row]},
                },
            )
            call("/control/press", {"chat": 7, "payload": "b"})
            call("/control/redeliver", {"update_id": said_id})
            assert call("/control/state")["pending"] == 2
            assert call("/control/faults", [{"what": "500", "calls": [1]}]) == {"faults": 1}
            assert [s["text"] for s in call("/control/sent?chat=7")["7"]] == ["yes"]
        finally:
            process.terminate()
