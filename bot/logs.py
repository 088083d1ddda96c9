"""Structured logs without personal data: event names, types, ids of turns, numbers."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import MutableMapping
from typing import Any

from bot.settings import Settings

with contextlib.ExitStack() as stack:
    if "rich" not in sys.modules:  # structlog takes 0.3 s to load it for tracebacks we never print
        sys.modules["rich"] = None  # type: ignore[assignment]
        stack.callback(sys.modules.pop, "rich")
    import structlog

_FORBIDDEN = frozenset({"text", "message", "payload", "address", "name", "token", "url", "body"})
"""Keys whose values could be a person's: dropped, whoever logs them."""

_CHATTY = ("httpx", "httpcore", "telegram", "aiohttp", "asyncio", "watchfiles", "redis")


def configure(settings: Settings) -> None:
    """Set up logging for the process, to standard error."""
    level = getattr(logging, settings.log_level.upper())
    logging.basicConfig(level=level, stream=sys.stderr, format="%(levelname)s %(name)s")
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    plain = settings.log_format == "text" or (settings.log_format == "auto" and sys.stderr.isatty())
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if plain else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_personal_data,
            _place_of_error,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_to_standard_error,
        cache_logger_on_first_use=False,
    )


def _to_standard_error(*_: Any) -> Any:
    """Return a logger to what is standard error now; it can change, in tests for one."""
    return structlog.PrintLogger(sys.stderr)


def _without_personal_data(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for key in _FORBIDDEN & set(event):
        event[key] = "[left out]"
    return event


def _place_of_error(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace an exception by its type and the place where it was raised; never its message."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        places, trace = [], error.__traceback__
        while trace:
            code = trace.tb_frame.f_code
            places.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
            trace = trace.tb_next
        event["error"], event["place"] = type(error).__name__, " > ".join(places[-4:])
    return event
