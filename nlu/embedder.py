"""Sentence embeddings of multilingual-e5-small, with a cache on disk for training."""

import base64
import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nlu.engine import DIMENSION, NAME, Encoder, Floats, load
from nlu.environment import models_folder

CACHE = ".embeddings.npz"
CACHE_ENTRIES = 120_000
"""Most vectors kept on disk; at 792 bytes each about 95 MB."""

_REPORTED = 64  # texts between two reports of progress
_LOCK = threading.Lock()


@lru_cache(maxsize=1)
def _loaded(folder: str) -> Encoder:
    """Load the engine; `folder` is MODELS_DIR, told apart sooner than the path made of it."""
    return load(models_folder())


def engine() -> Encoder:
    """Load the embedding engine once for the process. Raises WeightsError."""
    with _LOCK:
        return _loaded(os.environ.get("MODELS_DIR", ""))


def embed(text: str) -> Floats:
    """Return the L2-normalised 'query: ' vector of a text."""
    return engine().encode(text)


def encode(vector: Floats) -> str:
    """Return a vector as base64 of little-endian float16."""
    return base64.b64encode(vector.astype("<f2").tobytes()).decode("ascii")


def decode(encoded: str) -> Floats:
    """Return the vector that `encode` wrote."""
    return np.frombuffer(base64.b64decode(encoded), dtype="<f2").astype(np.float32)


class Cache:
    """Vectors by hash of their text in one file, bounded; a lost file only costs time."""

    def __init__(self, path: Path, limit: int = CACHE_ENTRIES) -> None:
        self._path = path
        self._limit = limit
        self._vectors: dict[bytes, npt.NDArray[np.float16]] = {}
        self._changed = False
        self._read()

    def _read(self) -> None:
        try:
            with np.load(self._path) as stored:
                keys, vectors = stored["keys"], stored["vectors"]
        except (OSError, ValueError, KeyError, EOFError):
            return
        if vectors.ndim == 2 and vectors.shape[1] == DIMENSION:
            self._vectors = {key.tobytes(): row for key, row in zip(keys, vectors, strict=False)}

    def embed_all(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> Floats:
        """Return one vector a text, computing only what is not stored."""
        keys = [_key(text) for text in texts]
        missing = {k: t for k, t in zip(keys, texts, strict=True) if k not in self._vectors}
        self._compute(missing, progress)
        rows = [self._vectors[key] for key in keys]
        if not rows:
            return np.zeros((0, DIMENSION), dtype=np.float32)
        return np.stack(rows).astype(np.float32)

    def _compute(
        self, missing: dict[bytes, str], progress: Callable[[int, int], None] | None
    ) -> None:
        if not missing:
            return
        encoder = engine()
        pool = ThreadPoolExecutor(max_workers=os.cpu_count() or 1)
        try:
            vectors = pool.map(encoder.encode, missing.values())
            for done, (key, vector) in enumerate(zip(missing, vectors, strict=True), start=1):
                self._vectors[key] = vector.astype(np.float16)
                if progress and (done % _REPORTED == 0 or done == len(missing)):
                    progress(done, len(missing))
        finally:
            pool.shutdown(cancel_futures=True)  # Ctrl-C waits for none of what is left
        self._changed = True

    def save(self) -> None:
        """Write the newest entries to disk, whole or not at all."""
        if not self._changed:
            return
        keys = list(self._vectors)[-self._limit :]
        table = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), 16)
        vectors = np.stack([self._vectors[key] for key in keys])
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}.tmp.npz")
        np.savez(temporary, keys=table, vectors=vectors)
        os.replace(temporary, self._path)
        self._changed = False


def _key(text: str) -> bytes:
    """Return a digest of a text and the engine, so that vectors of another are not taken."""
    return hashlib.blake2b(f"{NAME}\0{text}".encode(), digest_size=16).digest()
