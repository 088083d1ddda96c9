"""Which admin commands changed something, and when. No names: Hashar knows none."""

from __future__ import annotations

import argparse
import asyncio
from datetime import datetime, timezone

from bot.cli.opened import opened
from bot.settings import Settings
from bot.store.retention import notes


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments: none."""


def run(options: argparse.Namespace) -> int:
    """Print one line a command, oldest first; return the exit code."""
    return asyncio.run(_list(Settings.from_environment()))


async def _list(settings: Settings) -> int:
    async with opened(settings) as store:
        for when, what in await notes(store):
            moment = datetime.fromtimestamp(when, timezone.utc)
            print(f"{moment:%Y-%m-%d %H:%M} UTC  {what}")
    return 0
