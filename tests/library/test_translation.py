"""A translator gets a spreadsheet, edits it, and it comes back whole."""

from __future__ import annotations

import difflib
import shutil
from pathlib import Path

import pytest

from bot.cli import translate
from bot.library.coverage import coverage
from bot.library.documents import Document
from bot.library.files import FileError
from bot.library.load import Loader
from bot.library.translation import Translation
from tests.library.sheet import ROOT, Sheet, bytes_of, some_content

_SHIPPED = Loader(ROOT / "content").load()[0].languages.values()
LANGUAGES = tuple(one.code for one in _SHIPPED if not one.transliterated_from)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A copy of the whole real content."""
    return Path(shutil.copytree(ROOT / "content", tmp_path / "content"))


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A copy of some of the real content."""
    return some_content(tmp_path)


def problems(content: Path) -> list[str]:
    """Return what is wrong with the content, but for links to the guides that were left out."""
    found = Loader(content).load()[1]
    return [str(one) for one in found if not one.hint and one.key != "next"]


def stale(content: Path) -> bool:
    """Return whether the passport guide in Swahili is said to be older than its source."""
    found = [str(one) for one in Loader(content).load()[1]]
    return any("passport/guide.yml: sw: is older" in line for line in found)


def difference(before: dict[Path, bytes], folder: Path) -> list[str]:
    """Return the changed lines of all files, as '-old' and '+new'."""
    rows = []
    for path, data in bytes_of(folder).items():
        old = before.get(path, b"").decode().split("\n")
        lines = list(difflib.unified_diff(old, data.decode().split("\n"), n=0, lineterm=""))
        rows += [line for line in lines[2:] if line[0] in "+-"]
    return rows


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_edited_changes_no_byte(whole: Path, language: str, kind: str) -> None:
    """Out and back without an edit: every file of the content is the same, byte by byte."""
    before = bytes_of(whole)
    sheet = Sheet(whole, language, kind)
    assert sheet.bring_in() == translate.Imported(0, (), ())
    assert bytes_of(whole) == before


def test_an_edit_changes_its_own_line_only(content: Path) -> None:
    """Front matter, comments, order and all other lines stay; what is saved passes the check."""
    before = bytes_of(content)
    sheet = Sheet(content, "ru")
    sheet.write("strings#menu.title", "О чём ваш вопрос: спросите")
    sheet.write("strings#currency.KZT/few", "{n} тенге (ровно)")
    sheet.write("glossary#iin/word", "ИИН «номер»")
    sheet.write("guides/passport#title", "Паспорт: новый")
    words = "Обычный срок: {time_limit}.\n\nМеняйте {renew_before}. Вопросы: {contact_phone}."
    sheet.write("guides/passport##time", words)
    sheet.write("courses/digital-government/01-what-it-is#quiz/q1/right", "Да. # верно")
    done = sheet.save().bring_in()
    assert (done.texts, done.problems, len(done.files)) == (6, (), 4)
    changed = difference(before, content)
    assert "+title: 'Паспорт: новый'" in changed
    assert "+    right: 'Да. # верно'" in changed
    assert sum(line.startswith("-") for line in changed) <= 8, changed
    assert problems(content) == []


def test_asks_are_edited_as_lines(content: Path) -> None:
    """Lines of the cell are the items of the list: changed, added and taken out."""
    before = bytes_of(content)
    sheet = Sheet(content, "sw")
    row = sheet.rows[sheet.number("guides/passport#asks") - 2]
    lines = row[sheet.column].split("\n")
    sheet.write("guides/passport#asks", "\n".join(["pasi ya kusafiria: mpya", *lines[1:], "mpya"]))
    assert not sheet.save().bring_in().problems
    assert len(difference(before, content)) == 3
    texts = Loader(content).load()[0].guides["passport"].texts
    assert texts["sw"].asks == ("pasi ya kusafiria: mpya", *lines[1:], "mpya")


def test_a_missing_section_and_a_missing_file_are_made(content: Path) -> None:
    """What had no text gets one at its place, and a new file is an honest draft."""
    (content / "guides" / "passport" / "sw.md").unlink()
    source = Loader(content).load()[0].guides["passport"].texts["en"]
    sheet = Sheet(content, "sw").write("guides/passport#title", "Pasi")
    for key in ("short", "asks"):
        text = source.short if key == "short" else "pasi\npasi mpya"
        sheet.write(f"guides/passport#{key}", text)
    for section, text in source.sections.items():
        sheet.write(f"guides/passport##{section}", text)
    done = sheet.save().bring_in()
    assert not done.problems
    made = Loader(content).load()[0].guides["passport"].texts["sw"]
    assert made.sections == source.sections
    assert (made.status, made.translated_from) == ("draft", f"en@{source.stamp}")


def test_questions_of_a_guide_are_translated_too(content: Path) -> None:
    """The words of walks are rows: edited in their line, reviewed, and stale when English moves."""
    before = bytes_of(content)
    sheet = Sheet(content, "ru").write("guides/passport/walks#words/n_thin", "Сколько всего?")
    assert sheet.save().bring_in().texts == 1
    assert difference(before, content)[-1] == '+  n_thin: "Сколько всего?"'
    sheet = Sheet(content, "ru")
    for row in sheet.rows:
        if row["id"].startswith("guides/passport/walks#"):
            row["status"] = "reviewed"
    sheet.save().bring_in(reviewer="Asel")
    walks = content / "guides" / "passport" / "walks"
    assert "\nreviewer: Asel\nreviewed_on: " in (walks / "ru.yml").read_text()
    english = walks / "en.yml"
    english.write_text(english.read_text().replace("Which passports do", "Which new ones do"))
    found = [row["status"] for row in Sheet(content, "ru").rows if "passport/walks" in row["id"]]
    assert set(found) == {"stale"}
    hints = [str(one) for one in Loader(content).load()[1] if one.hint]
    assert any("passport/walks: ru: is older than its source" in line for line in hints)


def test_questions_begun_are_kept_and_shown_when_whole(content: Path) -> None:
    """Half a walk's words are saved as a draft; people get the nearest language until all is in."""
    english = Loader(content).load()[0].guides["passport"].walk_texts["en"].words
    path = content / "guides" / "passport" / "walks" / "sw.yml"
    for names, whole in ((list(english)[:2], False), (list(english)[2:], True)):
        sheet = Sheet(content, "sw")
        for name in names:
            sheet.write(f"guides/passport/walks#words/{name}", english[name])
        done = sheet.save().bring_in()
        assert (done.texts, done.problems, done.files) == (len(names), (), (path,))
        assert problems(content) == []
        assert ("sw" in Loader(content).load()[0].guides["passport"].walk_texts) is whole
        lacking = [line for line in coverage(content, "sw").missing if "passport/walks" in line]
        assert bool(lacking) is not whole
    assert path.read_text().startswith("status: draft\ntranslated_from: en@")


@pytest.mark.parametrize(
    ("unit", "text", "others", "wanted"),
    [
        ("guides/passport#short", "Nenda kituoni.", {}, "has lost {child_age} {fee}"),
        ("guides/passport#title", "Pasi {fee}", {}, "has {fee}, which the source has not"),
        ("guides/passport#title", "P" * 41, {}, "at most 40"),
        ("guides/passport#title", '=HYPERLINK("http://x")', {}, "like a formula"),
        ("guides/passport#title", "#NAME?", {}, "error #NAME?"),
        ("guides/passport#title", "Pasi ????", {}, "lost letters"),
        ("guides/passport#title", " ", {}, "was emptied"),
        ("guides/passport#title", "Pasi 2026", {}, "must be a fact"),
        ("guides/passport#title", "Pasi", {"id": "guides/moon#title"}, "no text has the id"),
        ("guides/passport#title", "Pasi", {"id": "strings#menu.title"}, "also stands in row"),
        ("guides/passport#title", "Pasi", {"revision": "r00000000-00000000"}, "export again"),
        ("guides/passport#title", "", {"status": "reviewed"}, "needs the reviewer"),
        ("guides/passport#title", "", {"status": "perfect"}, "is not one of"),
        ("glossary#mci/plain", "**Fedha {mci}, sasa 7.", {}, "must be a fact"),
        ("guides/passport/walks#words/n_thin", "Ngapi kati ya 9?", {}, "must be a fact"),
        ("guides/emergency##numbers", "**{emergency_phone} {fire_phone} {police_phone} "
         "{ambulance_phone} {gas_phone} {family_phone}", {}, "is not closed"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_named_and_nothing_is_written(
    content: Path, unit: str, text: str, others: dict[str, str], wanted: str
) -> None:
    """Each problem is one line with its row; the good rows wait too, unless --partial."""
    before = bytes_of(content)
    sheet = Sheet(content, "sw").write("guides/pension#title", "Pensheni yangu")
    number = sheet.number(unit)
    sheet.write(unit, text, **others).save()
    done = sheet.bring_in()
    assert len(done.problems) == 1, done.problems
    assert done.problems[0].startswith(f"row {number}: ")
    assert wanted in done.problems[0]
    assert bytes_of(content) == before
    sheet.bring_in(partial=True)
    assert difference(before, content)[-1] == "+title: Pensheni yangu"


def test_a_source_that_changed_meanwhile_is_said_by_row(content: Path) -> None:
    """A translation of old words is refused; rows that were not edited stay what they are."""
    sheet = Sheet(content, "sw").write("guides/passport#title", "Pasi mpya").save()
    path = content / "guides" / "passport" / "en.md"
    path.write_text(path.read_text().replace("title: Passport", "title: Travel passport"))
    before = bytes_of(content)
    done = sheet.bring_in()
    assert "the text in en has changed since the export" in done.problems[0]
    assert bytes_of(content) == before


def test_another_translator_is_not_overwritten(content: Path) -> None:
    """Words saved since the export stay: a row not edited is left, an edited one is refused."""
    untouched, edited = Sheet(content, "sw"), Sheet(content, "sw")
    Sheet(content, "sw").write("guides/passport#title", "Pasi ya nje").save().bring_in()
    before = bytes_of(content)
    assert untouched.save().bring_in() == translate.Imported(0, (), ())
    edited.write("guides/passport#title", "Pasi ya leo").save()
    assert "in the files has changed" in edited.bring_in().problems[0]
    assert bytes_of(content) == before


def test_stale_texts_brought_up_to_date(content: Path) -> None:
    """When no text of a file is called stale any more, the file is noted as made from today's."""
    path = content / "guides" / "passport" / "en.md"
    path.write_text(path.read_text().replace("title: Passport", "title: Travel passport"))
    sheet = Sheet(content, "sw")
    old = [row["id"] for row in sheet.rows if row["status"] == "stale"]
    assert old == [f"guides/passport#{key}" for key in ("title", "short", "asks")]
    sheet.write("guides/passport#title", "Pasi ya safari", status="draft")
    sheet.save().bring_in()
    assert stale(content)
    sheet = Sheet(content, "sw")
    for unit in old:
        sheet.write(unit, "", status="draft")
    sheet.save().bring_in()
    assert not stale(content)


def test_a_reviewer_reviews_a_whole_file(content: Path) -> None:
    """'reviewed' on all texts of a file, with a name, is noted; a later edit is a draft again."""
    sheet = Sheet(content, "sw")
    for key in ("title", "short", "asks"):
        sheet.write(f"guides/passport#{key}", "", status="reviewed")
    sheet.write("guides/pension#title", "", status="reviewed")
    done = sheet.save().bring_in(reviewer="Asha")
    assert done.notes == ("guides/pension stays a draft: 2 of its 3 texts are not reviewed",)
    text = Loader(content).load()[0].guides["passport"].texts["sw"]
    assert (text.status, text.reviewer) == ("reviewed", "Asha")
    Sheet(content, "sw").write("guides/passport#title", "Pasi", status="draft").save().bring_in()
    text = Loader(content).load()[0].guides["passport"].texts["sw"]
    assert (text.status, text.reviewer, text.reviewed_on) == ("draft", "", "")


def test_documents_keep_what_they_cannot_know(content: Path) -> None:
    """Comments, byte order mark and Windows' line ends stay; a text that breaks out is refused."""
    document = Document("\ufeffa: 1 # one\r\nb: {c: x}\r\nl: [p]\r\n# end\r\n", markdown=False)
    document.set(("a",), "#2")
    document.set(("b", "d"), "y: z", [("a",), ("b", "c"), ("b", "d")])
    document.set(("e", "f"), "new")
    document.set(("l",), ["p", "q"])
    assert document.text == (
        "\ufeffa: '#2' # one\r\nb: {c: x, d: \"y: z\"}\r\nl: [p, q]\r\ne:\r\n  f: new\r\n# end\r\n"
    )
    guide = Document.read(content / "guides" / "passport" / "en.md")
    with pytest.raises(FileError, match="cannot stand there"):
        guide.set(("##", "fee"), "Words.\n\n## steps\nMore.")


def test_every_text_of_the_content_can_be_edited(content: Path) -> None:
    """Each text of each kind of file takes other words, and those words only."""
    for language in ("en", "ar"):
        translation = Translation(content, language)
        texts = [unit for unit in translation.units.values() if unit.text]
        for unit in texts[::9]:
            translation.edit(unit, unit.text + " 'x': \"y\" # z")
        assert len(translation.changed()) >= 3
