"""A copy of this machine's store: make one while Hashar runs, bring one back."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
from datetime import datetime, timezone
from pathlib import Path

from bot import __version__
from bot.cli.opened import opened
from bot.embedded import EmbeddedStore
from bot.errors import SettingsError, StartError
from bot.settings import Settings
from bot.store.backup import lay_out, mark_answers, snapshot
from bot.store.seal import Sealer
from bot.store.store import Store

KEYS = ("secret.key", "id.key")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    what = parser.add_subparsers(dest="what", metavar="what", required=True)
    make = what.add_parser("make", help="copy the store to a new folder; Hashar may run meanwhile")
    make.add_argument("folder", type=Path)
    make.add_argument(
        "--with-keys", action="store_true", help="copy the keys too: then the copy can be read"
    )
    restore = what.add_parser("restore", help="bring a copy back to an empty DATA_DIR")
    restore.add_argument("folder", type=Path)


def run(options: argparse.Namespace) -> int:
    """Make or restore a copy; return the exit code."""
    settings = Settings.from_environment()
    if settings.redis_url:
        raise SettingsError(
            "REDIS_URL names a store of your own; copy it by its own means (docs/operations.md)."
        )
    if options.what == "make":
        return _make(settings, options.folder, options.with_keys)
    return _restore(settings, options.folder)


def _make(settings: Settings, folder: Path, with_keys: bool) -> int:
    if folder.exists() and any(folder.iterdir()):
        raise StartError(f"{folder} is not empty; name a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    count = asyncio.run(_copied(settings, folder / "store.rdb"))
    about = {
        "made": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "version": __version__,
        "shards": settings.shards,
    }
    (folder / "about.json").write_text(json.dumps(about) + "\n", encoding="ascii")
    kept = [name for name in KEYS if with_keys and (settings.data_dir / name).exists()]
    for name in kept:
        shutil.copyfile(settings.data_dir / name, folder / name)
    for file in folder.iterdir():
        file.chmod(0o600)
    print(f"{count} keys of the store are in {folder / 'store.rdb'}.")
    if kept:
        print(f"{' and '.join(kept)} too: whoever has this folder can read what people wrote.")
    else:
        where = "SECRET_KEYS and ID_KEY" if settings.secret_keys else f"{' and '.join(KEYS)}"
        print(f"Without keys: keep {where} elsewhere; nothing opens the copy without them.")
    return 0


async def _copied(settings: Settings, target: Path) -> int:
    async with opened(settings) as store:
        return await snapshot(store, target)


def _restore(settings: Settings, folder: Path) -> int:
    try:
        about = json.loads((folder / "about.json").read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise StartError(f"{folder} is no copy made by 'hashar backup make'.") from error
    if about["shards"] != settings.shards:
        raise SettingsError(f"The copy has SHARDS={about['shards']}; set SHARDS to that.")
    store = settings.data_dir / "store"
    if (store / "appendonlydir").exists():
        raise StartError(f"{store} holds a store already; set DATA_DIR to a new folder.")
    _keys(settings, folder)
    lay_out(folder / "store.rdb", store)
    embedded = EmbeddedStore(settings)
    embedded.start()
    try:
        marked = asyncio.run(_marked(settings, embedded.url))
    finally:
        embedded.stop()
    print(f"The store of {about['made']} is in {store}.")
    print(f"{marked} answers wait to be sent; they will say that they may have come before.")
    return 0


def _keys(settings: Settings, folder: Path) -> None:
    """Take over the copy's keys where there are none. Raises SettingsError when none are known."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    for name, given in zip(KEYS, (settings.secret_keys, settings.id_key), strict=True):
        target = settings.data_dir / name
        if not given and not target.exists():
            if not (folder / name).exists():
                raise SettingsError(
                    f"{name} is missing: put it into {settings.data_dir}, or set SECRET_KEYS "
                    "and ID_KEY. Without it nothing in the copy can be read."
                )
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write((folder / name).read_bytes())


async def _marked(settings: Settings, url: str) -> int:
    store = Store(settings, url, Sealer.from_settings(settings))
    try:
        return await mark_answers(store)
    finally:
        await store.close()
