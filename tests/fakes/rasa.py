"""A Rasa NLU server at its HTTP edge: understands a few words, can be slow, broken or away.

`python -m tests.fakes.rasa --port 0` runs it as a process and prints its address; `--words` names
a JSON file of words and intents.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

WORDS = {
    "passport": "guide.passport",
    "паспорт": "guide.passport",
    "birth": "guide.birth-registration",
    "hello": "greet",
    "course": "list_courses",
    "weather": "out_of_scope",
}


class FakeRasa:
    """Answers /model/parse by the first known word; `mode` is 'ok', 'error' or 'garbage'."""

    def __init__(self, words: Mapping[str, str] = WORDS) -> None:
        self.words = words
        self.mode = "ok"
        self.delay = 0.0
        self.asked = 0
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        app = web.Application()
        app.add_routes([web.post("/model/parse", self._parse), web.get("/status", self._status)])
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _status(self, request: web.Request) -> web.Response:
        if self.mode != "ok":
            return web.Response(status=500)
        return web.json_response({"model_file": "fake"})

    async def _parse(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.mode == "error":
            return web.Response(status=500)
        if self.mode == "garbage":
            return web.Response(text="<html>", content_type="text/html")
        text = (await request.json())["text"]
        name = next((intent for word, intent in self.words.items() if word in text.lower()), "")
        ranking = [{"name": name, "confidence": 0.97}] if name else []
        intent = ranking[0] if ranking else {"name": "nlu_fallback", "confidence": 0.5}
        language = "ru" if any("а" <= letter <= "я" for letter in text.lower()) else "en"
        return web.json_response(
            {
                "text": text,
                "intent": intent,
                "intent_ranking": ranking,
                "entities": [],
                "language": {"name": language, "confidence": 0.99},
            }
        )


async def _main(port: int, words: Mapping[str, str]) -> None:
    fake = FakeRasa(words)
    await fake.start(port)
    print(fake.url, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--words", type=Path)
    options = parser.parse_args()
    words = json.loads(options.words.read_text()) if options.words else WORDS
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(options.port, words))
