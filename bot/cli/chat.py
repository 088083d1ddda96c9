"""Talk to Hashar in the terminal: type a question, or the number of a choice."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sys
import urllib.error
import urllib.request
from typing import Any

from bot import logs
from bot.cli.run import started
from bot.settings import Settings
from bot.system import System


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--lang", default="", help="language to begin with, such as kk")
    parser.add_argument("--sender", default="", help="go on with an earlier conversation")


def run(options: argparse.Namespace) -> int:
    """Chat until Ctrl-D; uses the Hashar that runs on PORT, else starts one for this chat."""
    settings = Settings.from_environment()
    sender = options.sender or f"terminal-{secrets.token_hex(4)}"
    address = f"http://127.0.0.1:{settings.port}"
    if _alive(address):
        return _talk(address, sender, options.lang, settings)
    return _with_own_system(settings, sender, options.lang)


def _with_own_system(settings: Settings, sender: str, language: str) -> int:
    import dataclasses

    own = dataclasses.replace(settings, port=0, host="127.0.0.1", log_level="error")
    own = dataclasses.replace(own, telegram_token="", public_url="", trusted_proxies="")
    logs.configure(own)
    print("starting …", file=sys.stderr)
    with started(own, train=True) as (store_url, rasa_url, children):

        async def main() -> int:
            system = System(own, store_url, rasa_url)
            watchers = [asyncio.create_task(child.watch()) for child in children]
            try:
                await system.start(alone=not own.redis_url)
                assert system.gateway is not None
                address = f"http://127.0.0.1:{system.gateway.port}"
                return await asyncio.to_thread(_talk, address, sender, language, own)
            finally:
                for watcher in watchers:
                    watcher.cancel()
                await system.stop()

        return asyncio.run(main())


def _talk(address: str, sender: str, language: str, settings: Settings) -> int:
    """Read lines, print answers."""
    print("Type your question, or the number of a choice. Ctrl-D ends.")
    _show(_say(address, sender, "/start", language, settings))
    while True:
        try:
            text = input("\nyou> ").strip()
        except (EOFError, KeyboardInterrupt):
            print()
            return 0
        if text:
            _show(_say(address, sender, text, language, settings))


def _show(rows: list[dict[str, Any]]) -> None:
    number = 0
    for row in rows:
        print(f"\n{row['text']}")
        for button in row.get("buttons", ()):
            number += 1
            print(f"  {number}. {button['title']}")


def _say(
    address: str, sender: str, text: str, language: str, settings: Settings
) -> list[dict[str, Any]]:
    body = {"sender": sender, "message": text, "metadata": {"language": language}}
    headers = {"Content-Type": "application/json"}
    if settings.rest_token:
        headers["Authorization"] = f"Bearer {settings.rest_token}"
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{address}/webhooks/rest/webhook", json.dumps(body).encode(), headers
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            rows: list[dict[str, Any]] = json.load(answer)
            return rows or [{"text": "(no answer in time; ask again)"}]
    except urllib.error.HTTPError as error:
        return [{"text": f"(refused: {error.read().decode(errors='replace')[:200]})"}]
    except OSError:
        return [{"text": "(Hashar does not answer; is it still running?)"}]


def _alive(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=1) as answer:  # noqa: S310
            return bool(json.load(answer).get("status") == "ok")
    except (OSError, ValueError):
        return False
