"""Run one role in a process of its own: gateway, worker or sender. Needs REDIS_URL."""

from __future__ import annotations

import argparse

import uvloop

from bot import logs
from bot.cli.run import serve
from bot.errors import SettingsError
from bot.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments: none, all is in the settings."""


def run(options: argparse.Namespace) -> int:
    """Serve the role that the command names until Ctrl-C; return the exit code."""
    settings = Settings.from_environment()
    logs.configure(settings)
    if not settings.redis_url:
        raise SettingsError(f"REDIS_URL must be set to run the {options.command} by itself.")
    if not settings.rasa_url and options.command != "sender":
        raise SettingsError(f"RASA_URL must be set to run the {options.command} by itself.")
    roles = (options.command,)
    return uvloop.run(serve(settings, settings.redis_url, settings.rasa_url, roles))
