"""Print all settings with their defaults, as docs/settings.md has them."""

from __future__ import annotations

import argparse
import dataclasses
import sys

from bot.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments: none."""


def run(options: argparse.Namespace) -> int:
    """Print the table; return the exit code."""
    sys.stdout.write(table())
    return 0


def table() -> str:
    """Return the settings as a Markdown table."""
    rows = ["| variable | default | what it does |", "|---|---|---|"]
    for one in dataclasses.fields(Settings):
        default = str(one.default).lower() if isinstance(one.default, bool) else str(one.default)
        shown = f"`{default}`" if default else "(empty)"
        rows.append(f"| `{one.name.upper()}` | {shown} | {one.metadata['about']} |")
    return "\n".join(rows) + "\n"
