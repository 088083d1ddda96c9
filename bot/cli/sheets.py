"""Spreadsheets that come back from any office program: .xlsx and .csv, all cells as text."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import ContentError
from bot.library.translation import trimmed

SIZE_LIMIT = 64 * 1024 * 1024
"""Bytes of an unpacked sheet that are read: hundreds of times the whole content of one language."""

WIDTHS = {"id": 24, "where": 30, "status": 10, "note": 36}
TEXT_WIDTH = 60

_RISKY = re.compile(r"^'*[=+\-@\t]")
_SHIELDED = re.compile(r"^'+[=+\-@\t]")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as text; `fault` says what the spreadsheet made of it instead."""

    text: str
    fault: str = ""


Line = tuple[int, dict[str, Cell]]
"""A row's number as the spreadsheet shows it, and its cells by column name."""


def write(path: Path, rows: Sequence[dict[str, str]], rtl: frozenset[str] = frozenset()) -> None:
    """Write rows under a head of their names; columns in `rtl` run from right to left.

    Raises ContentError for any other kind of file than .xlsx and .csv.
    """
    kind = _kind(path)
    if kind == ".csv":
        _write_csv(path, rows)
    else:
        _write_xlsx(path, rows, rtl)


def read(path: Path) -> list[Line]:
    """Return the rows below the head. Raises ContentError when the file cannot be read."""
    try:
        table = _csv(path) if _kind(path) == ".csv" else _xlsx(path)
        number, head = next(table, (0, []))
        names = [cell.text.strip() for cell in head]
        if not number:
            raise ContentError([f"{path}: is empty"])
        return [
            (number, dict(zip(names, cells, strict=False)))
            for number, cells in table
            if any(cell.text or cell.fault for cell in cells)
        ]
    except OSError as error:
        raise ContentError([f"{path}: cannot be read: {error.strerror or error}"]) from error


def _kind(path: Path) -> str:
    if path.suffix.lower() not in (".csv", ".xlsx"):
        raise ContentError([f"{path}: must end in .xlsx or .csv"])
    return path.suffix.lower()


# -- CSV ---------------------------------------------------------------------------------------


def _write_csv(path: Path, rows: Sequence[dict[str, str]]) -> None:
    """With the byte order mark that Excel needs to see UTF-8, and no cell that is a formula."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(rows[0])
        for row in rows:
            writer.writerow([f"'{cell}" if _RISKY.match(cell) else cell for cell in row.values()])


def _csv(path: Path) -> Iterator[tuple[int, list[Cell]]]:
    data = path.read_bytes()
    if len(data) > SIZE_LIMIT:
        raise ContentError([f"{path}: has more than {SIZE_LIMIT // 2**20} MB"])
    try:
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ContentError(
            [f"{path}: is not UTF-8 (byte {error.start}); save it as 'CSV UTF-8' or as .xlsx"]
        ) from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, ""), delimiter=delimiter), 1):
            yield number, [Cell(_clean(_bare(cell))) for cell in row]
    except csv.Error as error:
        raise ContentError([f"{path}: is not a CSV file: {error}"]) from error


def _bare(cell: str) -> str:
    return cell[1:] if _SHIELDED.match(cell) else cell


def _clean(text: str) -> str:
    """Return a cell's text without what spreadsheets add: other line ends, blanks at its end."""
    return trimmed(text.replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n"))


# -- XLSX --------------------------------------------------------------------------------------


def _write_xlsx(path: Path, rows: Sequence[dict[str, str]], rtl: frozenset[str]) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    sheet: Any = book.active
    sheet.title = "texts"
    sheet.append(list(rows[0]))
    plain = Alignment(vertical="top", wrap_text=True, readingOrder=1)
    turned = Alignment(vertical="top", wrap_text=True, readingOrder=2, horizontal="right")
    for number, row in enumerate(rows, 2):
        for column, (name, text) in enumerate(row.items(), 1):
            cell = sheet.cell(number, column)
            cell.value, cell.data_type = text, "s"  # never a formula, whatever it begins with
            cell.number_format = "@"
            cell.alignment = turned if name in rtl else plain
            cell.quotePrefix = int(bool(_RISKY.match(text)))
    for column, name in enumerate(rows[0], 1):
        head = sheet.cell(1, column)
        head.font = Font(bold=True)
        sheet.column_dimensions[head.column_letter].width = WIDTHS.get(name, TEXT_WIDTH)
        if name == "revision":
            sheet.column_dimensions[head.column_letter].hidden = True
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    book.save(path)


def _xlsx(path: Path) -> Iterator[tuple[int, list[Cell]]]:
    """With defusedxml installed, openpyxl refuses entities; a file that swells is refused here."""
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > SIZE_LIMIT:
                raise ContentError([f"{path}: unpacks to more than {SIZE_LIMIT // 2**20} MB"])
        book = load_workbook(path, read_only=True)
    except (zipfile.BadZipFile, ValueError, KeyError, SyntaxError) as error:
        raise ContentError([f"{path}: is not an .xlsx file"]) from error
    try:
        for row in book.worksheets[0].iter_rows():
            yield _number(row), [_cell(cell) for cell in row]
    finally:
        book.close()


def _number(row: Sequence[Any]) -> int:
    return next((int(cell.row) for cell in row if getattr(cell, "row", None)), 0)


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return Cell("")
    if cell.data_type == "f":
        return Cell(str(value), "is a formula; write it as text")
    if cell.data_type == "e":
        return Cell(str(value), f"is the error {value}; write the text again")
    if not isinstance(value, str):
        return Cell(str(value), "was turned into a number or a date; format the cell as text")
    return Cell(_clean(value))
