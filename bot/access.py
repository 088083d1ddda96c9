"""Who may call what: tokens, and this machine."""

from __future__ import annotations

import hmac
import ipaddress

from aiohttp import web

from bot.settings import Settings


def client_address(request: web.Request, settings: Settings) -> str:
    """Return the caller's address; X-Forwarded-For counts only from TRUSTED_PROXIES.

    The header is read from the right: each trusted proxy's entry is skipped.
    """
    peer = request.remote or ""
    if not _trusted(peer, settings):
        return peer
    for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        if hop.strip() and not _trusted(hop.strip(), settings):
            return hop.strip()
    return peer


def _trusted(address: str, settings: Settings) -> bool:
    try:
        ip = ipaddress.ip_address(address)
        networks = [part.strip() for part in settings.trusted_proxies.split(",") if part.strip()]
        return any(ip in ipaddress.ip_network(network, strict=False) for network in networks)
    except ValueError:
        return False


def local_or_token(request: web.Request, token: str, settings: Settings) -> None:
    """Let a request pass that carries the token, or, where none is set, comes from this machine.

    A request that came through a proxy is never 'this machine'. Raises HTTPForbidden.
    """
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        given = given or request.query.get("token", "")
        if hmac.compare_digest(given.encode(), token.encode()):
            return
        raise web.HTTPForbidden(text="A token is needed.")
    forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "Via"))
    try:
        local = ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        local = request.remote is None or request.remote == ""  # a Unix socket
    if not local or forwarded:
        raise web.HTTPForbidden(text="Only this machine may call this; set a token to open it.")
