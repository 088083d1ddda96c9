"""Spreadsheets as office programs save them: CSV, .xlsx, and files that are neither."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook

from bot.cli import translate
from bot.errors import ContentError
from tests.library.sheet import Sheet, bytes_of, some_content


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A copy of some of the real content."""
    return some_content(tmp_path)


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8-sig", ";"), ("utf-16", "\t"), ("utf-8", ",")]
)
def test_csv_as_offices_save_it(content: Path, encoding: str, delimiter: str) -> None:
    """Semicolons, tabs, UTF-16 and a missing byte order mark are read."""
    sheet = Sheet(content, "ur").write("guides/passport#title", "پاسپورٹ نیا")
    assert sheet.save(encoding, delimiter).bring_in().texts == 1


def test_csv_in_an_old_encoding_is_refused(content: Path) -> None:
    """Windows' own code page is no UTF-8: one clear sentence, nothing read."""
    sheet = Sheet(content, "ru").save("cp1251")
    with pytest.raises(ContentError, match="CSV UTF-8"):
        sheet.bring_in()


def test_csv_holds_no_formula(content: Path) -> None:
    """No cell begins as a formula would, and lists that begin with '-' come back as they were."""
    sheet = Sheet(content, "en")
    cells = [cell for row in sheet.rows for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert any(cell.startswith("'- ") for cell in cells)


def test_quotes_that_excel_curls_are_no_edit(content: Path) -> None:
    """Excel turns straight quotes into curly ones by itself; the file keeps its own."""
    before = bytes_of(content)
    sheet = Sheet(content, "fr")
    curled = [row for row in sheet.rows if "'" in row[sheet.column]]
    assert curled
    for row in curled:
        row[sheet.column] = row[sheet.column][:1] + row[sheet.column][1:].replace("'", "’")
    assert sheet.save().bring_in() == translate.Imported(0, (), ())
    assert bytes_of(content) == before


def xlsx(content: Path, change: Callable[..., None]) -> translate.Imported:
    """Edit an .xlsx as a spreadsheet program does, and bring it in."""
    sheet = Sheet(content, "ar", "xlsx")
    book = load_workbook(sheet.path)
    page = book.active
    heads = [cell.value for cell in page[1]]
    row = next(row for row in page.iter_rows(min_row=2) if row[0].value == "guides/passport#title")
    change(row[heads.index(sheet.column)])
    book.save(sheet.path)
    return sheet.bring_in()


@pytest.mark.parametrize(
    ("value", "wanted"), [("=1+1", "is a formula"), (1414, "a number or a date")]
)
def test_xlsx_cells_that_are_no_text(content: Path, value: object, wanted: str) -> None:
    """A formula, a number or a date in a translation is named, not guessed at."""
    done = xlsx(content, lambda cell: setattr(cell, "value", value))
    assert wanted in done.problems[0]


def test_xlsx_in_arabic(content: Path) -> None:
    """The column runs from right to left, cells are text and wrap; an edit comes in."""
    seen = []

    def change(cell: object) -> None:
        seen.append((cell.alignment.readingOrder, cell.alignment.wrap_text, cell.number_format))
        cell.value = "جواز"

    assert xlsx(content, change).texts == 1
    assert seen == [(2, True, "@")]


def test_files_that_are_no_spreadsheet(content: Path, tmp_path: Path) -> None:
    """A wrong file, a missing one, a bomb and a foreign table are one sentence each."""
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (65 * 1024 * 1024))
    (tmp_path / "text.xlsx").write_text("no")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    for name, wanted in [
        ("bomb.xlsx", "more than 64 MB"),
        ("text.xlsx", "is not an .xlsx file"),
        ("gone.csv", "cannot be read"),
        ("other.csv", "must name the columns"),
        ("notes.txt", r"must end in \.xlsx or \.csv"),
    ]:
        with pytest.raises(ContentError, match=wanted):
            translate.bring_in(content, tmp_path / name)
