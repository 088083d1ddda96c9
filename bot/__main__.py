"""`hashar`: run the system, talk to it, check and scaffold content."""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys

from bot import __version__
from bot.errors import HasharError

COMMANDS = {
    "run": ("run", "run everything on this machine"),
    "chat": ("chat", "talk to Hashar in the terminal"),
    "ask": ("ask", "ask one question and see how it is understood"),
    "content": ("content", "check, scaffold and stamp content files"),
    "unanswered": ("unanswered", "list what was not understood, teach it, erase it"),
    "audit": ("audit", "list which admin commands changed something, and when"),
    "backup": ("backup", "copy the store of this machine, or bring a copy back"),
    "keys": ("keys", "rotate the keys that seal the store"),
    "train": ("train", "train the language model"),
    "settings": ("settings", "print all settings and their defaults"),
    "gateway": ("role", "run only the HTTP side"),
    "worker": ("role", "run only a worker"),
    "sender": ("role", "run only a sender"),
}
"""Command -> module of bot.cli, and its line of help."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code. Errors print one clear sentence."""
    parser = argparse.ArgumentParser(prog="hashar", description=__doc__)
    parser.add_argument("--version", action="version", version=f"hashar {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    gc.disable()  # what imports make is no garbage; to look through it takes a tenth of the start
    given = (sys.argv[1:] if arguments is None else arguments)[:1]
    for name, (file, about) in COMMANDS.items():
        command = commands.add_parser(name, help=about)
        if given == [name]:  # only the command that runs is imported
            module = importlib.import_module(f"bot.cli.{file}")
            command.description = module.__doc__
            module.arguments(command)
            command.set_defaults(run=module.run)
    gc.freeze()
    gc.enable()
    options = parser.parse_args(arguments)
    # Passages are embedded beside the turns: a second thread would spin and slow both.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        return int(options.run(options) or 0)
    except HasharError as error:
        print(f"hashar: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
