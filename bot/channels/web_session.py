"""Who is there: the session cookie, and whether a request comes from our own page."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from bot.access import Proxies, same
from bot.settings import Settings

COOKIE = "hashar"
SECURE_COOKIE = "__Host-hashar"
"""The name over https: browsers let nobody but this very host set a cookie called so."""

SECONDS = 90 * 86400
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_FORM = re.compile(r"([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{22})")


@dataclass(frozen=True, slots=True)
class Session:
    """One browser. The token is the address of its conversation: it must never be logged.

    `kept` says whether the browser brought the token, so that it will bring it again.
    """

    token: str
    secure: bool
    kept: bool

    def keep(self, response: web.StreamResponse) -> None:
        """Put the cookie on a response, for 90 days from now."""
        response.set_cookie(
            SECURE_COOKIE if self.secure else COOKIE,
            self.token,
            max_age=SECONDS,
            path="/",
            httponly=True,
            secure=self.secure,
            samesite="Lax",
        )


class Doorkeeper:
    """Tells sessions apart and turns away what other pages send in a person's name."""

    def __init__(self, settings: Settings, proxies: Proxies, secret: str) -> None:
        self._public = urlsplit(settings.public_url).netloc.lower()
        self._secret = secret.encode()
        self._proxies = proxies

    def session(self, request: web.Request) -> Session:
        """Return the session of the cookie, a new one when there is no valid cookie."""
        secure = self.secure(request)
        token = request.cookies.get(SECURE_COOKIE if secure else COOKIE, "")
        if _TOKEN.fullmatch(token):
            return Session(token, secure, kept=True)
        return Session(secrets.token_urlsafe(32), secure, kept=False)

    def secure(self, request: web.Request) -> bool:
        """Return whether the browser speaks https, as far as a trusted side says so."""
        if request.secure or (self._public and request.host.lower() == self._public):
            return True
        return self._proxies.https(request)

    def own(self, request: web.Request) -> bool:
        """Return whether a request that changes something was made by a page of this host.

        Browsers name the page in Sec-Fetch-Site or Origin, older ones in Referer; where there
        is none of them, nothing speaks against it.
        """
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            return site in ("same-origin", "none")
        page = request.headers.get("Origin", request.headers.get("Referer"))
        if page is None:
            return True
        try:
            host = urlsplit(page).netloc.lower()
        except ValueError:
            return False
        return bool(host) and host in (request.host.lower(), self._public)

    def form_id(self, session: Session) -> str:
        """Return an id for a form of a page, which only this session can send back."""
        nonce = secrets.token_urlsafe(12)
        return f"{nonce}.{self._sign('form', session.token, nonce)}"

    def form_nonce(self, session: Session, form_id: str) -> str | None:
        """Return what is unique in a form's id, None for an id of another session."""
        match = _FORM.fullmatch(form_id)
        if match and same(match[2], self._sign("form", session.token, match[1])):
            return match[1]
        return None

    def update_id(self, nonce: str, said: str) -> str:
        """Return one id for one thing said with one form: sent twice, it is answered once."""
        return f"{nonce}.{self._sign('update', nonce, said)}"

    def _sign(self, *parts: str) -> str:
        message = "\n".join(parts).encode("utf-8", "replace")
        digest = hmac.new(self._secret, message, hashlib.sha256).digest()[:16]
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
