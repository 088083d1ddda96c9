"""Bodies of requests, read with a limit and in time; and JSON that is none."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from bot.errors import BadUpdate, TooLong, TooSlow, WrongType

SECONDS = 30.0
"""How long a body may take; a full text over a 2G line takes about ten seconds."""


async def read(request: web.Request, limit: int) -> bytes:
    """Return the body of at most `limit` bytes. Raises TooLong, TooSlow, BadUpdate."""
    if (request.content_length or 0) > limit:
        raise TooLong(f"The body may have at most {limit:,} bytes.")
    try:
        return await asyncio.wait_for(_all(request, limit), SECONDS)
    except asyncio.TimeoutError:
        raise TooSlow("The body came too slowly.") from None
    except (web.RequestPayloadError, ConnectionError, ValueError) as error:
        raise BadUpdate("The body cannot be read.") from error


async def _all(request: web.Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_chunked(16 * 1024):
        body.extend(chunk)
        if len(body) > limit:
            raise TooLong(f"The body may have at most {limit:,} bytes.")
    return bytes(body)


async def json_object(request: web.Request, limit: int) -> dict[str, Any]:
    """Return the JSON object of a body. Raises BadUpdate, TooLong, TooSlow.

    It must say that it is JSON: a page of another site cannot make a browser send that
    without asking first.
    """
    if request.content_type != "application/json":
        raise WrongType("Send application/json.")
    return parsed(await read(request, limit))


def parsed(data: str | bytes) -> dict[str, Any]:
    """Return a JSON object. Raises BadUpdate: no JSON, not UTF-8, too deep, too large a number."""
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        found = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BadUpdate("The body must be JSON in UTF-8.") from None
    if not isinstance(found, dict):
        raise BadUpdate("The body must be a JSON object.")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")
