"""A thirteenth language in minutes: a skeleton, what is missing, a score, and an honest chat."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from actions.base import GuideWords, Say
from bot.__main__ import main
from bot.cli import translate
from bot.cli.content import status
from bot.library.load import Loader
from bot.library.model import Library
from bot.writer import Writer

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the whole real content, which the commands work on."""
    monkeypatch.setenv("CONTENT_DIR", str(tmp_path / "content"))
    return Path(shutil.copytree(ROOT / "content", tmp_path / "content"))


def read(content: Path) -> Library:
    library, problems = Loader(content).load()
    assert [str(one) for one in problems if not one.hint] == []
    return library


def fill(content: Path, words: dict[str, str]) -> translate.Imported:
    """Translate texts in the language's spreadsheet and bring it back."""
    path = content.parent / "tg.csv"
    translate.export(content, "tg", path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["translation (tg)"] = words.get(row["id"], row["translation (tg)"])
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return translate.bring_in(content, path)


def test_tajik_begins_in_the_nearest_language(
    content: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Made by one command that knows its name and neighbours; a chat in it comes in Russian."""
    assert main(["content", "new", "language", "tg"]) == 0
    assert "\ntg " in (said := capsys.readouterr().out)
    assert said.partition("\ntg ")[2].splitlines()[0].split()[-2:] == ["0%", "-"]
    library = read(content)
    assert library.languages["tg"].name == "Тоҷикӣ"
    assert library.fallbacks("tg")[:3] == ("tg", "ru", "kk")
    writer = Writer(library, "tg")
    assert writer.say(Say("menu.title")) == library.strings["ru"]["menu.title"]
    parts = [writer.words(GuideWords("emergency", part)) for part in ("short", "numbers")]
    notice = writer.say(Say("language.missing", {"language": "Русский"}))
    assert parts[0].startswith(notice)
    assert notice not in parts[1], "said once"


def test_status_shows_what_the_last_report_understood(
    content: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The score of understanding stands beside the score of texts, with the day it was measured."""
    row = {"noise": "clean", "accuracy": 0.846}
    rows = [{"name": "ru", **row}, {"name": "ru", "noise": "typo-2", "accuracy": 0.1}]
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"rows": rows, "language": {}}))
    status(content, report=report)
    lines = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines()}
    assert (lines["ru"][-1], lines["kk"][-1]) == ("85%", "-")
    assert lines["understood:"][-1].startswith("20")


@pytest.mark.parametrize("text", ["", "[]", '{"rows": [{}]}', '{"rows": [{}], "language": 1}'])
def test_no_report_of_ours_is_said(
    content: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """A report that is missing, broken or on other data shows no figure, and says what to do."""
    report = tmp_path / "report.json"
    report.write_text(text)
    status(content, "ru", report)
    assert capsys.readouterr().out.endswith("not measured yet; `make nlu-report` does\n")


def test_tajik_grows_by_its_spreadsheet(content: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is translated is shown at once, the rest stays in the nearest language."""
    main(["content", "new", "language", "tg"])
    done = fill(
        content,
        {
            "strings#menu.title": "Саволи шумо дар бораи чист?",
            "strings#unit.day/other": "{n} рӯз",
            "glossary#iin/word": "РИШ",
            "glossary#iin/plain": "Рақами шахсии шумо.",
            "guides/passport#title": "Шиноснома",
            "guides/passport#short": "Ба марказ равед: {fee}, {pages}, {fee_child}, {child_age}, "
            "{time_limit}.",
            "guides/passport#asks": "шиноснома\nчӣ тавр шиноснома гирам",
        },
    )
    assert (done.texts, done.problems) == (7, ())
    writer = Writer(read(content), "tg")
    assert writer.say(Say("menu.title")) == "Саволи шумо дар бораи чист?"
    assert writer.words(GuideWords("passport", "short")).startswith("Ба марказ равед")
    assert writer.words(GuideWords("passport", "fee")).startswith(
        writer.say(Say("language.missing", {"language": "Русский"}))
    )
    capsys.readouterr()
    main(["content", "missing", "tg"])
    lines = capsys.readouterr().out.splitlines()
    assert "tg: strings: menu.title" not in lines
    assert "tg: strings: button.menu" in lines
    assert any(line.startswith("tg: guides/passport: no documents") for line in lines)
    assert "tg: guides/pension: no text" in lines


def test_a_language_right_to_left_and_one_with_other_neighbours(content: Path) -> None:
    """Direction comes from CLDR; neighbours can be named."""
    main(["content", "new", "language", "fa"])
    main(["content", "new", "language", "ug", "--fallback", "ar,kk", "--name", "ئۇيغۇرچە"])
    library = read(content)
    assert library.languages["fa"].direction == library.languages["ug"].direction == "rtl"
    assert library.languages["ug"].fallback == ("ar", "kk")
    assert library.languages["fa"].fallback == ("en",)


def test_what_cannot_be_a_new_language(content: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A language that is there, a neighbour that is not, and no code at all are one sentence."""
    for arguments, wanted in [
        (["ru"], "in languages.yml already"),
        (["tg", "--fallback", "xx"], "'xx' to fall back to"),
        (["Tajik language"], "cannot be a language code"),
    ]:
        assert main(["content", "new", "language", *arguments]) == 1
        assert wanted in capsys.readouterr().err
    assert main(["content", "missing", "tg"]) == 1


def test_a_finished_language_may_lack_nothing(content: Path) -> None:
    """Without 'unfinished', each missing string is a problem that names it."""
    main(["content", "new", "language", "tg"])
    path = content / "languages.yml"
    path.write_text(path.read_text().replace(", unfinished: true", ""))
    found = [str(one) for one in Loader(content).load()[1] if not one.hint]
    assert found
    assert all("strings/tg.yml" in line for line in found)
