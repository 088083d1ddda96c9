"""What is done to all examples at once is what is done to one message."""

from __future__ import annotations

import numpy as np
import pytest
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu import identification, ngrams
from nlu.components.base import PLAIN_TEXT, Example
from nlu.components.ngrams import NGRAMS, NgramFeaturizer

TEXTS = ("how do i get a passport", "паспорт паспорт", "кантип алам", "x", "", "👍")


def test_rows_of_a_matrix_are_rows() -> None:
    """With the same columns and weights, also for a text that has none."""
    found = ngrams.rows(ngrams.matrix(TEXTS, 2, 5, 10))
    for text, (columns, values) in zip(TEXTS, found, strict=True):
        expected, weights = ngrams.row(text, 2, 5, 10)
        assert columns.tolist() == expected.tolist()
        assert values == pytest.approx(weights)
    joined = ngrams.joined(found[:4])  # as wide as its last column
    whole = ngrams.matrix(TEXTS[:4], 2, 5, 10)
    assert (joined != whole[:, : joined.shape[1]]).nnz == 0


def test_examples_get_the_features_of_messages() -> None:
    """The featurizer weighs both in the same way."""
    featurizer = NgramFeaturizer(NgramFeaturizer.get_default_config(), None, None)  # type: ignore[arg-type]
    featurizer._frequencies = np.linspace(1, 2, 1 << 14, dtype=np.float32)
    one_by_one = featurizer.process([Example({PLAIN_TEXT: text}) for text in TEXTS])
    data = TrainingData([Example({"text": text, PLAIN_TEXT: text}) for text in TEXTS])
    at_once = featurizer.process_training_data(data).training_examples
    for one, other in zip(one_by_one, at_once, strict=True):
        assert (one.get(NGRAMS) is None) == (other.get(NGRAMS) is None)
        for first, second in zip(one.get(NGRAMS) or (), other.get(NGRAMS) or (), strict=True):
            assert first == pytest.approx(second, rel=1e-5)


def test_languages_are_named_alike() -> None:
    """Message by message, and all at once."""
    known = ("how do i get a passport", "where is my money", "как получить паспорт", "где деньги")
    identifier = identification.trained(known * 5, ["en", "en", "ru", "ru"] * 5)
    for text, (label, name, sure) in zip(TEXTS, identifier.identify_all(TEXTS), strict=True):
        assert identifier.identify(text) == (label, name, pytest.approx(sure, abs=1e-4))
