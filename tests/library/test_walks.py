"""Every rule of walks refuses a bad file, naming file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.library.load import Loader
from tests.library.test_check import GUIDE, change, content, problems, small

__all__ = ["content", "small"]

WORDS = "guides/passport/walks/en.yml"

WALK = """
walks:
  amount:
    start: kind
    questions:
      kind: {choices: {thin: count, child: child}}
      count: {number: 9, then: thin}
    results:
      thin:
        sum: [{word: line, fact: fee, times: count}]
        notes: [exempt]
        source: [lada-148180]
      child:
        fee: fee_child
        notes: [exempt]
        source: lada-148180
        next: [identity-card]
"""
TEXT = """status: draft
words:
  kind: Which passports?
  kind.thin: "{pages} pages"
  kind.child: For a child
  count: How many?
  line: Passports
  exempt: "The list: {exempt_list}."
"""


@pytest.fixture
def walk(content: Path) -> Path:
    """The small content with one walk in the passport guide."""
    guide = content / GUIDE
    guide.write_text(guide.read_text(encoding="utf-8") + WALK, encoding="utf-8")
    (content / WORDS).parent.mkdir()
    for code in ("en", "ru", "kk"):
        (content / WORDS).with_name(f"{code}.yml").write_text(TEXT, encoding="utf-8")
    return content


def test_walk_is_fine(walk: Path) -> None:
    """The walk that the other tests break is in order before."""
    assert problems(walk) == []


@pytest.mark.parametrize(
    ("file", "before", "after", "wanted"),
    [
        (GUIDE, "start: kind", "start: nowhere", "'nowhere' does not exist"),
        (GUIDE, "thin: count", "thin: nowhere", "leads to 'nowhere'"),
        (GUIDE, "thin: count", "thin: child", "questions.count: cannot be reached"),
        (GUIDE, "child: child}", "child: thin}", "results.child: cannot be reached"),
        (GUIDE, "then: thin", "then: kind", "must end"),
        (GUIDE, "      child:\n        fee", "      kind:\n        fee", "name of a question"),
        (GUIDE, "child: child}", "child: thin2}", "leads to 'thin2'"),
        (GUIDE, "fact: fee,", "fact: valid,", "no fact of money"),
        (GUIDE, "fee: fee_child", "fee: no_fee", "'no_fee' is no fact of money"),
        (GUIDE, "times: count}", "times: kind}", "no question for a number"),
        (GUIDE, "thin: count, child: child", "thin: thin, child: count", "not asked on every way"),
        (GUIDE, "number: 9", "number: 90", "does not have one of the shapes"),
        (GUIDE, "{thin: count, child: child}", "{thin: count}", "does not have one of the shapes"),
        (GUIDE, "source: lada-148180", "source: nowhere", "nowhere"),
        (GUIDE, "        source: lada-148180\n", "", "source"),
        (GUIDE, "  amount:\n    start", "  other:\n    start", "other"),
        (GUIDE, "        next: [identity-card]\n", "        next: [none-such]\n", "none-such"),
        (GUIDE, "        fee: fee_child\n        notes: [exempt]\n", "", "says nothing"),
        (WORDS, "  count: How many?\n", "", "words.count: is missing"),
        (WORDS, "  count:", "  extra: More\n  count:", "words.extra: is not used"),
        (WORDS, "Which passports?", "Which of these 3?", "must be a fact"),
        (WORDS, "Which passports?", "Which <b>one</b>?", "not allowed"),
        (WORDS, "For a child", "For a child " + "x" * 40, "at most 40"),
        (WORDS, "{exempt_list}", "{no_list}", "no_list"),
        (WORDS, "status: draft", "status: perfect", "status"),
    ],
)
def test_rule(walk: Path, file: str, before: str, after: str, wanted: str) -> None:
    """A broken walk is refused with a line that names the file and what is wrong."""
    change(walk, file, before, after)
    found = problems(walk)
    folder = file.rsplit("/", 1)[0]
    assert any(line.startswith(f"content/{folder}") and wanted in line for line in found), found


def test_whole_language_needs_words(walk: Path) -> None:
    """Where walks have words in a language, every guide that is whole in it needs them."""
    other = walk / "guides" / "identity-card"
    structure = WALK.replace("fee_child", "fee").replace("[identity-card]", "[passport]")
    guide = other / "guide.yml"
    guide.write_text(guide.read_text(encoding="utf-8") + structure, encoding="utf-8")
    (other / "walks").mkdir()
    words = TEXT.replace("{pages}", "{min_age}").replace("{exempt_list}", "{portal}")
    for code in ("en", "ru"):
        (other / "walks" / f"{code}.yml").write_text(words, encoding="utf-8")
    found = problems(walk)
    assert found == [
        "content/guides/identity-card/guide.yml: walks: has no words in walks/kk.yml"
    ], found


def test_names_that_fit_no_button(walk: Path) -> None:
    """A question whose answers would not fit a button's payload is named."""
    guide = walk / GUIDE
    text = guide.read_text(encoding="utf-8")
    guide.write_text(text.replace("kind", "k" * 40), encoding="utf-8")
    assert any("characters too long" in line for line in problems(walk))


def test_too_many_questions_on_a_way(walk: Path) -> None:
    """A way of more than six questions is a form, not a chat."""
    chain = "".join(f"      q{i}: {{number: 2, then: q{i + 1}}}\n" for i in range(1, 6))
    change(
        walk, GUIDE, "count: {number: 9, then: thin}\n", "count: {number: 9, then: q1}\n" + chain
    )
    change(walk, GUIDE, "then: q6", "then: thin")
    assert any("at most 6" in line for line in problems(walk))


def test_broken_words_keep_the_old_ones(walk: Path) -> None:
    """A saved mistake does not take the walk away from people."""
    loader = Loader(walk)
    before, _ = loader.load()
    change(walk, WORDS, "How many?", "How many of 5?")
    after, found = loader.load(before)
    assert found
    assert after.guides["passport"].walk_texts["en"].words["count"] == "How many?"
