"""What has to be set before Rasa and numeric libraries are imported."""

import logging
import os
import warnings


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
