"""What every answer of the web channel has in common: headers, JSON, refusals."""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiohttp import web

from bot.channels.web_inbound import TooLong
from bot.channels.web_session import Session
from bot.errors import BadUpdate, Forbidden, HasharError, StoreUnavailable

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

SLOW_DOWN = 10
STORE_BACK = 2
"""Seconds after which to send again: after too many messages, and when the store is down."""

ZIP_FROM = 600
"""Bytes from which an answer is worth compressing."""

Owner = TypeVar("Owner")
Handler = Callable[[Owner, web.Request], Awaitable[web.StreamResponse]]


class Limited(HasharError):
    """Too many messages; the same one may be sent again later."""

    retryable = True


def answered(handler: Handler[Owner]) -> Handler[Owner]:
    """Give every answer the security headers, and every refusal a short JSON error."""

    @functools.wraps(handler)
    async def guarded(owner: Owner, request: web.Request) -> web.StreamResponse:
        try:
            response = await handler(owner, request)
        except (BadUpdate, Forbidden, Limited, StoreUnavailable) as problem:
            response = _refusal(problem)
        if not response.prepared:
            response.headers.update(HEADERS)
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return guarded


def json_answer(data: dict[str, Any], session: Session | None = None) -> web.Response:
    """Return JSON; a session that is new gets its cookie with it."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    response = web.Response(text=body, content_type="application/json")
    if len(body) > ZIP_FROM:
        response.enable_compression()
    if session and not session.kept:
        session.keep(response)
    return response


def error(status: int, name: str, about: str) -> web.Response:
    """Return an error: a name for programs, a sentence for people."""
    return web.Response(
        status=status,
        text=json.dumps({"error": name, "about": about}),
        content_type="application/json",
    )


def _refusal(problem: HasharError) -> web.Response:
    if isinstance(problem, StoreUnavailable):
        response = error(503, "unavailable", "Please send it again in a moment.")
        response.headers["Retry-After"] = str(STORE_BACK)
    elif isinstance(problem, Limited):
        response = error(429, "too_many", str(problem))
        response.headers["Retry-After"] = str(SLOW_DOWN)
    elif isinstance(problem, TooLong):
        response = error(413, "too_long", str(problem))
    elif isinstance(problem, Forbidden):
        response = error(403, "forbidden", str(problem))
    else:
        response = error(400, "bad_request", str(problem))
    return response
