"""The chat without JavaScript: a form, and a page that waits for the answer and shows it."""

from __future__ import annotations

from urllib.parse import urlencode

from aiohttp import web

from bot import metrics
from bot.answers import BACK
from bot.body import read
from bot.channels import web_inbound as inbound
from bot.channels import web_page as pages
from bot.channels.web_desk import Desk
from bot.channels.web_session import Session
from bot.errors import BadUpdate, Limited, StoreUnavailable, TooLong
from bot.store.store import Mail

PAGE_WAIT = 8.0
"""Seconds that a page waits for the answer; then it offers to look again."""

_REFUSED: tuple[tuple[type[Exception], str, int], ...] = (
    (TooLong, "too_long", 413),
    (Limited, "wait", 429),
    (StoreUnavailable, "failed", 503),
)
"""What went wrong, the sentence that says so, and the status."""


class PlainPages:
    """Serves the page and its forms."""

    def __init__(self, desk: Desk, page: pages.Page) -> None:
        self._desk = desk
        self._page = page

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Write the page with the answers that are kept; after a form, wait for its own."""
        session = self._desk.door.session(request)
        try:
            after = inbound.mail_id(request.query.get("after", ""))
            sent = inbound.sent_id(request.query.get("sent", ""))
        except BadUpdate:
            return await self._show(request, session)
        if not sent:
            return await self._show(request, session, after=after)
        try:
            found = await self._desk.answered(session, sent, PAGE_WAIT)
        except StoreUnavailable:
            return await self._show(request, session, notice="failed", status=503, after=after)
        if found:
            return await self._show(request, session, after=after)
        return await self._show(request, session, notice="working", after=after, sent=sent)

    async def form(self, request: web.Request) -> web.StreamResponse:
        """Take one form, then send the browser to the page that shows the answer.

        A text that cannot be taken comes back in its field: nothing typed is lost.
        """
        door = self._desk.door
        session = door.session(request)
        fields = inbound.form(await read(request, inbound.FORM_LIMIT))
        nonce = door.form_nonce(session, fields.get("id", ""))
        if not door.own(request) or nonce is None:
            metrics.REFUSED.labels("web", "origin").inc()
            kept = {**fields, "id": ""}
            return await self._show(request, session, notice="failed", status=403, kept=kept)
        try:
            said = inbound.said_in_form(fields)
            update_id = door.update_id(nonce, f"{said.kind} {said.payload} {said.text}")
            await self._desk.take(request, session, said, update_id)
        except (TooLong, Limited, StoreUnavailable) as problem:
            notice, status = next(row[1:] for row in _REFUSED if isinstance(problem, row[0]))
            return await self._show(request, session, notice=notice, status=status, kept=fields)
        after = inbound.mail_id(fields.get("after") or "0")
        query = urlencode({"lang": said.language, "after": after, "sent": update_id})
        response = web.Response(status=303, headers={"Location": f"/?{query}#new"})
        session.keep(response)
        return response

    async def _show(
        self,
        request: web.Request,
        session: Session,
        *,
        notice: str = "",
        status: int = 200,
        after: str = "",
        sent: str = "",
        kept: dict[str, str] | None = None,
    ) -> web.Response:
        """Return the page; `kept` is a form that could not be taken."""
        kept, mail = kept or {}, list[Mail]()
        try:
            mail = await self._desk.all_mail(session) if session.kept else []
        except StoreUnavailable:
            notice, status = notice or "failed", 503
        view = pages.View(
            language=self._language(request, mail, kept, after),
            mail=mail,
            form_id=kept.get("id") or self._desk.door.form_id(session),
            after=after,
            sent=sent,
            notice=notice,
            draft=kept.get("text", ""),
            everything="all" in request.query,
        )
        html = self._page.write(self._desk.library, view)
        response = web.Response(text=html, content_type="text/html", status=status)
        response.enable_compression()
        if status == 503:
            response.headers["Retry-After"] = str(BACK)
        session.keep(response)
        return response

    def _language(
        self, request: web.Request, mail: list[Mail], kept: dict[str, str], after: str
    ) -> str:
        """Return the language of the newest answer, unless the address asks for another one.

        In the address after a form stands the language before it: there the answer decides.
        """
        library = self._desk.library
        asked = library.shipped(kept.get("lang") or request.query.get("lang", ""))
        spoken = pages.mail_language(library, mail)
        first, second = (spoken, asked) if after else (asked, spoken)
        accepted = request.headers.get("Accept-Language", "")
        return first or second or pages.accepted_language(library, accepted)
