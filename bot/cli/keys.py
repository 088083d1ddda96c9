"""The keys that seal the store: what they seal, a new one, and the end of the old ones."""

from __future__ import annotations

import argparse
import asyncio
import secrets

from bot.cli.opened import opened
from bot.errors import SettingsError
from bot.settings import Settings
from bot.store.keyring import Keyring
from bot.store.reseal import Resealing
from bot.store.retention import note
from bot.store.seal import LOOK_SECONDS
from bot.store.store import Store

PASSES = 5
"""How often the whole store is walked until nothing old is found."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    what = parser.add_subparsers(dest="what", metavar="what", required=True)
    what.add_parser("status", help="how many values each key seals")
    what.add_parser("rotate", help="make a new key and seal everything with it")
    what.add_parser("reseal", help="seal everything with the newest key")
    what.add_parser("drop", help="forget the old keys, once they seal nothing")


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    settings = Settings.from_environment()
    if options.what == "rotate" and settings.secret_keys:
        return _told(settings)
    return asyncio.run(_run(settings, options.what))


def _told(settings: Settings) -> int:
    """SECRET_KEYS belongs to whoever set it: say the steps."""
    print(f"A new key: {secrets.token_urlsafe(32)}")
    print("1. Put it LAST in SECRET_KEYS everywhere and restart every process, one by one.")
    print("2. Put it FIRST everywhere and restart every process, one by one.")
    print("3. hashar keys reseal")
    print("4. When hashar keys status shows nothing for old keys, leave them out and restart.")
    return 0


async def _run(settings: Settings, what: str) -> int:
    async with opened(settings) as store:
        if what == "rotate":
            Keyring(settings.data_dir).add()
            print("A new key is first in secret.key; running processes take it over by themselves.")
            await asyncio.sleep(2 * LOOK_SECONDS)
        if what in ("rotate", "reseal"):
            await _reseal(store)
            await note(store, f"keys {what}")
        if what == "drop":
            return await _drop(settings, store)
        return await _status(store)


async def _reseal(store: Store) -> None:
    for _ in range(PASSES):
        changed = await Resealing(store).run()
        print(f"{changed} values sealed anew", flush=True)
        if not changed:
            return


async def _status(store: Store) -> int:
    ages = await Resealing(store).ages()
    print(f"{ages[0]} values sealed with the newest key")
    for age in sorted(age for age in ages if age):
        print(f"{ages[age]} values sealed with key {age + 1}: hashar keys reseal")
    if ages[None]:
        print(f"{ages[None]} values sealed with an unknown key: add it at the end of the list")
    return 1 if ages[None] else 0


async def _drop(settings: Settings, store: Store) -> int:
    if settings.secret_keys:
        raise SettingsError("SECRET_KEYS is set: leave the old keys out there and restart.")
    await _reseal(store)
    ages = await Resealing(store).ages()
    if set(ages) - {0}:
        raise SettingsError("Old or unknown keys still seal something: hashar keys status.")
    dropped = Keyring(settings.data_dir).drop_old()
    await Resealing(store).rewrite()
    await note(store, "keys drop")
    print(f"{dropped} old keys dropped; the append-only file is being written anew without them.")
    return 0
