"""What has to be set before Rasa and numeric libraries are imported."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent

_NOT_SERVED = ("redis", "h5py", "rich", "tensorflow", "torch")
"""Optional parts of Rasa's and spaCy's libraries: they go on without, and start 2 s sooner."""


def models_folder() -> Path:
    """Return the folder of trained models: MODELS_DIR, or models/ in the project."""
    return Path(os.environ.get("MODELS_DIR") or ROOT / "models")


def quiet(threads: int = 1) -> None:
    """Set thread counts, switch off telemetry, crash reports and chatter.

    Must run before numpy, TensorFlow or Rasa are imported. Values that are set already stay,
    but telemetry is always off: a citizen's bot does not phone home.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                 "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):  # fmt: skip
        os.environ.setdefault(name, str(threads))
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ["SENTRY_DSN"] = ""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    os.environ.setdefault("RASA_MAX_CACHE_SIZE", "0")
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    for name in ("rasa", "matplotlib", "tensorflow", "sanic", "apscheduler"):
        logging.getLogger(name).setLevel(logging.WARNING)


@contextmanager
def only_what_serves() -> Iterator[None]:
    """Let the imports inside leave out what parsing a message never uses.

    Optional libraries are not found, which their users allow for, and spaCy's command line, which
    it imports only to offer `spacy.info`, is an empty module. Afterwards all can be imported.
    """
    line, info = ModuleType("spacy.cli"), ModuleType("spacy.cli.info")
    line.__path__ = []
    info.info = None  # type: ignore[attr-defined]
    absent: dict[str, ModuleType | None] = dict.fromkeys(_NOT_SERVED)
    absent |= {line.__name__: line, info.__name__: info}
    placed = {name: module for name, module in absent.items() if name not in sys.modules}
    sys.modules.update(placed)  # type: ignore[arg-type]  # None is Python's word for 'not found'
    try:
        yield
    finally:
        for name in placed:
            del sys.modules[name]
