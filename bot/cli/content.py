"""Check content, make scaffolds, and mark translations as made from today's text."""

from __future__ import annotations

import argparse
import json
import re
from datetime import datetime, timezone
from pathlib import Path

from bot.cli import scaffold, translate
from bot.errors import ContentError
from bot.library.coverage import WEIGHTS, coverage
from bot.library.files import FileError, parts, read_text, read_yaml, stamp
from bot.library.load import Loader
from bot.library.translation import SOURCE
from bot.settings import Settings

REPORT = Path("build/nlu-report/report.json")
"""Where `make nlu-report` leaves its figures."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    what = parser.add_subparsers(dest="what", metavar="what", required=True)
    check_ = what.add_parser("check", help="list every problem, one a line; exit code 1 if any")
    check_.add_argument("--hints", action="store_true", help="also list stale translations")
    new = what.add_parser("new", help="make files that pass the check, to be filled in")
    kinds = new.add_subparsers(dest="kind", metavar="kind", required=True)
    guide = kinds.add_parser("guide", help="a guide in all full languages")
    guide.add_argument("id")
    guide.add_argument("--life-event", default="")
    lesson = kinds.add_parser("lesson", help="a lesson at the end of a course")
    lesson.add_argument("course")
    lesson.add_argument("id")
    language = kinds.add_parser("language", help="a language: strings, titles, what is missing")
    language.add_argument("code")
    language.add_argument("--name", default="", help="in the language itself (default: CLDR's)")
    language.add_argument("--fallback", default="", help="the nearest languages: ru,en")
    language.add_argument("--rtl", action="store_true", help="written from right to left")
    missing = what.add_parser("missing", help="list what languages lack, one a line")
    missing.add_argument("code", nargs="?", default="")
    what.add_parser("status", help="how much of the content each language has")
    export = what.add_parser("export", help="write a translators' spreadsheet of a language")
    export.add_argument("language")
    export.add_argument("file", nargs="?", type=Path, help=".xlsx (default: LANGUAGE.xlsx) or .csv")
    import_ = what.add_parser("import", help="write an edited spreadsheet back into the files")
    import_.add_argument("file", type=Path)
    import_.add_argument("--partial", action="store_true", help="leave out the rows that are wrong")
    import_.add_argument("--reviewer", default="", help="who reviewed the texts set to 'reviewed'")
    stamp_ = what.add_parser("stamp", help="mark a translation as made from today's source text")
    stamp_.add_argument("file", nargs="+", type=Path)


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    settings = Settings.from_environment()
    if options.what == "check":
        return check(settings, hints=options.hints)
    if options.what == "missing":
        return missing(settings.content_dir, options.code)
    if options.what == "status":
        return status(settings.content_dir)
    if options.what == "stamp":
        for file in options.file:
            mark(file)
        return 0
    if options.what == "export":
        path = options.file or Path(f"{options.language}.xlsx")
        count = translate.export(settings.content_dir, options.language, path)
        print(f"{path}: {count} texts")
        return 0
    if options.what == "import":
        return import_(settings, options)
    made = scaffold.make(settings.content_dir, options)
    for path in made:
        print(path)
    return status(settings.content_dir, options.code) if options.kind == "language" else 0


def _languages(folder: Path, code: str) -> list[str]:
    """Return the language named, or all. Raises ContentError for one that is not shipped."""
    known = list(read_yaml(folder / "languages.yml"))
    if code and code not in known:
        raise ContentError([f"language '{code}' is not in languages.yml"])
    return [code] if code else known


def _transliterated(folder: Path, code: str) -> str:
    """Return the language that this one is made from, '' where it has texts of its own."""
    return str(read_yaml(folder / "languages.yml")[code].get("transliterated_from", ""))


def missing(folder: Path, code: str) -> int:
    """Print what a language, or each that has texts of its own, lacks."""
    rows = [
        f"{language}: {row}"
        for language in _languages(folder, code)
        if not _transliterated(folder, language)
        for row in coverage(folder, language).missing
    ]
    print("\n".join([*rows, f"{len(rows)} missing"]))
    return 0


def understood(report: Path) -> dict[str, str]:
    """Return by language the share of held-out phrases that the last `nlu.report` understood.

    A report on another pipeline or on other data names no languages; without one, {}.
    """
    try:
        found = json.loads(report.read_text(encoding="utf-8"))
        clean = (row for row in found["rows"] if "language" in found and row["noise"] == "clean")
        return {row["name"]: f"{100 * row['accuracy']:.0f}%" for row in clean}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def status(folder: Path, code: str = "", report: Path = REPORT) -> int:
    """Print how much of each part a language, or each, has, in percent, its score, and how much
    of what people ask in it was understood when that was measured last."""
    measured = understood(report)
    names = (*WEIGHTS, "stale", "score", "understood")
    print("language" + "".join(f"{part:>{max(10, len(part) + 2)}}" for part in names))
    for language in _languages(folder, code):
        if of := _transliterated(folder, language):
            share = f"; understood {measured[language]}" if language in measured else ""
            print(f"{language:8}  automatic transliteration of {of}, not reviewed{share}")
            continue
        found = coverage(folder, language)
        shares = "".join(f"{100 * share:>9.0f}%" for share in found.shares.values())
        last = measured.get(language, "-")
        print(f"{language:8}{shares}{found.stale:>10}{100 * found.score:>9.0f}%{last:>12}")
    if measured:
        day = datetime.fromtimestamp(report.stat().st_mtime, timezone.utc).strftime("%Y-%m-%d")
        print(f"understood: right of the held-out phrases, `make nlu-report` of {day}")
    else:
        print("understood: not measured yet; `make nlu-report` does")
    return 0


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
    print(
        f"content is fine: {len(library.guides)} guides in {texts} texts, "
        f"{len(library.courses)} courses, {len(library.languages)} languages"
    )
    return 0


def import_(settings: Settings, options: argparse.Namespace) -> int:
    """Bring a spreadsheet in; print every problem and what was written; return the exit code."""
    done = translate.bring_in(
        settings.content_dir, options.file, options.partial, options.reviewer.strip()
    )
    for line in (*done.problems, *done.notes, *map(str, done.files)):
        print(line)
    if done.problems and not options.partial:
        print(f"{len(done.problems)} problems; nothing was written")
    else:
        print(f"{done.texts} texts changed in {len(done.files)} files")
    return 1 if done.problems else 0


def mark(file: Path) -> None:
    """Write into a translation the stamp of the source text that it was made from.

    Raises ContentError when either file cannot be read.
    """
    try:
        mark = stamp(*parts(file.with_name(f"{SOURCE}{file.suffix}")))
        text = read_text(file)
        if "status" not in parts(file)[0]:
            raise FileError("has no 'status', so it cannot say what it was made from")
    except FileError as error:
        raise ContentError([f"{file}: {error}"]) from error
    line = f"translated_from: {SOURCE}@{mark}"
    if re.search(r"^translated_from:.*$", text, re.MULTILINE):
        text = re.sub(r"^translated_from:.*$", line, text, count=1, flags=re.MULTILINE)
    else:
        text = re.sub(r"^(status:.*)$", rf"\1\n{line}", text, count=1, flags=re.MULTILINE)
    file.write_text(text, encoding="utf-8")
    print(f"{file}: {line}")
