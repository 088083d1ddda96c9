"""The keys of the store rotate while people write: nothing is lost, the old key opens nothing."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Settings
from bot.store.keyring import Keyring
from bot.store.reseal import Resealing
from bot.store.seal import Sealer
from bot.store.store import Store
from bot.system import System
from tests.chat import Chat
from tests.conftest import _library
from tests.fakes.rasa import FakeRasa

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def with_file(
    settings: Settings, fake_rasa: FakeRasa, tmp_path: Path
) -> AsyncIterator[System]:
    """A running system whose keys are in its data folder."""
    own = dataclasses.replace(settings, data_dir=tmp_path, secret_keys="", id_key="")
    system = System(own, own.redis_url, fake_rasa.url, library=_library())
    await system.start(alone=True)
    yield system
    await system.stop()


async def keys(system: System, what: str) -> tuple[int, str]:
    """Run `hashar keys …` as an admin does, beside the running system."""
    settings = system.settings
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "keys", what),
        env={**os.environ, "DATA_DIR": str(settings.data_dir), "REDIS_URL": settings.redis_url},
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await child.communicate()
    assert child.returncode is not None
    return child.returncode, output.decode()


async def test_rotation_while_people_write(with_file: System, fake_rasa: FakeRasa) -> None:
    """Ten people write all the time; parked texts, mailboxes and states move to the new key."""
    folder = with_file.settings.data_dir
    old = Keyring(folder).keys()
    async with Chat.with_system(with_file) as chat:
        people = [chat.other() for _ in range(10)]
        fake_rasa.mode = "error"
        await chat.say("passport please")  # parked
        fake_rasa.mode = "ok"
        ended = asyncio.Event()
        said: list[str] = []

        async def write(person: Chat) -> None:
            while not ended.is_set():
                said.append(await person.say("/menu"))
                await asyncio.sleep(0.02)

        writing = [asyncio.create_task(write(person)) for person in people]
        await asyncio.sleep(0.3)
        code, told = await keys(with_file, "rotate")
        assert code == 0, told
        assert "values sealed with the newest key" in told
        code, told = await keys(with_file, "drop")
        assert code == 0, told
        assert "1 old keys dropped" in told
        ended.set()
        await asyncio.gather(*writing)
        assert len(said) > 20
        assert all("What is it about?" in answer for answer in said)
        assert Keyring(folder).keys()[1:] == []
        assert Keyring(folder).keys() != old
        assert stat.S_IMODE((folder / "secret.key").stat().st_mode) == 0o600
        ages = await Resealing(with_file.store).ages()
        assert set(ages) == {0}, ages
        assert "Messages from you" in await people[0].say("/export")
    forgotten = Store(
        with_file.settings, with_file.settings.redis_url, Sealer(old, "not the same id key")
    )
    assert set(await Resealing(forgotten).ages()) == {None}
    await forgotten.close()


async def test_old_keys_stay_as_long_as_they_are_needed(with_file: System) -> None:
    """A value of a key that nobody knows stops `drop`; the sentence says what to do."""
    stranger = Sealer(["stranger"], "id")
    await with_file.store.client.hset("{hashar:unanswered}:2026-01-01", "x", stranger.seal("x"))
    Keyring(with_file.settings.data_dir).add()
    code, told = await keys(with_file, "drop")
    assert code != 0
    assert "still seal something" in told
    assert len(Keyring(with_file.settings.data_dir).keys()) == 2


async def test_streams_keep_ids_and_order(store: Store) -> None:
    """Entries of a stream are sealed anew in place: ids, order, last id and life time stay."""
    old, client = store.sealer, store.client
    first = [await client.xadd("s", {"c": "x", "u": old.seal(str(n))}) for n in range(5)]
    await client.xdel("s", first[-1])
    await client.expire("s", 100)
    last = (await client.xinfo_stream("s"))["last-generated-id"]
    store.sealer = Sealer(["new", "test-key"], "test-id")
    assert await Resealing(store).run() == 4
    assert await Resealing(store).run() == 0
    rows = await client.xrange("s")
    assert [entry for entry, _ in rows] == first[:-1]
    assert [store.sealer.open(fields[b"u"]) for _, fields in rows] == list("0123")
    assert all(store.sealer.age(fields[b"u"]) == 0 for _, fields in rows)
    assert (await client.xinfo_stream("s"))["last-generated-id"] == last
    assert 90 < await client.ttl("s") <= 100


def test_a_running_process_takes_over_a_new_key(tmp_path: Path) -> None:
    """What another process sealed with a key made meanwhile is opened at once."""
    settings = Settings(data_dir=tmp_path)
    early = Sealer.from_settings(settings)
    sealed = early.seal("before")
    Keyring(tmp_path).add()
    late = Sealer.from_settings(settings)
    assert early.open(late.seal("after")) == "after"
    assert late.open(sealed) == "before"
    assert late.age(sealed) == 1
    Keyring(tmp_path).drop_old()
    with pytest.raises(SettingsError, match="not in SECRET_KEYS"):
        Sealer.from_settings(settings).open(sealed)
