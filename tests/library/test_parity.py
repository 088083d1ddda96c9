"""Each translation holds the values, numbers and addresses of its source text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.library import parity
from bot.library.load import Loader
from bot.library.model import CourseText, Library, Term
from tests.library.test_check import content, small  # noqa: F401

ROOT = Path(__file__).parent.parent.parent
ENGLISH = CourseText("en", "Title", "", (), "original", "abcd1234")
RUSSIAN = CourseText("ru", "Название", "", (), "draft", "ffff0000", "en@abcd1234")


@pytest.mark.parametrize(
    ("source", "translation", "wrong"),
    [
        ("Pay {fee} within {time}.", "Срок: {time}. Заплатите {fee}.", ""),
        ("Pay {fee}.", "Заплатите.", "{fee}"),
        ("Pay.", "Заплатите {fee}.", "{fee}"),
        ("Call 112.", "Звоните 112.", ""),
        ("Call 112.", "Звоните 113.", "112, 113"),
        ("Call 112.", "اتصل بـ ١١٢.", ""),
        ("Over 1,350,000 people in 2024", "В 2024 году: 1 350 000 человек", ""),
        ("Open egov.kz/a.", "Откройте egov.kz/a!", ""),
        ("Open egov.kz.", "Откройте e-gov.kz.", "e-gov.kz, egov.kz"),
        ("Write to a@b.kz.", "Пишите нам.", "a@b.kz"),
        ("1. Go\n2. Come", "Идите, приходите", ""),
    ],
)
def test_what_differs(source: str, translation: str, wrong: str) -> None:
    """Words may differ; a value, a number or an address may not."""
    texts = {"en": replace(ENGLISH, short=source), "ru": replace(RUSSIAN, short=translation)}
    expected = [("ru", "short", f"must hold the same as its source text: {wrong}")]
    assert parity.rows(texts) == (expected if wrong else [])


def test_a_stale_translation_is_not_held_against_the_new_text() -> None:
    """It is known to be older, and listed as such."""
    texts = {"en": replace(ENGLISH, short="{fee}", stamp="00000000"), "ru": RUSSIAN}
    assert parity.rows(texts) == []


def test_what_people_search_with_and_ids_may_differ() -> None:
    """Asks and other forms of a word are each language's own."""
    texts = {
        "en": replace(ENGLISH, asks=("form 40",)),
        "ru": replace(RUSSIAN, asks=("справка 45",)),
    }
    assert parity.rows(texts) == []
    terms = {"mci": Term("mci", "MCI", ("index 1",), "Now {mci}.")}
    assert parity.differences(terms, {"mci": Term("x", "МРП", (), "Сейчас {mci}.")}) == []
    assert parity.differences(terms, {"mci": Term("x", "МРП", (), "Сейчас.")})[0][0] == "mci.plain"


@pytest.mark.parametrize(
    ("file", "old", "new", "key"),
    [
        ("guides/passport/ru.md", "{fee_thick}", "{fee}", "sections.fee"),
        ("courses/digital-government/01-what-it-is/kk.md", "title: ", "title: 7 ", "title"),
        ("courses/digital-government/ru.md", "short: 14", "short: 15", "short"),
    ],
)
def test_the_check_names_file_and_part(
    content: Path,  # noqa: F811
    file: str,
    old: str,
    new: str,
    key: str,
) -> None:
    """A wrong value is a problem of its file; the text stays live, for it may be the right one."""
    path = content / file
    path.write_text(path.read_text().replace(old, new))
    library, problems = Loader(content).load()
    found = [str(one) for one in problems if not one.hint]
    assert [one for one in found if one.startswith(f"content/{file}: {key}: must hold")], found
    assert _has(library, file)


def _has(library: Library, file: str) -> bool:
    kind, name, *_, last = file.split("/")
    texts = library.guides[name].texts if kind == "guides" else library.courses[name].texts
    return last.removesuffix(".md") in texts
