"""One phrase is taught beside the running system: trained, judged, swapped in, or put back.

The programs that train and judge are played here (a training takes minutes); what they are asked
for, and what becomes of models, content and Rasa, is real.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.cli import learn
from bot.embedded import rasa_address
from bot.settings import Settings


class Programs:
    """Plays `python -m nlu.train` and `nlu.judge`: the codes are what they end with."""

    def __init__(self) -> None:
        self.codes = {"nlu.train": 0, "nlu.judge": 0}
        self.judged: list[str] = []

    async def run(self, arguments: list[str], environment: dict[str, str]) -> int:
        program = arguments[1]
        if program == "nlu.train" and not self.codes[program]:
            (Path(environment["MODELS_DIR"]) / "nlu-new.tar.gz").write_text("new")
            Path(environment["EMBEDDINGS_CACHE"]).write_text("with the new phrase")
        if program == "nlu.judge":
            self.judged = [Path(one).name for one in arguments[2:4]]
        return self.codes[program]


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Programs:
    played = Programs()
    monkeypatch.setattr(learn, "_run", played.run)
    return played


@pytest.fixture
def site(base_settings: Settings, tmp_path: Path) -> Settings:
    """A site with two models, the second newer, and a cache of vectors."""
    models = tmp_path / "models"
    models.mkdir()
    for age, name in ((200, "nlu-older"), (100, "nlu-present")):
        path = models / f"{name}.tar.gz"
        path.write_text(name)
        os.utime(path, (path.stat().st_atime - age, path.stat().st_mtime - age))
    (models / learn.EMBEDDINGS).write_text("before")
    return dataclasses.replace(base_settings, models_dir=models, data_dir=tmp_path)


@pytest.fixture
async def swapped(site: Settings) -> AsyncIterator[list[Any]]:
    """What the running Rasa was told to load."""
    told: list[Any] = []

    async def put(request: web.Request) -> web.Response:
        told.append(Path((await request.json())["model_file"]).name)
        return web.Response(status=204)

    app = web.Application()
    app.router.add_put("/model", put)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    rasa_address(site).write_text(f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield told
    await runner.cleanup()


def models(site: Settings) -> set[str]:
    return {path.name for path in site.models_dir.iterdir()}


async def test_a_model_that_is_not_worse_is_swapped_in(
    site: Settings, programs: Programs, swapped: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Judged against the present one, put beside it, and handed to the running Rasa."""
    assert await learn.learn(site, short=True)
    assert programs.judged == ["nlu-present.tar.gz", "nlu-new.tar.gz"]
    assert swapped == ["nlu-new.tar.gz"]
    assert "in use now" in capsys.readouterr().out
    assert models(site) == {
        "nlu-older.tar.gz", "nlu-present.tar.gz", "nlu-new.tar.gz", learn.EMBEDDINGS,
    }  # fmt: skip


async def test_what_was_embedded_is_kept(
    site: Settings, programs: Programs, swapped: list[Any]
) -> None:
    """The vectors of the new phrases are not made again by the next training."""
    await learn.learn(site)
    assert (site.models_dir / learn.EMBEDDINGS).read_text() == "with the new phrase"


async def test_old_models_go(site: Settings, programs: Programs, swapped: list[Any]) -> None:
    """However often something is taught, three models stay."""
    for number in range(4):
        shutil.copy(site.models_dir / "nlu-older.tar.gz", site.models_dir / f"nlu-{number}.tar.gz")
    await learn.learn(site)
    left = [name for name in models(site) if name.endswith(".tar.gz")]
    assert len(left) == learn.KEPT_MODELS
    assert "nlu-new.tar.gz" in left


@pytest.mark.parametrize("program", ["nlu.train", "nlu.judge"])
async def test_a_worse_model_changes_nothing(
    site: Settings, programs: Programs, swapped: list[Any], program: str
) -> None:
    """A failed training, or a language that got worse: same models, and Rasa hears nothing."""
    before = {name for name in models(site) if name.endswith(".tar.gz")}
    programs.codes[program] = 1
    assert not await learn.learn(site)
    assert {name for name in models(site) if name.endswith(".tar.gz")} == before
    assert swapped == []
    assert not [name for name in models(site) if name.startswith(".candidate")]


async def test_without_a_running_rasa_it_is_said(
    site: Settings, programs: Programs, capsys: pytest.CaptureFixture[str]
) -> None:
    """The model is used from the next start on."""
    assert await learn.learn(site)
    assert "from the next start" in capsys.readouterr().out
