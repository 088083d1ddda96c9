"""New guides, lessons and languages: files that pass the check and say what to fill in."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.languages import get_official_languages

from bot.errors import ContentError
from bot.library.files import read_text, read_yaml
from bot.library.model import SECTIONS

_ID = re.compile(r"^[a-z][a-z0-9-]{1,23}$")
_CODE = re.compile(r"^[a-z]{2,3}(-[A-Z][a-z]{3})?$")


def make(folder: Path, options: argparse.Namespace) -> list[Path]:
    """Make the files of one kind; return their paths. Raises ContentError, overwrites nothing."""
    makers: dict[str, Callable[[Path, argparse.Namespace], dict[Path, str]]] = {
        "guide": _guide,
        "lesson": _lesson,
        "language": _language,
    }
    files = makers[options.kind](folder, options)
    taken = [path for path in files if path.exists() and path.name != "languages.yml"]
    if taken:
        raise ContentError([f"{path}: exists already" for path in taken])
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def _checked(text: str, pattern: re.Pattern[str], what: str) -> str:
    if not pattern.match(text):
        raise ContentError([f"'{text}' cannot be {what}; see docs/content.md"])
    return text


def _month() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m")


def _full_languages(folder: Path) -> list[str]:
    """Return the languages that have every section of the first guide."""
    guides = sorted((folder / "guides").iterdir())
    first = next((guide for guide in guides if (guide / "en.md").exists()), None)
    if first is None:
        return ["en"]
    full = [path.stem for path in sorted(first.glob("*.md")) if "\n## " in read_text(path)]
    return ["en", *(code for code in full if code != "en")]


def _guide(folder: Path, options: argparse.Namespace) -> dict[Path, str]:
    name = _checked(options.id, _ID, "the id of a guide")
    site = read_yaml(folder / "site.yml")
    event = options.life_event or site["life_events"][0]
    if event not in site["life_events"]:
        known = ", ".join(site["life_events"])
        raise ContentError([f"life event '{event}' is not in site.yml (known: {known})"])
    home = folder / "guides" / name
    facts = (
        f"life_event: {event}\norder: 100\nchecked_on: {_month()}\n"
        "sources: {}\n# my-source: {title: …, url: https://…, date: 2026-01-31}\n"
        "facts: {}\n# fee: {money: {multiple: 1, of: mci}, source: my-source, confidence: M}\n"
        "next: []\n"
    )
    title = name.replace("-", " ").capitalize()
    body = "".join(
        f"\n## {section}\nNo checked facts yet. Ask the contact centre: {{contact_phone}}.\n"
        for section in SECTIONS
        if section not in ("time", "without-phone")
    )
    files = {home / "guide.yml": facts}
    for code in _full_languages(folder):
        status = "original" if code == "en" else "draft"
        files[home / f"{code}.md"] = (
            f"---\ntitle: {title}\nshort: >-\n  No checked answer yet. "
            f"Ask the contact centre: {{contact_phone}}.\nasks: []\nstatus: {status}\n---\n{body}"
        )
    return files


def _lesson(folder: Path, options: argparse.Namespace) -> dict[Path, str]:
    home = folder / "courses" / options.course
    if not (home / "course.yml").exists():
        raise ContentError([f"{home}: there is no such course"])
    numbers = [int(path.name[:2]) for path in home.iterdir() if path.name[:2].isdecimal()]
    name = f"{max(numbers, default=0) + 1:02d}-{options.id}"
    _checked(options.id, _ID, "the id of a lesson")
    _checked("x" + name, _ID, "the id of a lesson (at most 20 characters)")
    source = next(iter(read_yaml(home / "course.yml")["sources"]))
    facts = (
        f"sources: [{source}]\nconfidence: M\nquiz:\n  - id: q1\n    options: 3\n    answer: a\n"
    )
    title = options.id.replace("-", " ").capitalize()
    files = {home / name / "lesson.yml": facts}
    for path in sorted(home.glob("*.md")):
        if not (
            home / sorted(p.name for p in home.iterdir() if p.is_dir())[0] / path.name
        ).exists():
            continue
        status = "original" if path.stem == "en" else "draft"
        files[home / name / path.name] = (
            f"---\ntitle: {title}\nstatus: {status}\nquiz:\n  q1:\n    question: The question?\n"
            "    options: {a: The right one, b: Another, c: A third}\n"
            "    right: Yes, because …\n    wrong: No, because …\n---\nOne idea, in plain words.\n"
        )
    return files


def _language(folder: Path, options: argparse.Namespace) -> dict[Path, str]:
    """A language begins with nothing of its own: all comes in the nearest language, and says so."""
    code = _checked(options.code, _CODE, "a language code")
    known = read_yaml(folder / "languages.yml")
    if code in known:
        raise ContentError([f"language '{code}' is in languages.yml already"])
    locale = _locale(code)
    name = options.name or (locale.get_display_name(code) if locale else "") or code
    rtl = options.rtl or bool(locale and locale.character_order == "right-to-left")
    near = options.fallback.split(",") if options.fallback else _near(folder, code, list(known))
    if unknown := [one for one in near if one not in known]:
        raise ContentError([f"language '{unknown[0]}' to fall back to is not in languages.yml"])
    row = (
        f"{code}: {{name: {name[:1].upper() + name[1:]}, direction: {'rtl' if rtl else 'ltr'}, "
        f"fallback: [{', '.join(near)}], unfinished: true}}\n"
    )
    english = read_text(folder / "strings" / "en.yml").splitlines()
    lines = [line if not line or line.startswith("#") else f"# {line}" for line in english]
    head = (
        "# Draft. Not reviewed by a native speaker. Take the '#' from a line and translate it;\n"
        "# or fill in the spreadsheet of `hashar content export`. What is missing comes in the\n"
        "# nearest language. When nothing is missing, take 'unfinished' out of languages.yml.\n\n"
    )
    return {
        folder / "languages.yml": read_text(folder / "languages.yml").rstrip("\n") + "\n" + row,
        folder / "strings" / f"{code}.yml": head + "\n".join(lines) + "\n",
    }


def _locale(code: str) -> Locale | None:
    try:
        return Locale.parse(code.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return None


def _near(folder: Path, code: str, known: list[str]) -> list[str]:
    """Return the state's languages in the script of this one, then English (CLDR).

    People read a neighbour in their own script; with `--fallback` others are named.
    """
    country = read_yaml(folder / "site.yml")["country"]
    official = [one for one in get_official_languages(country, de_facto=True) if one in known]
    same = [one for one in official if _script(one) == _script(code)]
    return list(dict.fromkeys([*same, *(["en"] if "en" in known else known[:1])]))


def _script(code: str) -> str:
    likely = str(get_global("likely_subtags").get(code.partition("-")[0], ""))
    named = code.partition("-")[2]
    return named or next((part for part in likely.split("_") if len(part) == 4), "Latn")
