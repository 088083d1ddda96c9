"""Check content, make scaffolds, and mark translations as made from today's text."""

from __future__ import annotations

import argparse

from bot.library.load import Loader
from bot.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    what = parser.add_subparsers(dest="what", metavar="what", required=True)
    check = what.add_parser("check", help="list every problem, one a line; exit code 1 if any")
    check.add_argument("--hints", action="store_true", help="also list stale translations")


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    settings = Settings.from_environment()
    return check(settings, hints=options.hints)


def check(settings: Settings, hints: bool) -> int:
    """Print all problems; return 1 when there is one that stops a file from going live."""
    library, problems = Loader(settings.content_dir).load()
    wrong = [problem for problem in problems if not problem.hint]
    for problem in problems if hints else wrong:
        print(problem)
    if wrong:
        print(f"{len(wrong)} problems", flush=True)
        return 1
    texts = sum(len(guide.texts) for guide in library.guides.values())
    print(f"content is fine: {len(library.guides)} guides in {texts} texts, "
          f"{len(library.courses)} courses, {len(library.languages)} languages")
    return 0
