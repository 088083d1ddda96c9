"""The linear models, on numbers that can be checked by eye."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from nlu import learning

RNG = np.random.default_rng(2)
POINTS = RNG.normal(size=(1500, 3)).astype(np.float32)
SIDES = (POINTS[:, 0] + 0.5 * POINTS[:, 1] > 0.3).astype(np.int64)


@pytest.mark.parametrize("few", [12, 1500])
def test_learns_a_line(few: int) -> None:
    """From many examples nearly all are right, from a dozen most; the third number says nothing."""
    model = learning.fit(POINTS[:few], SIDES[:few], 2, penalty=1e-4)
    right = (model.scores(POINTS).argmax(axis=1) == SIDES).mean()
    assert right > (0.98 if few == 1500 else 0.75)
    if few == 1500:
        steep = np.abs(model.weights[:, 1])
        assert steep[2] < steep[1] < steep[0]


def test_sparse_and_dense_learn_the_same_each_time() -> None:
    """The order of examples follows from a seed."""
    dense = learning.fit(POINTS, SIDES, 2)
    for features in (POINTS, csr_matrix(POINTS)):
        again = learning.fit(features, SIDES, 2)
        assert again.weights == pytest.approx(dense.weights, abs=1e-3)
        assert again.bias == pytest.approx(dense.bias, abs=1e-3)


def test_agrees_with_a_solver_that_goes_to_the_end() -> None:
    """The same loss as scikit-learn's, to a hundredth: C is 1 / (rows * penalty), its penalty is
    on half of what ours is on, as two mirrored columns of weights."""
    from sklearn.linear_model import LogisticRegression

    ours = learning.softmax(learning.fit(POINTS, SIDES, 2, penalty=1e-2).scores(POINTS))
    solver = LogisticRegression(C=1 / (len(POINTS) * 0.5e-2), tol=1e-8).fit(POINTS, SIDES)
    assert np.abs(ours - solver.predict_proba(POINTS)).max() < 0.02


def test_importance_counts_as_copies_do() -> None:
    """Where one place has both labels, the weightier one wins."""
    points, labels = np.ones((4, 1), dtype=np.float32), np.array([0, 0, 0, 1])
    for weight, winner in ((1.0, 0), (9.0, 1)):
        importance = np.array([1, 1, 1, weight], dtype=np.float32)
        model = learning.fit(points, labels, 2, importance=importance)
        assert int(model.scores(points)[0].argmax()) == winner
        share = learning.softmax(model.scores(points))[0, 1]
        assert share == pytest.approx(weight / (3 + weight), abs=0.03)
