"""What texts look like, on a few made-up ones: no model is trained."""

from pathlib import Path

import numpy as np
import pytest

from nlu import learning, ngrams, pieces, surface
from nlu.neighbours import Neighbours
from nlu.projection import Projection

TEXTS = ("passport", "new passport", "pension", "my pension")
LABELS = ["passport", "pension"]
TARGETS = np.array([0, 0, 1, 1])
SIZES = (2, 5, 10)


def row(text: str) -> ngrams.Row:
    """Return letters as the component gives them: of length one."""
    columns, values = ngrams.row(text, *SIZES)
    return columns, (values / np.linalg.norm(values)).astype(np.float32)


def seen(text: str) -> learning.Floats:
    """Return a made-up vector of pieces: one axis a topic, and some of all."""
    made = np.full(4, 0.5, dtype=np.float32)
    made[0] += "passport" in text
    made[1] += "pension" in text
    return np.asarray(made / np.linalg.norm(made), dtype=np.float32)


@pytest.fixture
def looks() -> surface.Surface:
    """Two topics with examples enough: two texts each, again and again."""
    return learnt(surface.ENOUGH // 2)


def learnt(times: int) -> surface.Surface:
    """Return what is learnt from the texts, each so many times."""
    letters = ngrams.joined([row(text) for text in TEXTS * times])
    vectors, targets = np.stack([seen(text) for text in TEXTS]), np.tile(TARGETS, times)
    return surface.trained(LABELS, (letters, targets), (np.tile(vectors, (times, 1)), targets))


@pytest.mark.parametrize("text", TEXTS)
def test_what_looks_like_an_example_is_sure(looks: surface.Surface, text: str) -> None:
    """Letters and pieces say the same."""
    shares = looks.shares(looks.spelt(row(text)), seen(text))
    assert shares.sum() == pytest.approx(1)
    assert shares.max() >= surface.SURE
    assert LABELS[int(shares.argmax())] in text


@pytest.mark.parametrize(("letters", "said"), [("passport", "pension"), ("zzz", "yyy")])
def test_what_the_voices_do_not_agree_on_is_not(
    looks: surface.Surface, letters: str, said: str
) -> None:
    """Nor what none of them knows: then the sentence is read."""
    assert looks.shares(looks.spelt(row(letters)), seen(said)).max() < surface.SURE


def test_few_examples_are_not_enough(looks: surface.Surface) -> None:
    """To know a text by its looks alone."""
    assert looks.enough
    assert not learnt(surface.ENOUGH // 2 - 1).enough


def test_what_was_saved_answers_the_same(looks: surface.Surface, tmp_path: Path) -> None:
    """Rounding of stored numbers changes no share by a hundredth."""
    looks.save(tmp_path / "surface.npz")
    again = surface.Surface.load(tmp_path / "surface.npz")
    before, after = (m.shares(m.spelt(row("pension x")), seen("pension")) for m in (looks, again))
    assert np.abs(before - after).max() < 0.01


def test_rare_pieces_weigh_more() -> None:
    """Two texts share piece 0; piece 3 stands in none."""
    weights = pieces.rarity([[0, 1], [0, 2, 2]], 4)
    assert weights[0] < weights[1] == weights[2] < weights[3]
    axes = np.eye(4, dtype=np.float32)
    one, other = pieces.means([[0, 1], [3]], weights, lambda ids: axes[ids])
    assert 0 < one[0] < one[1]
    assert np.linalg.norm(one) == pytest.approx(1)
    assert other == pytest.approx(axes[3])


def test_pieces_keep_what_tells_examples_apart_and_leave_the_language() -> None:
    """As many numbers as asked for, at most; the axis of languages is none of them."""
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(400, 200)).astype(np.float32)
    rows[:200, 0] += 9.0
    languages = ["en"] * 200 + ["kk"] * 200
    learnt = pieces.Pieces.of(rows, np.ones(5, np.float32), Projection.of(rows, languages))
    assert learnt(rows).shape == (400, pieces.WIDTH)
    assert np.linalg.norm(learnt(rows), axis=1) == pytest.approx(np.ones(400), abs=1e-5)
    apart = learnt.axes[:, 0]
    assert float(apart @ apart) < 0.05


def test_neighbours_outside_the_shortlist_are_as_far_as_its_last() -> None:
    """Only the likeliest are compared."""
    near = Neighbours.of(np.eye(3, dtype=np.float32), np.array([0, 1, 2]))
    said = np.array([0.0, 2.0, 1.0], dtype=np.float32)
    direction = np.array([0.9, 0.4, 0.1], dtype=np.float32)
    assert near.among(direction, said, 2) == pytest.approx([0.1, 0.4, 0.1])
    assert near.among(direction, said, 9) == pytest.approx([0.9, 0.4, 0.1])
