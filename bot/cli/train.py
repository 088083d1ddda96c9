"""Train the language model when it is missing or stale."""

from __future__ import annotations

import argparse
import subprocess
import sys


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--force", action="store_true", help="train even when nothing changed")


def run(options: argparse.Namespace) -> int:
    """Train in a process of its own; return its exit code."""
    command = [sys.executable, "-m", "nlu.train"]
    if options.force:
        command.append("--force")
    return subprocess.run(command, check=False).returncode  # noqa: S603
