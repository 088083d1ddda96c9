"""Who may call what: proxies that are believed, tokens, and this machine."""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from aiohttp import web

from bot.errors import Forbidden, SettingsError
from bot.settings import Settings

THIS_MACHINE = frozenset({"127.0.0.1", "::1", ""})
"""Peers that are a program here, or a proxy that nobody named; '' is a Unix socket."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Proxies:
    """The reverse proxies whose word about a client is believed (TRUSTED_PROXIES).

    Raises SettingsError when they are not networks.
    """

    def __init__(self, listed: str) -> None:
        names = [name.strip() for name in listed.split(",") if name.strip()]
        try:
            self._networks = [ipaddress.ip_network(name, strict=False) for name in names]
        except ValueError as error:
            raise SettingsError(
                f"TRUSTED_PROXIES must be networks like 10.0.0.0/8: {error}."
            ) from None

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._networks)

    def __contains__(self, peer: str) -> bool:
        """Whether an address is one of a proxy."""
        found = _address(peer)
        return found is not None and any(found in network for network in self._networks)

    def client(self, request: web.Request) -> str:
        """Return the address of who made a request.

        X-Forwarded-For counts only when a proxy says it, and is read from the right: what a
        client wrote there itself stands left of what the first proxy saw.
        """
        client = request.remote or ""
        for hop in reversed(",".join(request.headers.getall("X-Forwarded-For", ())).split(",")):
            found = _address(hop)
            if client not in self or found is None:
                break
            client = str(found)
        return client

    def https(self, request: web.Request) -> bool:
        """Return whether a proxy says that the browser speaks https with it."""
        claim = request.headers.get("X-Forwarded-Proto", "").split(",")[-1]
        return claim.strip().lower() == "https" and (request.remote or "") in self


def _address(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def local_or_token(request: web.Request, name: str, settings: Settings) -> None:
    """Let a request pass that carries the token of a setting, or, without one, is made here.

    'Here' means: by a program on this machine that named this machine, while nothing says that a
    proxy passes on what strangers send. Raises Forbidden.
    """
    token = str(getattr(settings, name))
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        given = given or request.query.get("token", "")
        if same(given, token):
            return
        raise Forbidden("A token is needed.")
    public = settings.public_url or settings.trusted_proxies
    forwarded = any(one in request.headers for one in ("X-Forwarded-For", "Forwarded", "Via"))
    if public or forwarded or not _here(request):
        raise Forbidden(f"Only this machine may call this; set {name.upper()} to open it.")


def same(given: str, secret: str) -> bool:
    """Compare in a time that tells nothing about the secret."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), secret.encode())


def _here(request: web.Request) -> bool:
    """Return whether peer and Host are this machine (a page could let its own name lead here)."""
    peer = _address(request.remote or "")
    if peer is None or not peer.is_loopback:
        return not request.remote
    try:
        host = urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        return False
    named = _address(host)
    return host == "localhost" or (named is not None and named.is_loopback)
