"""When a model is trained, and where it goes."""

import json
import os
import tarfile
import time
from pathlib import Path

import pytest

from nlu import embedder, train
from tests.nlu.conftest import write_page


def test_an_edited_answer_does_not_make_the_model_stale(content: Path) -> None:
    """Only titles and asks of the content count."""
    page = write_page(content, "passport", "en", ["get a passport"])
    before = train.fingerprint()
    page.write_text(page.read_text().replace("Do it.", "Do it now."))
    assert train.fingerprint() == before
    page.write_text(page.read_text().replace("get a passport", "get one passport"))
    assert train.fingerprint() != before


@pytest.mark.skipif(os.environ.get("TRAIN") == "0", reason="would train a stale model")
def test_a_fresh_model_is_not_trained_again(model: Path) -> None:
    """The second call takes no time and gives the same file."""
    started = time.monotonic()
    assert train.train() == model
    assert time.monotonic() - started < 20
    assert train.newest_model() == model


def test_only_the_newest_models_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three stay; half-made folders go."""
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))
    for number in range(5):
        file = tmp_path / f"nlu-{number}.tar.gz"
        file.touch()
        os.utime(file, (number, number))
    (tmp_path / ".training-x").mkdir()
    current = tmp_path / f"nlu-{train.fingerprint()[:16]}.tar.gz"
    current.touch()
    assert train.train() == current
    kept = sorted(p.name for p in tmp_path.glob("*") if not p.name.startswith(".lock"))
    assert kept == sorted([current.name, "nlu-4.tar.gz", "nlu-3.tar.gz"])


def test_a_folder_that_cannot_be_written_is_said_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the folder."""
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("MODELS_DIR", str(blocked / "models"))
    with pytest.raises(train.TrainingError, match="models"):
        train.train()


def test_the_model_holds_no_pickle(model: Path) -> None:
    """Arrays and JSON only: a model file cannot run code when loaded."""
    with tarfile.open(model) as archive:
        names = [m.name for m in archive.getmembers() if m.isfile()]
        assert {Path(n).suffix for n in names} <= {".npz", ".npy", ".json"}
        metadata = archive.extractfile(next(n for n in names if n.endswith("metadata.json")))
        assert metadata
        assert json.load(metadata)["rasa_open_source_version"] == "3.6.21"


def test_embeddings_are_computed_once(tmp_path: Path) -> None:
    """The cache gives back what it stored, forgets the oldest, and survives a broken file."""
    path = tmp_path / "cache.npz"
    cache = embedder.Cache(path, limit=2)
    first = cache.embed_all(["one", "two", "three"])
    cache.save()
    computed: list[int] = []
    again = embedder.Cache(path, limit=2)
    second = again.embed_all(["one", "two", "three"], lambda _, total: computed.append(total))
    assert computed == [1]
    assert abs(first - second).max() < 1e-3
    path.write_bytes(b"broken")
    assert embedder.Cache(path).embed_all([]).shape == (0, 384)
