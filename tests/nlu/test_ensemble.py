"""The four voices on a few made-up vectors: no model is trained."""

from pathlib import Path

import numpy as np
import pytest

from nlu import ensemble
from nlu.learning import Floats
from nlu.projection import Projection
from nlu.spelling import Speller

RNG = np.random.default_rng(5)
TOPICS = {"passport": RNG.normal(size=384), "pension": RNG.normal(size=384)}
NOTHING_SPELT = np.zeros(2, dtype=np.float32)
TONGUES = {"en": 6 * RNG.normal(size=384), "kk": 6 * RNG.normal(size=384)}


def vector(topic: str, language: str) -> Floats:
    """Return a unit vector in which the language is six times louder than the topic."""
    made = TOPICS[topic] + TONGUES[language] + 0.1 * RNG.normal(size=384)
    return (made / np.linalg.norm(made)).astype(np.float32)


@pytest.fixture
def voices() -> ensemble.Ensemble:
    """English knows both topics; Kazakh has examples of other words only."""
    asked = [("passport", "en"), ("pension", "en")] * 5 + [("passport", "kk"), ("pension", "kk")]
    texts = [f"{topic} {language}" for topic, language in asked]
    vectors = np.stack([vector(*ask) for ask in asked])
    labels = sorted(TOPICS)
    return ensemble.trained(
        labels,
        vectors,
        texts,
        np.array([labels.index(topic) for topic, _ in asked]),
        Projection.of(vectors, [language for _, language in asked]),
    )


@pytest.mark.parametrize("language", ["en", "kk"])
@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_the_topic_counts_more_than_the_language(
    voices: ensemble.Ensemble, topic: str, language: str
) -> None:
    """A question of a language with few examples is understood by what others asked."""
    shares = voices.probabilities(vector(topic, language), NOTHING_SPELT, "?")
    assert voices.labels[int(shares.argmax())] == topic
    assert shares.sum() == pytest.approx(1)


def test_mixed_speech_is_seen_without_both_languages(voices: ensemble.Ensemble) -> None:
    """Half of each language's direction is taken away as all of one is."""
    mixed = (vector("pension", "en") + vector("pension", "kk")) / 2
    for pure in ("en", "kk"):
        alike = voices.projection(mixed[None]) @ voices.projection(vector("pension", pure)[None]).T
        other = voices.projection(mixed[None]) @ voices.projection(vector("passport", pure)[None]).T
        assert alike > 0.9 > 0.5 > other


def test_one_language_takes_no_direction_away() -> None:
    """Then only the mean goes."""
    vectors = np.stack([vector("passport", "en"), vector("pension", "en")])
    assert Projection.of(vectors, ["en", "en"]).directions.shape == (0, 384)


@pytest.mark.parametrize("typed", ["pasport en", "passprt en", "psasport e"])
def test_a_short_phrase_is_known_by_its_letters(voices: ensemble.Ensemble, typed: str) -> None:
    """Whatever the embedding makes of it; one that is like no other has no say."""
    nothing = np.zeros(384, dtype=np.float32)
    shares = voices.probabilities(nothing, NOTHING_SPELT, typed)
    assert voices.labels[int(shares.argmax())] == "passport"
    assert shares.max() > 0.7
    assert not voices.phrases.scores("something else", 2).any()


def test_few_examples_have_weights_of_their_own() -> None:
    """Which change evenly to those of many, and no further on either side."""
    few, some, many = (ensemble.weights_for(count) for count in (3, 77.5, 5000))
    assert few.tolist() == pytest.approx(ensemble.WEIGHTS_OF_FEW)
    assert many.tolist() == pytest.approx(ensemble.WEIGHTS)
    assert some.tolist() == pytest.approx(np.sqrt(few * many).tolist(), rel=0.01)


def test_what_was_saved_answers_the_same(voices: ensemble.Ensemble, tmp_path: Path) -> None:
    """Rounding of stored numbers changes no share by a hundredth."""
    voices.save(tmp_path / "voices.npz")
    again = ensemble.Ensemble.load(tmp_path / "voices.npz")
    asked, spelt = vector("pension", "kk"), np.array([0.1, 0.9], dtype=np.float32)
    before, after = (m.probabilities(asked, spelt, "pension kk") for m in (voices, again))
    assert np.abs(before - after).max() < 0.01


@pytest.mark.parametrize("written", [{}, {"format": 2}, {"format": "3 e5-0"}])
def test_what_another_version_saved_is_refused(
    voices: ensemble.Ensemble, tmp_path: Path, written: dict[str, object]
) -> None:
    """Even where all its arrays are there: their meaning, or their vectors, may be others."""
    voices.save(tmp_path / "voices.npz")
    with np.load(tmp_path / "voices.npz") as stored:
        arrays = {name: stored[name] for name in stored if name != "format"}
    np.savez(tmp_path / "voices.npz", **arrays, **written)
    with pytest.raises(KeyError, match="format"):
        ensemble.Ensemble.load(tmp_path / "voices.npz")


@pytest.mark.parametrize(
    ("language", "word", "typed"),
    [
        ("ru", "удостоверение", "удостоврение"),
        ("bn", "পাসপোর্ট", "পাসপর্ট"),
        ("uz", "tug'ilganlik", "tug'lganlik"),
        ("ur", "پاسپورٹ", "پاسپرٹ"),
    ],
)
def test_mistyped_words_come_back(language: str, word: str, typed: str) -> None:
    """Words with vowel signs and apostrophes too; a word that is right somewhere stays."""
    speller = Speller({language: {word: 3}}, ["known"])
    assert speller.corrected(f"{typed} known", language) == f"{word} known"
    assert speller.corrected("112 abc", language) == "112 abc"


def test_words_are_corrected_one_by_one_as_all_at_once() -> None:
    """The nearest, then the most frequent; only what is long enough, in a language of ours."""
    words = {"en": {"passport": 5, "passports": 1, "pension": 2, "tension": 9}, "kk": {"мектеп": 3}}
    speller = Speller(words, ["known"])
    texts = ["pasport", "my pasports and xension", "known qqqqq ab1x", "мектп", "pasport", ""]
    languages = ["en", "en", "en", "kk", "", "en"]
    corrected = speller.corrected_all(texts, languages)
    assert corrected == ["passport", "my passports and tension", texts[2], "мектеп", "pasport", ""]
    assert corrected == [speller.corrected(t, c) for t, c in zip(texts, languages, strict=True)]
