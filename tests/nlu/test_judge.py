"""When a new model may take the place of the present one."""

from __future__ import annotations

import pytest

from nlu.judge import worse
from nlu.report.measures import Row


def row(name: str, accuracy: float, wrong: float, size: int = 200) -> Row:
    return Row(
        name=name,
        noise="clean",
        size=size,
        unseen=0.0,
        accuracy=accuracy,
        coverage=0.9,
        wrong=wrong,
        rejected=0.9,
        false_rejection=0.0,
        error=0.02,
    )


@pytest.mark.parametrize(
    ("accuracy", "wrong", "size", "refused"),
    [
        (0.95, 0.01, 200, False),
        (0.99, 0.00, 200, False),
        (0.935, 0.01, 200, False),  # 1.5 points: noise
        (0.92, 0.01, 200, True),
        (0.95, 0.04, 200, True),  # as right as before, but more often sure and wrong
        (0.95, 0.025, 200, False),
        (0.92, 0.01, 40, False),  # of 40 phrases, one more or less is 2.5 points
        (0.90, 0.01, 40, True),
    ],
)
def test_worse_by_more_than_noise(accuracy: float, wrong: float, size: int, refused: bool) -> None:
    """One language that lost refuses the model, whatever the others gained."""
    before = [row("kk", 0.95, 0.01, size), row("en", 0.90, 0.02)]
    after = [row("kk", accuracy, wrong, size), row("en", 0.99, 0.0)]
    sentences = worse(before, after)
    assert bool(sentences) == refused, sentences
    assert all(sentence.startswith("kk") for sentence in sentences)
