"""The translators' spreadsheet: all texts of a language out, and what was edited back in."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from bot.cli import sheets
from bot.cli.sheets import Cell, Line
from bot.errors import ContentError
from bot.library.check import PLACEHOLDER
from bot.library.files import FileError, read_yaml
from bot.library.load import Loader
from bot.library.reader import Problem
from bot.library.translation import SOURCE, Translation, Unit, digest, trimmed

_EXCEL_ERROR = re.compile(r"^#(?:NAME\?|REF!|VALUE!|N/A|NUM!|NULL!|DIV/0!)")
_LOST_LETTERS = re.compile(r"\?{3}|\ufffd")
_CURLY = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'"})
_LANGUAGE = re.compile(r"^translation \(([A-Za-z-]+)\)$")


@dataclass(frozen=True, slots=True)
class Edit:
    """A row whose translation or status was changed."""

    row: int
    unit: Unit
    text: str
    status: str

    @property
    def worded(self) -> bool:
        """Whether the words were changed, not the status alone."""
        return self.text != self.unit.text


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: texts changed, files written; what was wrong, and what was left out."""

    texts: int
    files: tuple[Path, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def export(folder: Path, language: str, path: Path) -> int:
    """Write the spreadsheet of a language; return its number of rows. Raises ContentError."""
    languages = _languages(folder)
    if language not in languages:
        raise ContentError([f"language '{language}' is not in languages.yml, or is transliterated"])
    column = f"translation ({language})"
    rows = [
        {
            "id": unit.id,
            "where": unit.where,
            f"source ({SOURCE})": unit.source,
            "revision": unit.revision,
            column: unit.text,
            "status": unit.status,
            "note": unit.note,
        }
        for unit in _translation(folder, language).units.values()
    ]
    rtl = frozenset({column} if languages[language] == "rtl" else ())
    sheets.write(path, rows, rtl)
    return len(rows)


def bring_in(folder: Path, path: Path, partial: bool = False, reviewer: str = "") -> Imported:
    """Write edited texts into their files; nothing where a row is wrong, unless `partial`.

    What is written has passed the same check as every saved file. Raises ContentError when the
    file is no such spreadsheet.
    """
    lines = sheets.read(path)
    language = _language(path, lines)
    translation = _translation(folder, language)
    edits, problems = _edits(lines, translation, f"translation ({language})", reviewer)
    if problems and not partial:
        return Imported(0, (), tuple(problems))
    while True:
        files, failed, notes = _written(folder, language, edits, reviewer)
        problems += failed.values()
        if not failed:
            break
        if not partial:
            return Imported(0, (), tuple(problems))
        edits = [edit for edit in edits if edit.row not in failed]
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f".{file.name}.new")
        new.write_bytes(text.encode())
        new.replace(file)
    texts = sum(edit.worded for edit in edits)
    return Imported(texts, tuple(files), tuple(problems), tuple(notes))


def _languages(folder: Path) -> dict[str, str]:
    try:
        rows = read_yaml(folder / "languages.yml")
    except FileError as error:
        raise ContentError([f"languages.yml: {error}"]) from error
    return {
        code: row["direction"] for code, row in rows.items() if "transliterated_from" not in row
    }


def _translation(folder: Path, language: str) -> Translation:
    try:
        return Translation(folder, language)
    except FileError as error:
        raise ContentError([f"a file of '{language}' or '{SOURCE}': {error}"]) from error


def _language(path: Path, lines: list[Line]) -> str:
    """Return the language that the spreadsheet's head names."""
    head = list(lines[0][1]) if lines else []
    found = next((match.group(1) for name in head if (match := _LANGUAGE.match(name))), "")
    if not found or not {"id", "revision", "status"} <= set(head):
        wanted = "id, revision, translation (xx), status"
        raise ContentError([f"{path}: the first row must name the columns {wanted}"])
    return found


# -- rows --------------------------------------------------------------------------------------


def _edits(
    lines: Iterable[Line], translation: Translation, column: str, reviewer: str
) -> tuple[list[Edit], list[str]]:
    """Return the rows that were edited, and what is wrong with rows."""
    edits: list[Edit] = []
    problems: list[str] = []
    seen: dict[str, int] = {}
    for number, cells in lines:
        name = cells["id"].text.strip() if "id" in cells else ""
        unit = translation.units.get(name)
        if unit is None:
            problems.append(f"row {number}: no text has the id '{name}'")
            continue
        if name in seen:
            problems.append(f"row {number}: {name} also stands in row {seen[name]}")
            continue
        seen[name] = number
        edit = _edit(number, unit, cells, column)
        if edit is None:
            continue
        if wrong := _wrong(edit, cells, column, reviewer):
            problems.append(f"row {number}: {name}: {wrong}")
        else:
            edits.append(edit)
    return edits, problems


def _edit(number: int, unit: Unit, cells: Mapping[str, Cell], column: str) -> Edit | None:
    """Return what a row changes, or None."""
    cell, status = cells.get(column, Cell("")), cells.get("status", Cell("")).text.strip()
    source, _, own = cells.get("revision", Cell("")).text.strip().partition("-")
    if cell.fault:
        return Edit(number, unit, cell.text, status)
    if _same(cell.text, unit.text) or digest(cell.text) == own:
        # as it was exported; newer words in the file stay, and so does what is known of them
        current = source == unit.revision.partition("-")[0]
        if not current or status in (unit.status, "missing", "stale", "original", ""):
            return None
        return Edit(number, unit, unit.text, status)
    return Edit(number, unit, cell.text, status)


def _same(text: str, before: str) -> bool:
    """Return whether a text is as before, or only has straight quotes curled, as Excel does."""
    before = trimmed(before)
    straight = '"' in before or "'" in before
    return text == before or (straight and text.translate(_CURLY) == before.translate(_CURLY))


def _wrong(edit: Edit, cells: Mapping[str, Cell], column: str, reviewer: str) -> str:
    """Return what is wrong with an edited row, or ''."""
    unit, cell = edit.unit, cells.get(column, Cell(""))
    if cell.fault:
        return f"the translation {cell.fault}"
    if edit.status not in ("missing", "stale", "draft", "reviewed", "original", ""):
        return f"the status '{edit.status}' is not one of draft, reviewed"
    if edit.status == "reviewed" and unit.status != "reviewed" and not reviewer:
        return "'reviewed' needs the reviewer: content import --reviewer NAME"
    if not edit.worded:
        return ""
    source, _, own = cells.get("revision", Cell("")).text.strip().partition("-")
    if source != unit.revision.partition("-")[0]:
        return f"the text in {SOURCE} has changed since the export; export again"
    if own != unit.revision.partition("-")[2]:
        return "the translation in the files has changed since the export; export again"
    if not edit.text.strip():
        return "was emptied; a text is taken out in its file, not here"
    return _wrong_words(edit.text, unit)


def _wrong_words(text: str, unit: Unit) -> str:
    if _EXCEL_ERROR.match(text):
        return f"is the spreadsheet's error {text.split()[0]}; write the text again"
    if text[0] in "=+@\t" and unit.source[:1] != text[0]:
        return f"begins with {text[0]!r} like a formula"
    if _LOST_LETTERS.search(text) and not _LOST_LETTERS.search(unit.source):
        return "has lost letters ('???'); save the file as .xlsx or 'CSV UTF-8'"
    if unit.listed:
        return ""
    known, before, found = (
        set(PLACEHOLDER.findall(one)) for one in (unit.source, unit.text or unit.source, text)
    )
    plural = unit.key[-1] in ("zero", "one", "two", "few", "many")
    if lost := sorted((known & before) - found) if not plural else []:
        return "has lost " + " ".join("{" + name + "}" for name in lost)
    if extra := sorted(found - known - before):
        return "has " + " ".join("{" + name + "}" for name in extra) + ", which the source has not"
    return ""


# -- files -------------------------------------------------------------------------------------


def _written(
    folder: Path, language: str, edits: list[Edit], reviewer: str
) -> tuple[dict[Path, str], dict[int, str], list[str]]:
    """Return the files with the edits in them, by row what must not be written so, and notes."""
    translation = _translation(folder, language)
    failed: dict[int, str] = {}
    for edit in edits:
        if edit.worded:
            try:
                translation.edit(edit.unit, edit.text)
            except FileError as error:
                failed[edit.row] = f"row {edit.row}: {edit.unit.id}: {error}"
    notes = []
    day = datetime.now(timezone.utc).strftime("%Y-%m-%d")
    for name in dict.fromkeys(edit.unit.file for edit in edits):
        mine = {edit.unit.id: edit for edit in edits if edit.unit.file == name}
        units = [unit for unit in translation.units.values() if unit.file == name]
        there = [unit for unit in units if unit.text or unit.id in mine]
        done = [mine[unit.id].status if unit.id in mine else unit.status for unit in there]
        whole = all(status == "reviewed" for status in done)
        if reviewer and "reviewed" in done and not whole:
            rest = len(done) - done.count("reviewed")
            notes.append(f"{name} stays a draft: {rest} of its {len(done)} texts are not reviewed")
        fresh = "stale" in [unit.status for unit in units] and "stale" not in done
        translation.finish(name, reviewer if whole else "", day, fresh)
    files = translation.changed()
    if files and not failed:
        failed = _refused(folder, files, edits)
    return files, failed, notes


def _refused(folder: Path, files: Mapping[Path, str], edits: list[Edit]) -> dict[int, str]:
    """Return by row what the check of the whole content says to the new files."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(shutil.copytree(folder, Path(place) / folder.name))
        loader = Loader(copy)
        before = {str(one) for one in loader.load()[1]}
        for file, text in files.items():
            target = copy / file.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
        found = [one for one in loader.load()[1] if not one.hint and str(one) not in before]
    failed: dict[int, str] = {}
    for problem in found:
        rows = [edit for edit in edits if _about(problem, edit.unit)]
        if not rows:
            name = str(Path(problem.path).relative_to(folder.name).parent)
            rows = [edit for edit in edits if edit.unit.file == name] or edits
        for edit in rows:
            failed.setdefault(edit.row, f"row {edit.row}: {edit.unit.id}: {problem.text}")
    return failed


def _about(problem: Problem, unit: Unit) -> bool:
    if unit.file not in problem.path:
        return False
    if unit.file == "strings":
        return unit.key[0] == problem.key
    if unit.file.endswith("/walks"):
        return ".".join(unit.key) == problem.key
    name = unit.key[1] or "body" if unit.key[0] == "##" else unit.key[0]
    return name == problem.key.split(".")[0]
