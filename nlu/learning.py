"""Multinomial logistic regression in numpy and scipy: small, fast to train, nothing to pickle."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

Floats = npt.NDArray[np.float32]
Matrix: TypeAlias = "Floats | csr_matrix"


@dataclass(frozen=True)
class Linear:
    """Weights (features x classes) and one bias a class."""

    weights: Floats
    bias: Floats

    def scores(self, features: Matrix) -> Floats:
        """Return the logits, one row a text."""
        result: Floats = np.asarray(features @ self.weights) + self.bias
        return result


def softmax(logits: Floats) -> Floats:
    """Return probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Floats = shifted / shifted.sum(axis=-1, keepdims=True)
    return result


def fit(
    features: Matrix,
    labels: npt.NDArray[np.int64],
    classes: int,
    *,
    weights: Floats | None = None,
    penalty: float = 1e-4,
    iterations: int = 60,
    start: Linear | None = None,
) -> Linear:
    """Fit by L-BFGS: mean cross-entropy (weighted rows) plus penalty / 2 * squared weights."""
    rows, columns = features.shape
    importance = np.ones(rows, dtype=np.float32) if weights is None else weights
    importance = importance / importance.sum()
    target = np.zeros((rows, classes), dtype=np.float32)
    target[np.arange(rows), labels] = 1.0
    transposed = features.T.tocsr() if isinstance(features, csr_matrix) else features.T

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        matrix = flat.reshape(columns + 1, classes).astype(np.float32)
        probabilities = softmax(np.asarray(features @ matrix[:-1]) + matrix[-1])
        chosen = np.maximum(probabilities[np.arange(rows), labels], 1e-12)
        value = -float(importance @ np.log(chosen))
        value += 0.5 * penalty * float((matrix[:-1] ** 2).sum())
        difference = (probabilities - target) * importance[:, None]
        gradient = np.empty_like(matrix)
        gradient[:-1] = np.asarray(transposed @ difference) + penalty * matrix[:-1]
        gradient[-1] = difference.sum(axis=0)
        return value, gradient.ravel().astype(np.float64)

    initial = np.zeros((columns + 1) * classes)
    if start is not None:
        initial = np.vstack([start.weights, start.bias]).astype(np.float64).ravel()
    found = minimize(
        loss, initial, jac=True, method="L-BFGS-B",
        options={"maxiter": iterations, "maxcor": 8, "ftol": 1e-7},
    )  # fmt: skip
    solution = found.x.reshape(columns + 1, classes).astype(np.float32)
    return Linear(solution[:-1], solution[-1])
