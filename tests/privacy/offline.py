"""The whole system, in a network of its own that leads nowhere; prints what was tried.

`unshare --map-root-user --net python -m tests.privacy.offline FOLDER`: starts `hashar run` with the
newest model and a fake Telegram on loopback, has people write on all channels, swaps the model
while they do, and prints one line of JSON: what was answered, and how often anything sent a packet,
or asked for a name, beyond loopback, before and after one deliberate try.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp

from tests.fakes.telegram import TOKEN, FakeTelegram
from tests.processes import Process, processes

QUESTIONS = (
    *("how do I get a passport", "как получить паспорт", "төлқұжатты қалай аламын"),
    *("hello", "如何办理护照", "jina langu ni nani", "/menu"),
    "зелёная бумажка с печатью из третьего окна +77075550197",
    *("synthetic lemon harmonics of the registry +77075550197", "asdf qwer zxcv poiu"),
)
START_SECONDS = 600.0


def tries() -> int:
    """Return how often this network saw a connection or packet without a route, and datagrams
    to ports that nobody listens on (a name server on loopback would be one)."""
    total = 0
    tables = {}
    for name, *values in (line.split() for line in Path("/proc/net/snmp").read_text().splitlines()):
        if name in tables:
            tables[name] = dict(zip(tables[name], map(int, values), strict=True))
        else:
            tables[name] = values
    total += tables["Ip:"]["OutNoRoutes"] + tables["Udp:"]["NoPorts"]
    for line in Path("/proc/net/snmp6").read_text().splitlines():
        name, value = line.split()
        if name in ("Ip6OutNoRoutes", "Udp6NoPorts"):
            total += int(value)
    return total


async def main(folder: Path) -> dict[str, Any]:
    """Run everything once; return the findings."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    before = tries()
    async with FakeTelegram() as telegram:
        environment = {
            "DATA_DIR": str(folder),
            "PORT": "0",
            "TELEGRAM_TOKEN": TOKEN,
            "TELEGRAM_API_URL": telegram.url,
            "PASSAGE_VECTORS": "false",
            "LOG_LEVEL": "warning",
        }
        no_train = ["--no-train"] if os.environ.get("TRAIN") == "0" else []
        bot = Process(["-m", "bot", "run", *no_train], environment, folder / "log")
        with processes(bot.start()):
            url = await _ready(bot)
            found = await _use(url, telegram, folder)
            found["unanswered"] = await asyncio.to_thread(_listed, environment)
            found["stop_seconds"] = await asyncio.to_thread(bot.stop)
        found["log"] = bot.output()[-2000:]
    found["tries"] = tries() - before
    try:
        socket.create_connection(("192.0.2.1", 443), 2).close()
    except OSError:
        found["tries_after_one"] = tries() - before
    return found


async def _ready(bot: Process) -> str:
    deadline = time.monotonic() + START_SECONDS
    while "Free text is understood now" not in bot.output():
        if time.monotonic() > deadline or not bot.alive():
            raise TimeoutError(bot.output()[-2000:])
        await asyncio.sleep(0.2)
    address = re.search(r"http://127\.0\.0\.1:\d+", bot.output())
    assert address
    return address.group()


async def _use(url: str, telegram: FakeTelegram, folder: Path) -> dict[str, Any]:
    """Ask on REST and Telegram, swap the model for its copy meanwhile, ask on."""
    async with aiohttp.ClientSession() as session:
        answered = [await _ask(session, url, text) for text in QUESTIONS]
        for text in QUESTIONS:
            telegram.user_says(7, text)
        rasa = (folder / "rasa.url").read_text()
        old = await _model(session, rasa)
        swapping = asyncio.create_task(_swap(session, rasa, folder))
        during = []
        while not swapping.done():
            during.append(await _ask(session, url, f"passport {len(during)}"))
            await asyncio.sleep(0.05)
        await telegram.heard(7, len(QUESTIONS), 60)
        async with session.get(f"{url}/") as page:
            page_status = page.status
    return {
        "answered": answered,
        "during": during,
        "swap": swapping.result(),
        "models": [old, await _now(rasa)],
        "telegram": len(telegram.sent[7]),
        "page": page_status,
    }


async def _ask(session: aiohttp.ClientSession, url: str, text: str) -> str:
    body = {"sender": "someone", "message": text}
    async with session.post(f"{url}/webhooks/rest/webhook", json=body) as answer:
        rows = await answer.json() if answer.status == 200 else []
    return str(rows[-1]["text"])[:60] if rows else ""


async def _model(session: aiohttp.ClientSession, rasa: str) -> str:
    async with session.get(f"{rasa}/status") as answer:
        return str((await answer.json())["model_file"])


async def _now(rasa: str) -> str:
    async with aiohttp.ClientSession() as session:
        return await _model(session, rasa)


async def _swap(session: aiohttp.ClientSession, rasa: str, folder: Path) -> int:
    """Hand Rasa a copy of its model under another name, as `hashar unanswered add` does."""
    newest = max(Path("models").glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    copy = folder / "nlu-copy.tar.gz"
    shutil.copy(newest, copy)
    async with session.put(f"{rasa}/model", json={"model_file": str(copy)}) as answer:
        return answer.status


def _listed(environment: Mapping[str, str]) -> str:
    """Return what `hashar unanswered` prints beside the running system, once there is something."""
    for _ in range(20):
        done = subprocess.run(
            [sys.executable, "-m", "bot", "unanswered"],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if "→" in done.stdout:
            break
    return done.stdout + done.stderr[-500:]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(Path(sys.argv[1]))), ensure_ascii=False))
