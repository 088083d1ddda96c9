"""A running system and its HTTP interface: bad requests against a real gateway and store."""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from aiohttp.test_utils import TestServer

from actions.server import ActionServer
from bot.embedded import EmbeddedStore
from bot.library.live import LiveLibrary
from bot.settings import Settings
from bot.store.figures import figures
from bot.system import System
from tests.fakes.rasa import FakeRasa
from tests.fakes.telegram import TOKEN, FakeTelegram
from tests.fakes.telegram_post import SECRET_HEADER
from tests.security.fuzz.inputs import ATOMS, CANARY, mutated, raw, seeded
from tests.security.fuzz.parsers import FRAMES, TRACKER, UPDATES
from tests.security.fuzz.run import Target

BATCH = 20
SECRET = "fuzz-secret"
T = TypeVar("T")

REST = [{"sender": "a", "message": "/menu", "metadata": {"language": "ru"}}]
PARSE = [{"text": "hello"}]
POSTS: list[tuple[str, list[Any]]] = [
    ("/webhooks/telegram", UPDATES),
    ("/web/messages", FRAMES),
    ("/webhooks/rest/webhook", REST),
    ("/model/parse", PARSE),
    ("/actions", [{"next_action": "action_hashar", "tracker": TRACKER}]),
]
PATHS = (
    "/",
    "/web/messages",
    "/web/strings",
    "/static/hashar-chat.js",
    "/web/socket",
    "/x",
    "/status",
)
TYPES = (
    "application/json",
    "application/json",
    "application/json; charset=utf-16",
    "text/plain",
    "x",
    "",
)


class Served:
    """The whole system and our actions' server, in a thread with a loop of its own."""

    def __init__(self, live: LiveLibrary) -> None:
        self.live = live
        self.folder = Path(tempfile.mkdtemp(prefix="hashar-fuzz-"))
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.store = EmbeddedStore(Settings(data_dir=self.folder))

    def call(self, work: Coroutine[Any, Any, T], seconds: float = 60) -> T:
        """Return what a coroutine returns in the loop of the system."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self.loop)
        return future.result(seconds)

    def __enter__(self) -> Served:
        self.store.start()
        self._thread.start()
        self.call(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self.call(self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.store.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _start(self) -> None:
        self.rasa, self.telegram = FakeRasa(), FakeTelegram()
        await self.rasa.start()
        await self.telegram.start()
        settings = Settings(
            port=0,
            data_dir=self.folder,
            user_rate=0,
            shards=2,
            passage_vectors=False,
            secret_keys="fuzz",
            id_key="fuzz",
            rest_token=SECRET,
            metrics_token=SECRET,
            actions_token=SECRET,
            telegram_token=TOKEN,
            telegram_api_url=self.telegram.url,
            telegram_webhook_secret=SECRET,
            telegram_rate=100_000.0,
            public_url="http://127.0.0.1:1",
            log_format="json",
        )
        self.system = System(settings, self.store.url, self.rasa.url, library=self.live)
        await self.system.start(alone=True)
        self.actions = TestServer(ActionServer(self.live, settings).application())
        await self.actions.start_server()
        assert self.system.gateway is not None
        self.url = f"http://127.0.0.1:{self.system.gateway.port}"
        self.http = aiohttp.ClientSession(auto_decompress=False)
        self.headers = {"Authorization": f"Bearer {SECRET}", SECRET_HEADER: SECRET}

    async def _stop(self) -> None:
        await self.http.close()
        await self.actions.close()
        await self.system.stop()
        await self.telegram.close()
        await self.rasa.stop()

    def settle(self, seconds: float = 30) -> str:
        """Let what was begun end; return what did not."""

        async def idle() -> str:
            for _ in range(int(seconds * 5)):
                queues = (await figures(self.system.store)).queues
                if not any(queues[name][0] for name in ("inbox", "outbox", "parked")):
                    return ""
                await asyncio.sleep(0.2)
            return f"waits for ever: {queues}"

        return self.call(idle(), seconds * 2)

    # -- requests --------------------------------------------------------------------------

    async def send(self, path: str, data: bytes, content_type: str) -> None:
        """Post a body to a route; raise when it is answered as nothing ever may be."""
        address = self.url + path
        if path == "/actions":
            address = str(self.actions.make_url("/webhook"))
        headers = {**self.headers, "Content-Type": content_type}
        async with self.http.post(address, data=data, headers=headers) as answer:
            text = await answer.text(errors="replace")
            assert answer.status < 500, f"{path}: {answer.status}"
            if answer.status >= 400 and path != "/actions":
                assert CANARY not in text, f"{path}: quotes the input"

    async def ask(self, path: str, query: str, headers: dict[str, str]) -> None:
        """Get an address with odd queries and headers."""
        from yarl import URL

        address = URL(f"{self.url}{path}?{query}", encoded=True)
        async with self.http.get(address, headers=headers, allow_redirects=False) as answer:
            text = await answer.text(errors="replace")
            assert answer.status < 500, f"{path}: {answer.status}"
            assert "<script>x" not in text, f"{path}: echoes markup"

    async def talk(self, frames: list[bytes]) -> None:
        """Send frames on one socket; it may close, it may not fail."""
        async with self.http.ws_connect(self.url + "/web/socket") as line:
            for data in frames:
                try:
                    await line.send_str(data.decode("utf-8", "replace"))
                except ConnectionError:
                    return
            await line.send_json({"ping": True})
            while True:
                frame = await asyncio.wait_for(line.receive(), 10)
                if frame.type is not aiohttp.WSMsgType.TEXT:
                    assert line.close_code in (1000, 1003, 1007, 1008, 1009, 4008), line.close_code
                    return
                if "pong" in frame.data:
                    return

    async def shout(self, data: bytes) -> None:
        """Send bytes that are no HTTP, or nearly."""
        reader, writer = await asyncio.open_connection(*self.url[7:].split(":"))
        try:
            writer.write(data)
            writer.write_eof()
            answer = await asyncio.wait_for(reader.read(), 10)
            assert b" 500 " not in answer.split(b"\r\n", 1)[0], answer[:100]
        except ConnectionError:
            pass
        finally:
            writer.close()

    def all(self, works: list[Coroutine[Any, Any, None]]) -> None:
        """Do many requests at once; raise the first failure."""

        async def gathered() -> None:
            done = await asyncio.gather(*works, return_exceptions=True)
            for error in done:
                if isinstance(error, BaseException):
                    raise error

        self.call(gathered())


def targets(served: Served) -> list[Target]:
    """Return the ways in over HTTP, with their part of the whole."""

    def posts(rng: random.Random) -> list[tuple[str, bytes, str]]:
        found = []
        for _ in range(BATCH):
            path, samples = rng.choice(POSTS)
            data = raw(mutated(rng.choice(samples), rng), rng)
            found.append((path, data, rng.choice(TYPES)))
        return found

    def gets(rng: random.Random) -> list[tuple[str, str, dict[str, str]]]:
        return [(rng.choice(PATHS), _query(rng), _headers(rng)) for _ in range(BATCH)]

    def frames(rng: random.Random) -> list[bytes]:
        return [raw(mutated(rng.choice(FRAMES), rng), rng) for _ in range(BATCH)]

    def shouts(rng: random.Random) -> list[bytes]:
        return [_shout(rng) for _ in range(BATCH)]

    return [
        Target(
            "HTTP bodies",
            seeded(posts),
            lambda value: served.all([served.send(*one) for one in value]),
            2,
            BATCH,
        ),
        Target(
            "HTTP addresses and headers",
            seeded(gets),
            lambda value: served.all([served.ask(*one) for one in value]),
            1,
            BATCH,
        ),
        Target("WebSocket frames", seeded(frames), lambda v: served.call(served.talk(v)), 1, BATCH),
        Target(
            "bytes on the port",
            seeded(shouts),
            lambda value: served.all([served.shout(one) for one in value]),
            0.5,
            BATCH,
        ),
    ]


def _query(rng: random.Random) -> str:
    names = ("lang", "after", "wait", "sent", "all", "token", "v", "x", "")
    values = (
        "",
        "0",
        "1-1",
        "-1",
        "9" * 30,
        "%ff",
        "%00",
        "%3Cscript%3Ex",
        "ru",
        "..%2f..",
        "%",
        CANARY,
    )
    parts = [f"{rng.choice(names)}={rng.choice(values)}" for _ in range(rng.randint(0, 4))]
    return "&".join(parts).replace("wait=9", "wait=0")


def _headers(rng: random.Random) -> dict[str, str]:
    names = ("Cookie", "Accept-Language", "Host", "Origin", "X-Forwarded-For", "If-None-Match")
    names += ("Authorization", "Range", "Accept-Encoding", "Sec-Fetch-Site", "Upgrade", "Forwarded")
    found = {}
    for _ in range(rng.randint(0, 4)):
        value = (
            str(rng.choice(ATOMS)).replace("\r", "").replace("\n", "").replace("\x00", "")[:3000]
        )
        found[rng.choice(names)] = value.encode("utf-8", "replace").decode("latin-1")
    return found


def _shout(rng: random.Random) -> bytes:
    head = b"POST /web/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    data = bytearray(head + b"Content-Length: 5\r\n\r\n[1,2]")
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data))
        extra = rng.choice(
            (b"\r\n", b"\x00", b"\xff", b"Transfer-Encoding: chunked\r\n", b"9" * 20)
        )
        data[at : at + rng.choice((0, 0, 5))] = rng.choice((extra, rng.randbytes(3)))
    return bytes(data)
