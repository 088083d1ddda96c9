"""A new model beside the running one: train, compare, and swap only what is not worse."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

import aiohttp

from bot.embedded import rasa_address
from bot.settings import Settings

EMBEDDINGS = ".embeddings.npz"
"""The training's cache beside the models: with it, only what is new is embedded."""

KEPT_MODELS = 3
"""The newest, and those to go back to."""

SWAP_SECONDS = 120.0
"""Loading a model takes up to half a minute on one busy core."""


async def learn(settings: Settings, short: bool = False) -> bool:
    """Train a candidate, compare it with the present model, swap it in when it is not worse.

    Runs beside the running system at low priority; tells its steps on stdout. The rule is that
    of `python -m nlu.judge`. Returns whether the candidate is the model now.
    """
    models = settings.models_dir.absolute()
    models.mkdir(parents=True, exist_ok=True)
    present = _newest(models)
    folder = Path(tempfile.mkdtemp(prefix=".candidate-", dir=models))
    try:
        candidate = await _trained(settings, folder)
        if candidate is None:
            print("The training failed; see the lines above. Nothing was swapped.")
            return False
        if present and not await _not_worse(present, candidate, short):
            return False
        target = models / candidate.name
        os.utime(candidate)
        os.replace(candidate, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    await _swap(settings, target)
    for old in _models(models)[:-KEPT_MODELS]:
        old.unlink(missing_ok=True)
    return True


def _models(folder: Path) -> list[Path]:
    """Return the models of a folder, newest last."""
    return sorted(folder.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)


def _newest(folder: Path) -> Path | None:
    return next(reversed(_models(folder)), None)


async def _trained(settings: Settings, folder: Path) -> Path | None:
    """Return the model of today's content, trained into a folder of its own."""
    content = str(settings.content_dir.absolute())
    environment = {
        **os.environ,
        "MODELS_DIR": str(folder),
        "CONTENT_DIR": content,
        # What was embedded for earlier models is not embedded again: a minute, not seven.
        "EMBEDDINGS_CACHE": str(folder.parent / EMBEDDINGS),
    }
    code = await _run(["-m", "nlu.train"], environment)
    return _newest(folder) if code == 0 else None


async def _not_worse(present: Path, candidate: Path, short: bool) -> bool:
    print("comparing with the present model, language by language …", flush=True)
    more = ["--short"] if short else []
    code = await _run(["-m", "nlu.judge", str(present), str(candidate), *more], {**os.environ})
    if code:
        print("The new model is not taken: see above what got worse.")
    return code == 0


async def _run(arguments: list[str], environment: dict[str, str]) -> int:
    """Run a Python program at low priority, its words on our terminal; return its exit code."""
    command = ["nice", "-n", "10", sys.executable, *arguments]
    child = await asyncio.create_subprocess_exec(
        *command, env={**environment, "RASA_TELEMETRY_ENABLED": "false"}, stdout=sys.stderr
    )
    try:
        return await child.wait()
    finally:
        if child.returncode is None:
            child.terminate()


async def _swap(settings: Settings, model: Path) -> None:
    """Hand the model to the running Rasa; it answers with the old one until the new is loaded."""
    url = settings.rasa_url
    if not url and rasa_address(settings).exists():
        url = rasa_address(settings).read_text(encoding="ascii").strip()
    try:
        if not url:
            raise aiohttp.ClientError
        timeout = aiohttp.ClientTimeout(total=SWAP_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.put(f"{url}/model", json={"model_file": str(model)}) as answer,
        ):
            swapped = answer.status == 204
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
        swapped = False
    how = "in use now" if swapped else "used from the next start of Rasa (none answers now)"
    print(f"{model.name}: {how}.")
