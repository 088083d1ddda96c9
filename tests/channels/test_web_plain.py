"""The web chat without JavaScript: forms and pages alone."""

from __future__ import annotations

import re
import time
from html import unescape

import pytest

from bot.channels import web_page as pages
from bot.model import Button, Message, Update
from bot.store.store import Mail
from tests.browser.site import Site
from tests.browser.visitors import FORM_ID, Visitor

pytest_plugins = ["tests.browser.fixtures"]

# -- without JavaScript --------------------------------------------------------------------


async def test_a_conversation_works_with_forms_alone(visitor: Visitor) -> None:
    page = await visitor.open()
    assert 'name="start"' in page
    assert not visitor.articles
    await visitor.submit(start="1")
    assert len(visitor.articles) == 1
    assert "Emergency" in visitor.articles[0]
    await visitor.submit(text="passport")
    assert len(visitor.articles) == 2
    assert 'id="new"' in visitor.articles[1]
    assert 'value="guide:passport:documents"' in visitor.articles[1]
    await visitor.submit(payload="guide:passport:documents")
    assert len(visitor.articles) == 3
    assert 'id="new"' in visitor.articles[2]


async def test_a_page_changes_its_language_with_the_answers(visitor: Visitor) -> None:
    await visitor.open()
    await visitor.submit(start="1", lang="ru")
    assert '<html lang="ru"' in visitor.page
    await visitor.submit(payload="language:ar", lang="ru")
    assert '<html lang="ar" dir="rtl"' in visitor.page
    await visitor.submit(payload="language:uz-Cyrl", lang="ar")
    assert '<html lang="uz-Cyrl" dir="ltr"' in visitor.page
    assert "Юбориш" in visitor.page


async def test_a_form_sent_twice_is_answered_once(visitor: Visitor) -> None:
    first = await visitor.open()
    await visitor.submit(text="passport")
    visitor.page = first
    await visitor.submit(text="passport")
    assert len(visitor.articles) == 1
    visitor.page = first
    await visitor.submit(text="hello")
    assert len(visitor.articles) == 2


async def test_without_an_answer_the_page_offers_to_look_again(
    site: Site, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.web_plain.PAGE_WAIT", 0.3)

    async def swallow(update: Update) -> bool:
        return True

    await site.channel.start(swallow)
    await visitor.open()
    await visitor.submit(text="passport")
    assert "Hashar is writing" in visitor.page
    match = re.search(r'class="hc-refresh" href="([^"]+)"', visitor.page)
    assert match
    assert "sent=" in match[1]
    assert "Show new answers" in visitor.page
    await visitor.open(unescape(match[1]))
    assert "Hashar is writing" in visitor.page


async def test_without_a_question_nobody_waits(visitor: Visitor) -> None:
    await visitor.open()
    await visitor.submit(text="passport")
    match = re.search(r'class="hc-refresh" href="([^"]+)"', visitor.page)
    assert match
    began = time.monotonic()
    await visitor.open(unescape(match[1]))
    assert time.monotonic() - began < 3
    assert "Hashar is writing</p>" not in visitor.page


@pytest.mark.parametrize(
    ("fields", "trouble", "status"),
    [
        ({"text": "x" * 10_001}, "", 413),
        ({"text": "my long question"}, "down", 503),
        ({"text": "my long question"}, "limited", 429),
        ({"text": "my long question", "id": "forged.forged"}, "", 403),
    ],
)
async def test_a_text_that_cannot_be_taken_stays_in_its_field(
    site: Site, visitor: Visitor, fields: dict[str, str], trouble: str, status: int
) -> None:
    await visitor.open()
    if trouble == "down":
        await site.lose_store()
    if trouble == "limited":
        await site.limit(user_rate=1)
        await visitor.submit(text="the first in this minute")
    await visitor.submit(answer=status, **fields)
    assert f"\n{fields['text']}</textarea>" in visitor.page
    assert re.search(r'class="hc-status" role="status">[^<]+<', visitor.page)
    await site.limit(user_rate=0)
    await site.find_store()
    await visitor.submit(text="passport")
    assert len(visitor.articles) == 1 + (trouble == "limited")


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}])
async def test_a_form_of_another_site_is_refused(
    visitor: Visitor, other: Visitor, headers: dict[str, str]
) -> None:
    await visitor.open()
    await other.open()
    match = FORM_ID.search(other.page)
    assert match
    for form_id, extra in ((match[1], {}), (FORM_ID.findall(visitor.page)[0], headers)):
        data = {"id": form_id, "text": "passport"}
        async with visitor.http.post("/web/form", data=data, headers=extra) as answer:
            assert answer.status == 403
    assert await visitor.mail(wait=0) == []


@pytest.mark.parametrize(
    "body",
    [
        b"%ff%fe",
        b"text=%ff",
        b"\xff",
        b"text=a&unknown=1",
        b"&".join(b"text=%d" % n for n in range(50)),
        b"text=" + b"%41" * 60_000,
    ],
)
async def test_broken_forms_get_an_error(visitor: Visitor, body: bytes) -> None:
    await visitor.open()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with visitor.http.post("/web/form", data=body, headers=headers) as answer:
        assert answer.status in (400, 403, 413)


async def test_many_answers_do_not_weigh_on_a_slow_line(visitor: Visitor) -> None:
    await visitor.open()
    last = "0"
    for _ in range(12):
        await visitor.say("passport")
        last = (await visitor.mail(last))[-1]["id"]
    await visitor.open()
    assert len(visitor.articles) == pages.SHOWN
    assert "all=1" in visitor.page
    assert 'id="new"' in visitor.articles[-1]
    await visitor.open("/?all=1")
    assert len(visitor.articles) == 12


async def test_the_person_is_not_quoted_into_the_page(visitor: Visitor) -> None:
    await visitor.open()
    await visitor.submit(text='"><script>alert(1)</script><img src=x onerror=alert(1)>')
    assert "alert(1)" not in visitor.page
    await visitor.submit(answer=403, id="no", text="</textarea><script>alert(1)</script>")
    assert "<script>alert" not in visitor.page
    assert "&lt;script&gt;alert(1)" in visitor.page


def test_everything_but_the_answer_is_escaped(site: Site) -> None:
    bad = '"><script>alert(1)</script>'
    message = Message(
        "<p>safe</p>",
        ((Button(bad, bad),),),
        metadata={"language": bad, "direction": bad, "intent": bad},
    )
    mail = [Mail("1-1", "1-1", bad, (message,))]
    view = pages.View(bad, mail, bad, after="0-1", notice=bad, draft=bad)
    page = pages.Page().write(site.library.current, view)
    assert "<script>alert" not in page
    assert "<p>safe</p>" in page
    (row,) = pages.mail_json(site.library.current, mail)[0]["messages"]
    assert (row["lang"], row["dir"]) == ("", "auto")
