"""Every rule of docs/content.md refuses a bad file, naming file and key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.errors import ContentError
from bot.library.load import Loader

ROOT = Path(__file__).parent.parent.parent
GUIDE = "guides/passport/guide.yml"
TEXT = "guides/passport/en.md"
LESSON = "courses/digital-government/01-what-it-is/lesson.yml"
LESSON_TEXT = "courses/digital-government/01-what-it-is/en.md"


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small content folder: the real site, two guides, one course, three languages."""
    folder = tmp_path_factory.mktemp("small") / "content"
    for name in (
        "site.yml",
        "strings/en.yml",
        "strings/ru.yml",
        "strings/kk.yml",
        "glossary/en.yml",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "content" / name, folder / name)
    rows = (ROOT / "content" / "languages.yml").read_text().splitlines()
    wanted = [row for row in rows if row.startswith(("en:", "ru:", "kk:"))]
    (folder / "languages.yml").write_text("\n".join(wanted) + "\n")
    for name in ("passport", "identity-card"):
        copy_texts(ROOT / "content" / "guides" / name, folder / "guides" / name)
    for name, other in (("identity-card", "passport"), ("passport", "identity-card")):
        guide = folder / "guides" / name / "guide.yml"
        facts = guide.read_text().partition("\nwalks:")[0].splitlines()  # see test_walks.py
        lines = [line for line in facts if not line.startswith("next:")]
        guide.write_text("\n".join(lines) + f"\nnext: [{other}]\n")
    course = ROOT / "content" / "courses" / "digital-government"
    copy_texts(course, folder / "courses" / "digital-government")
    copy_texts(
        course / "01-what-it-is", folder / "courses" / "digital-government" / "01-what-it-is"
    )
    return folder


def copy_texts(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for path in source.iterdir():
        if path.suffix == ".yml" or path.stem in ("en", "ru", "kk"):
            shutil.copy(path, target / path.name)


@pytest.fixture
def content(small: Path, tmp_path: Path) -> Path:
    """A copy of the small content, to be broken."""
    return Path(shutil.copytree(small, tmp_path / "content"))


def problems(content: Path) -> list[str]:
    return [str(one) for one in Loader(content).load()[1] if not one.hint]


def change(content: Path, file: str, before: str, after: str) -> None:
    path = content / file
    text = path.read_text(encoding="utf-8")
    assert before in text, f"{before!r} is not in {file}"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def test_small_content_is_fine(content: Path) -> None:
    """The folder that the other tests break is in order before."""
    assert problems(content) == []


@pytest.mark.parametrize(
    ("file", "before", "after", "wanted"),
    [
        (GUIDE, "life_event: identity", "life_event: space", "life_event"),
        (GUIDE, "life_event: identity", "life_event: [", "line"),
        (GUIDE, "checked_on:", "checked_on: 2026-03\nchecked_on:", "stands twice"),
        (GUIDE, "checked_on:", "unknown_key: 1\nchecked_on:", "unknown key"),
        (GUIDE, "confidence: M", "confidence: L", "confidence"),
        (GUIDE, "of: mci", "of: gold", "gold"),
        (GUIDE, "{multiple: 8, of: mci}", "{multiple: eight, of: mci}", "facts"),
        (GUIDE, "source: ", "source: nowhere # ", "nowhere"),
        (GUIDE, "next: [identity-card]", "next: [no-such-guide]", "no-such-guide"),
        (TEXT, "---\n", "", "front matter"),
        (TEXT, "status: original", "status: perfect", "status"),
        (TEXT, "status: original", "status: reviewed", "reviewer"),
        (TEXT, "title: Passport", "title: " + "P" * 41, "title"),
        (TEXT, "title: Passport", "title: Passport 2026", "title"),
        (TEXT, "short:", "short: 'Pay 5 now.'\nold:", "unknown key"),
        (TEXT, "## fee", "## price", "price"),
        (TEXT, "## fee\n", "## fee\nIt costs 500.\n", "must be a fact"),
        (TEXT, "## fee\n", "## fee\nIt costs {no_such_fact}.\n", "no_such_fact"),
        (TEXT, "## fee\n", "## fee\nA { brace.\n", "stray"),
        (TEXT, "## fee\n", "## fee\n<b>bold</b>\n", "not allowed"),
        (TEXT, "## fee\n", "## fee\n[link](x)\n", "not allowed"),
        (TEXT, "## fee\n", "## fee\n**open\n", "not closed"),
        (TEXT, "## fee\n", "## fee\n" + "word " * 26 + ".\n", "26 words"),
        (TEXT, "## fee\n", "## fee\n" + "Short one. " * 90 + "\n", "at most 900"),
        (LESSON, "answer: ", "answer: e # ", "answer"),
        (LESSON, "sources: [", "sources: [nowhere, ", "nowhere"),
        (LESSON_TEXT, "  q1:", "  q9:", "q1"),
        (LESSON_TEXT, "---\n\n", "---\n" + "Words here. " * 101 + "\n\n", "at most 1200"),
        ("strings/ru.yml", "menu.title:", "menu.titel:", "menu.title"),
        ("strings/ru.yml", "{contact}", "{phone}", "same values"),
        ("glossary/en.yml", "plain: ", "plain: 77 ", "must be a fact"),
    ],
)
def test_rule(content: Path, file: str, before: str, after: str, wanted: str) -> None:
    """A broken file is refused with a line that names the file and what is wrong."""
    if file == LESSON_TEXT and before == "---\n\n":
        path = content / file
        path.write_text(path.read_text(encoding="utf-8") + "\n" + "Words here. " * 101)
    else:
        change(content, file, before, after)
    found = problems(content)
    assert any(file.rsplit("/", 1)[0] in line and wanted in line for line in found), found


def test_missing_section_and_wrong_language(content: Path) -> None:
    """A guide without a required section, or in a language that is not shipped, is named."""
    path = content / TEXT
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("## refusal")], encoding="utf-8")
    (content / "guides" / "passport" / "xx.md").write_text(text, encoding="utf-8")
    found = "\n".join(problems(content))
    assert "refusal: section is missing" in found
    assert "'xx' is not in languages.yml" in found


def test_not_utf8_and_empty_files(content: Path) -> None:
    """Bytes that are no text and empty files are one clear line each."""
    (content / TEXT).write_bytes(b"---\ntitle: \xff\xfe\n---\n")
    (content / GUIDE.replace("passport", "identity-card")).write_text("")
    found = "\n".join(problems(content))
    assert "not UTF-8" in found
    assert "key: value" in found


def test_same_ask_in_two_guides(content: Path) -> None:
    """A phrase that asks for two guides is a problem: the model could not know."""
    change(content, TEXT, "asks:\n", "asks:\n  - the very same ask\n")
    change(content, "guides/identity-card/en.md", "asks:\n", "asks:\n  - The very same ask\n")
    assert any("also stands in" in line for line in problems(content))


def test_broken_site_stops_only_without_a_previous_one(content: Path) -> None:
    """With a broken site.yml nothing starts, but a running library keeps its old site."""
    loader = Loader(content)
    library, _ = loader.load()
    (content / "site.yml").write_text("id: [")
    again, found = loader.load(library)
    assert again.site is library.site
    assert found
    with pytest.raises(ContentError):
        Loader(content).load()


def test_broken_text_keeps_the_old_answer(content: Path) -> None:
    """A broken file changes nothing; the other files of the guide go live."""
    loader = Loader(content)
    library, _ = loader.load()
    change(content, TEXT, "## fee\n", "## fee\nIt costs 500.\n")
    change(content, "guides/passport/ru.md", "title: ", "title: Новый ")
    again, _ = loader.load(library)
    assert again.guides["passport"].texts["en"] == library.guides["passport"].texts["en"]
    assert again.guides["passport"].texts["ru"].title.startswith("Новый")


def test_stale_translation_is_a_hint(content: Path) -> None:
    """When the English words change, translations made from the old ones are named."""
    change(content, TEXT, "## fee\n", "## fee\nOne more sentence.\n")
    hints = [str(one) for one in Loader(content).load()[1] if one.hint]
    assert any("passport" in line and "older than its source" in line for line in hints)


def test_real_content_is_fine() -> None:
    """The content that is shipped passes its own check."""
    assert problems(ROOT / "content") == []
