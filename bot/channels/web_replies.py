"""JSON answers of the web channel, with the session's cookie."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from bot.channels.web_session import Session

ZIP_FROM = 600
"""Bytes from which an answer is worth compressing."""


def json_answer(data: dict[str, Any], session: Session | None = None) -> web.Response:
    """Return JSON; a session that is new gets its cookie with it."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    response = web.Response(text=body, content_type="application/json")
    if len(body) > ZIP_FROM:
        response.enable_compression()
    if session and not session.kept:
        session.keep(response)
    return response
