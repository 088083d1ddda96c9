"""Training data from the content and from nlu/data."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from nlu.asks import topics
from nlu.importer import DATA, ContentImporter
from tests.nlu.conftest import write_page

pytestmark = pytest.mark.xdist_group("importer")  # one process loads TensorFlow

LANGUAGES = {"en", "ru", "kk", "ky", "uz", "fr", "es", "ar", "zh", "sw", "ur", "bn"}


def test_asks_become_examples_of_the_guide(content: Path) -> None:
    """Title and asks of a page are examples of `guide.<id>`, with their language."""
    write_page(content, "passport", "en", ["get a passport", "new passport"], "Passport")
    found = [
        m for m in ContentImporter().get_nlu_data().training_examples
        if m.get("intent") == "guide.passport"
    ]  # fmt: skip
    assert [m.get("text") for m in found][:3] == ["Passport", "get a passport", "new passport"]
    assert all(m.get("metadata")["intent"]["language"] == "en" for m in found[:3])


def test_more_ways_to_ask_count_only_where_the_content_has_the_guide(content: Path) -> None:
    """A site without a guide never gives its intent; with it, our own phrases help."""
    write_page(content, "passport", "en", ["get a passport"])
    intents = ContentImporter().get_nlu_data().intents
    assert "guide.passport" in intents
    assert "guide.pension" not in intents


def test_half_written_pages_are_left_out(content: Path) -> None:
    """A page that cannot be read does not stop training."""
    good = write_page(content, "pension", "ru", ["пенсия"])
    (good.parent / "kk.md").write_text("---\ntitle: [broken\n---\n")
    (good.parent / "en.md").write_text("no front matter")
    (good.parent / "fr.md").write_bytes(b"\xff\xfe\x00")
    (good.parent / "es.md").write_text("---\ntitle: ok\nasks: not a list\n---\n")
    assert [(t.intent, t.language) for t in topics(content)] == [("guide.pension", "ru")]


def test_a_missing_content_folder_gives_our_own_intents(content: Path) -> None:
    """Small talk is understood without any guide."""
    content.rmdir()
    assert "greet" in ContentImporter().get_nlu_data().intents


def test_every_intent_has_examples_in_all_languages() -> None:
    """At least twelve in English, Russian and Kazakh, six in the others, all different."""
    for file in sorted(DATA.glob("*.yml")):
        items = YAML(typ="safe").load(file.read_text(encoding="utf-8"))["nlu"]
        assert {item["intent"] for item in items} == {file.stem}
        assert {item["metadata"]["language"] for item in items} == LANGUAGES, file.name
        for item in items:
            code = item["metadata"]["language"]
            phrases = [x.strip() for x in item["examples"].splitlines() if x.strip()]
            least = 10 if code in ("en", "ru", "kk") else 6
            assert len(set(phrases)) == len(phrases) >= least, (file.name, code)
