"""The harness: what it counts, compares and refuses."""

from pathlib import Path

import pytest

from nlu.report import compare, sets
from nlu.report.measures import Outcome, calibration_error, coverage_curve, row
from nlu.report.page import page

CASES = sets.TestSet("kk", "clean", tuple(sets.Case("guide.passport", "x") for _ in range(10)))


def outcomes(right: int, confidence: float = 0.9, of: int = 10) -> list[Outcome]:
    """Return `of` outcomes, the first ones right."""
    names = ["guide.passport"] * right + ["guide.pension"] * (of - right)
    return [Outcome("guide.passport", name, confidence, confidence > 0.7) for name in names]


def test_shares_are_counted() -> None:
    """Right, used, used and wrong; out-of-scope phrases apart from the others."""
    outside = [Outcome("out_of_scope", "guide.pension", 0.3, False)]
    counted = row(CASES, [*outcomes(8, of=9), *outside])
    assert (counted.accuracy, counted.coverage, counted.wrong) == (0.8, 0.9, 0.1)
    assert counted.rejected == 1.0


def test_calibration_is_the_gap_between_confidence_and_accuracy() -> None:
    """Nine of ten right at 0.9 is no error; five of ten is 0.4."""
    assert calibration_error(outcomes(9)) == pytest.approx(0, abs=1e-9)
    assert calibration_error(outcomes(5)) == pytest.approx(0.4)
    assert coverage_curve(outcomes(5))[-1] == (1.0, 0.5)


def test_a_language_that_lost_is_named(tmp_path: Path) -> None:
    """More than two points, and more than one phrase and a half."""
    many = sets.TestSet("kk", "clean", CASES.cases * 20)
    before = compare.figures([row(many, outcomes(190, of=200))])
    assert compare.losses([row(many, outcomes(187, of=200))], before) == []
    lost = compare.losses([row(many, outcomes(180, of=200))], before)
    assert lost == ["kk clean: 95.0 before, 90.0 now"]
    assert compare.losses([row(CASES, outcomes(9))], {"kk clean": 1.0}) == []
    path = tmp_path / "baseline.json"
    compare.accept([row(many, outcomes(190, of=200))], path)
    assert compare.stored(path) == before


def test_the_page_stands_alone() -> None:
    """Table, plots and mistakes in one file that asks nothing of another host."""
    made = page([row(CASES, outcomes(8))], outcomes(8), "Understanding")
    assert made.count("<svg") == 3
    assert "guide.pension" in made
    assert "http" not in made


@pytest.mark.parametrize(
    ("content", "words"),
    [("passport only text\n", ":1: write the intent"), ("# nothing\n", "no examples")],
)
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, content: str, words: str) -> None:
    """One sentence that says what to write."""
    file = tmp_path / "mine.tsv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(sets.DataError, match=words):
        sets.read(file)


def test_noise_is_the_same_every_time() -> None:
    """Two runs see the same noisy phrases, and noise that changes nothing makes no set."""
    file = sets.HELDOUT / "en.tsv"
    one, two = (list(sets.with_noise(file, ["typos", "romanised"], 20)) for _ in range(2))
    assert one == two
    assert [test.noise for test in one] == ["clean", "typos"]


def test_phrases_that_are_examples_are_told_apart() -> None:
    """'Passport' stands among the examples; what is right about the rest is counted by itself."""
    seen = [Outcome("guide.passport", "guide.passport", 0.9, True, seen=True)] * 3
    new = [Outcome("guide.passport", name, 0.9, True) for name in ("guide.passport", "greet")]
    counted = row(sets.TestSet("en", "clean", ()), [*seen, *new])
    assert (counted.accuracy, counted.unseen) == (0.8, 0.5)
