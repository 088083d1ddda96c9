"""The serving process: what it loads, what it leaves out, and models that it cannot use."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.rasa

ROOT = Path(__file__).parent.parent.parent


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=120
    )


def test_words_are_split_as_spacy_splits_them() -> None:
    """The tokenizers made without a pipeline give what `spacy.blank` gives, for every language."""
    import spacy

    from nlu.components.tokenizer import _RULES, _rules

    held_out = sorted((ROOT / "tests" / "nlu" / "heldout").glob("*.tsv"))
    texts = [line.split("\t")[-1] for file in held_out for line in file.open(encoding="utf-8")]
    texts += ["e.g. don't, 3.5% (т.е. кг.) http://x.kz?", "ЖСН-ды", "你好吗", ""]
    for name in {*_RULES.values(), "xx"}:
        whole = spacy.blank(name)
        for text in texts[::25]:
            expected = [token.text for token in whole.make_doc(text)]
            assert [token.text for token in _rules(name)(text)] == expected


def test_serving_loads_no_training_libraries() -> None:
    """TensorFlow, spaCy's command line and other things that no parse needs stay out, and can be
    imported all the same afterwards."""
    listing = (
        "import nlu.runtime, nlu.components.gazetteer, sys, json; print(json.dumps([*sys.modules]))"
    )
    loaded = json.loads(python("-c", listing).stdout)
    assert "spacy" in loaded
    for name in ("tensorflow", "redis", "h5py", "spacy.cli", "spacy.cli.info", "rich"):
        assert name not in loaded
    assert python("-c", "import nlu.runtime, spacy.cli, redis; spacy.cli.info").returncode == 0


def test_model_of_other_components_is_refused_in_one_sentence(tmp_path: Path) -> None:
    """A model that was trained by another version of the components ends the start with a sentence
    that says what to do."""
    node = {
        "needs": {"messages": "nlu_message_converter"},
        "uses": "nlu.components.classifier.HybridClassifier",
        "constructor_name": "load",
        "fn": "process",
        "config": {},
        "eager": True,
        "is_target": True,
        "is_input": False,
        "resource": {"name": "classifier", "output_fingerprint": "1"},
    }
    metadata = {
        "model_id": "old",
        "rasa_open_source_version": "3.6.21",
        "predict_schema": {"nodes": {"run_classifier": node}},
    }
    model = tmp_path / "old.tar.gz"
    with tarfile.open(model, "w:gz") as archive:
        for name, data in {
            "metadata.json": json.dumps(metadata).encode(),
            "components/classifier/ensemble.npz": _arrays_without_weights(),
        }.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    done = python("-m", "nlu.serve", "--port", "0", "--model", str(model))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Cannot load the model {model} (GraphComponentException): ")
    assert "Traceback" not in done.stderr


def _arrays_without_weights() -> bytes:
    import numpy as np

    sink = io.BytesIO()
    np.savez(sink, labels=np.array(["greet"]))
    return sink.getvalue()
