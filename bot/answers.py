"""What every answer over HTTP has in common: security headers, and errors as short JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from bot import metrics
from bot.errors import (
    BadUpdate,
    Forbidden,
    HasharError,
    Limited,
    StoreUnavailable,
    TooLong,
    TooSlow,
    UnderstandingUnavailable,
    WrongType,
)

log = structlog.get_logger()

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "Hashar",
}
"""On every response. (With 'no-referrer' browsers would hide the Origin of forms.)"""

HTTPS_HEADERS = {"Strict-Transport-Security": "max-age=31536000"}
"""On every response of a site that has an https address (PUBLIC_URL)."""

BACK = 2
"""Seconds after which to send again when a part of the system does not answer."""

_ERRORS: tuple[tuple[type[HasharError], int, str], ...] = (
    (TooLong, 413, "too_long"),
    (TooSlow, 408, "too_slow"),
    (WrongType, 415, "content_type"),
    (BadUpdate, 400, "bad_request"),
    (Forbidden, 403, "forbidden"),
    (Limited, 429, "too_many"),
    (StoreUnavailable, 503, "unavailable"),
    (UnderstandingUnavailable, 503, "unavailable"),
)
"""What is refused, the status, and the name for programs."""

_ABOUT = {
    404: ("not_found", "There is nothing here."),
    405: ("method", "This address knows other methods only; see Allow."),
    413: ("too_long", "The body is too long."),
}
"""What the HTTP library refuses by itself, in our words: its own may quote the request."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def error(status: int, name: str, about: str) -> web.Response:
    """Return an error: a name for programs, a sentence for people."""
    return web.Response(
        status=status,
        text=json.dumps({"error": name, "about": about}),
        content_type="application/json",
    )


def refusal(problem: HasharError) -> web.Response:
    """Return the answer to what was refused."""
    status, name = next(
        (row[1:] for row in _ERRORS if isinstance(problem, row[0])), (500, "internal")
    )
    if isinstance(problem, StoreUnavailable | UnderstandingUnavailable):
        response = error(status, name, "Please send it again in a moment.")
        response.headers["Retry-After"] = str(BACK)
        return response
    response = error(status, name, str(problem))
    if isinstance(problem, Limited):
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


@web.middleware
async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every refusal by JSON. Of an unexpected error the log holds type and route only."""
    began = time.perf_counter()
    try:
        return await handler(request)
    except web.HTTPException as problem:
        if problem.status < 400:
            raise
        name, about = _ABOUT.get(problem.status, ("refused", problem.reason))
        response = error(problem.status, name, about)
        if "Allow" in problem.headers:
            response.headers["Allow"] = problem.headers["Allow"]
        return response
    except HasharError as problem:
        if any(isinstance(problem, row[0]) for row in _ERRORS):
            return refusal(problem)
        return _unexpected(request, problem, began)
    except Exception as problem:
        return _unexpected(request, problem, began)


def _unexpected(request: web.Request, problem: Exception, began: float) -> web.Response:
    route = request.match_info.route.resource
    metrics.ERRORS.labels("gateway", type(problem).__name__).inc()
    log.error(
        "request_failed",
        route=route.canonical if route else "",
        ms=round((time.perf_counter() - began) * 1000),
        exc_info=problem,
    )
    return error(500, "internal", "Something went wrong here.")


async def with_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on a response: a signal of aiohttp, sent before each response begins."""
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")


def application(limit: int, https: bool = False) -> web.Application:
    """Return an empty HTTP application with these errors and headers.

    `limit`: bytes of a body, for whoever reads one without a limit of its own.
    """
    app = web.Application(client_max_size=limit, middlewares=[answered])
    app.on_response_prepare.append(with_headers)
    if https:
        app.on_response_prepare.append(_only_https)
    return app


async def _only_https(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HTTPS_HEADERS)
