"""A translator's spreadsheet as a test edits it, and the content that it comes from."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from bot.cli import translate

ROOT = Path(__file__).parent.parent.parent
GUIDES = ("emergency", "passport", "pension")


def some_content(folder: Path) -> Path:
    """Copy the real content with three guides and one lesson, in all languages, into a folder."""

    def others(parent: str, names: list[str]) -> list[str]:
        if parent.endswith("guides"):
            return [name for name in names if name not in GUIDES]
        return [name for name in names if name[:2].isdecimal() and name[:2] != "01"]

    return Path(shutil.copytree(ROOT / "content", folder / "content", ignore=others))


def bytes_of(folder: Path) -> dict[Path, bytes]:
    """Return every file of a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Sheet:
    """The spreadsheet of one language as a translator edits it."""

    def __init__(self, content: Path, language: str, kind: str = "csv") -> None:
        self.content = content
        self.path = content.parent / f"{language}.{kind}"
        translate.export(content, language, self.path)
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            self.rows = list(csv.DictReader(file)) if kind == "csv" else []
        self.column = f"translation ({language})"

    def number(self, unit: str) -> int:
        return [row["id"] for row in self.rows].index(unit) + 2

    def write(self, unit: str, text: str, **others: str) -> Sheet:
        row = self.rows[self.number(unit) - 2]
        row.update({self.column: text} if text else {})
        row.update(others)
        return self

    def save(self, encoding: str = "utf-8-sig", delimiter: str = ",") -> Sheet:
        with self.path.open("w", encoding=encoding, newline="", errors="replace") as file:
            writer = csv.DictWriter(file, list(self.rows[0]), delimiter=delimiter)
            writer.writeheader()
            writer.writerows(self.rows)
        return self

    def bring_in(self, partial: bool = False, reviewer: str = "") -> translate.Imported:
        return translate.bring_in(self.content, self.path, partial, reviewer)
