"""The web chat on bad networks, in other pages, and without JavaScript."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import WebSocketRoute, expect

from bot.errors import StoreUnavailable
from bot.model import Update
from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.steps import PHONE, answers, ask, greeted, own, words

pytest_plugins = ["tests.browser.fixtures"]


EMBEDDED = """<!doctype html><html lang="en"><title>Ministry</title><body><main><h1>Ministry</h1>
<hashar-chat transport="poll"></hashar-chat></main>
<script src="/static/hashar-chat.js"></script></body></html>"""


# -- bad networks --------------------------------------------------------------------------


async def test_a_message_typed_while_the_server_is_away_is_answered_once(
    open_page: Open, site: Site
) -> None:
    async with open_page() as page:
        await greeted(page)
        await site.stop()
        await ask(page, "passport")
        await expect(page.get_by_role("status")).to_contain_text("No connection")
        await expect(page.locator(".hc-unsent")).to_have_count(1)
        await site.start()
        await expect(answers(page)).to_have_count(2, timeout=30_000)
        await expect(page.locator(".hc-unsent")).to_have_count(0)
        await expect(page.get_by_role("status")).to_have_text("")
        await expect(page.locator("hashar-chat")).to_have_attribute(
            "data-line", "socket", timeout=30_000
        )
        await asyncio.sleep(1)
        await expect(answers(page)).to_have_count(2)


async def test_an_acknowledgement_that_gets_lost_does_not_double(
    open_page: Open, site: Site
) -> None:
    stored = 0

    async def stores_but_fails(update: Update) -> bool:
        nonlocal stored
        stored += 1
        new = await site.gateway.accept(update)
        if stored < 3:
            raise StoreUnavailable("the answer of the store got lost")
        return new

    async with open_page() as page:
        await greeted(page)
        await site.channel.start(stores_but_fails)
        await ask(page, "passport")
        await expect(answers(page)).to_have_count(2)
        await expect(page.locator(".hc-unsent")).to_have_count(0, timeout=15_000)
        assert stored == 3
        await expect(answers(page)).to_have_count(2)


async def test_unsent_messages_survive_a_reload_in_order(open_page: Open, site: Site) -> None:
    async with open_page() as page:
        await greeted(page)
        await site.lose_store()
        await ask(page, "passport")
        await ask(page, "hello")
        await expect(page.locator(".hc-unsent")).to_have_count(2)
        await page.reload()
        await expect(page.locator(".hc-unsent")).to_have_count(2)
        await site.find_store()
        await expect(answers(page)).to_have_count(3, timeout=20_000)
        await expect(answers(page).nth(1)).to_contain_text("Passport")
        assert await page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("line", ["socket", "poll"])
async def test_a_text_that_the_server_refuses_comes_back_into_the_field(
    open_page: Open, line: str
) -> None:
    async with open_page() as page:
        await greeted(page)
        await page.evaluate(
            'sessionStorage.setItem(\'hashar-unsent\', \'[{"id": "bad id", "text": "passport"}]\')'
        )
        if line == "poll":
            await page.route_web_socket("**/web/socket", lambda socket: socket.close())
        await page.reload()
        await expect(page.get_by_role("status")).to_contain_text("did not arrive")
        await expect(own(page)).to_have_count(0)
        await expect(page.locator("textarea")).to_have_value("passport")
        await page.locator("textarea").press("Enter")
        await expect(answers(page)).to_have_count(2)
        await expect(page.get_by_role("status")).to_have_text("")


async def test_a_broken_memory_of_unsent_messages_does_no_harm(open_page: Open) -> None:
    async with open_page() as page:
        await greeted(page)
        for broken in ("{", "5", '{"a": 1}', "null"):
            await page.evaluate("text => sessionStorage.setItem('hashar-unsent', text)", broken)
            await page.reload()
            await expect(page.locator("hashar-chat[data-line=socket]")).to_be_visible()
        await ask(page, "passport")
        await expect(answers(page)).to_have_count(2)


async def test_where_sockets_fail_polls_take_over(open_page: Open) -> None:
    async with open_page("/static/none") as page:
        calls = 0

        async def refuse(socket: WebSocketRoute) -> None:
            nonlocal calls
            calls += 1
            await socket.close()

        await page.route_web_socket("**/web/socket", refuse)
        await page.goto(page.url.replace("/static/none", "/"))
        await greeted(page)
        await ask(page, "passport")
        await expect(answers(page)).to_have_count(2)
        await expect(page.locator("hashar-chat")).to_have_attribute("data-line", "poll")
        assert calls == 2


async def test_a_line_that_died_silently_is_given_up(open_page: Open) -> None:
    async with open_page("/static/none") as page:

        async def ignore(socket: WebSocketRoute) -> None:
            socket.on_message(lambda message: None)

        await page.route_web_socket("**/web/socket", ignore)
        await page.clock.install()
        await page.goto(page.url.replace("/static/none", "/"))
        await page.wait_for_selector("hashar-chat[ready]")
        for _ in range(4):
            await page.clock.run_for(16_000)
        await greeted(page)
        await expect(page.locator("hashar-chat")).to_have_attribute("data-line", "poll")


async def test_too_many_messages_are_sent_a_little_later(open_page: Open, site: Site) -> None:
    async with open_page() as page:
        await greeted(page)
        await site.limit(user_rate=1, window=8)
        await ask(page, "passport")
        await expect(page.get_by_role("status")).to_have_text(words()["slow"])
        await expect(answers(page)).to_have_count(2, timeout=20_000)
        await expect(page.get_by_role("status")).to_have_text("")


async def test_a_button_pressed_again_and_again_is_sent_once(open_page: Open, site: Site) -> None:
    async with open_page() as page:
        await greeted(page)
        await site.lose_store()
        button = page.get_by_role("button", name="Emergency")
        for _ in range(5):
            await button.click()
        await expect(own(page)).to_have_count(1)
        await site.find_store()
        await expect(answers(page)).to_have_count(2, timeout=15_000)


async def test_the_first_visit_is_light(open_page: Open) -> None:
    """All bytes up to the greeting, headers too, as Chromium counts them."""
    async with open_page("/static/none") as page:
        client = await page.context.new_cdp_session(page)
        await client.send("Network.enable")
        sizes: list[float] = []
        client.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        await page.goto(page.url.replace("/static/none", "/"))
        await greeted(page)
        requests = [url for url in requests if not url.startswith("data:")]
        print(f"first visit: {len(requests)} requests, {sum(sizes):,.0f} bytes")
        assert len(requests) == 3
        assert sum(sizes) < 16_000


# -- embedded, and without JavaScript ------------------------------------------------------


async def test_the_element_works_in_another_page_of_the_site(open_page: Open) -> None:
    async with open_page("/static/none") as page:
        url = page.url.replace("/static/none", "/ministry")
        await page.route(url, lambda route: route.fulfill(body=EMBEDDED, content_type="text/html"))
        await page.goto(url)
        await greeted(page)
        await ask(page, "passport")
        await expect(answers(page)).to_have_count(2)
        await expect(page.locator("hashar-chat")).to_have_attribute("data-line", "poll")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Ministry")
        assert await page.evaluate("document.scrollingElement.scrollTop") == 0
        style = await page.locator("hashar-chat").evaluate("e => getComputedStyle(e).display")
        assert style == "flex"


async def test_the_form_works_without_javascript(open_page: Open) -> None:
    async with open_page(java_script_enabled=False, viewport=PHONE) as page:
        await expect(page.locator(".hc-hint")).to_contain_text("works without JavaScript")
        await page.get_by_role("button", name="Start").click()
        await greeted(page)
        await ask(page, "passport")
        await expect(answers(page)).to_have_count(1)
        await page.get_by_role("button", name="Send").click()
        await expect(answers(page)).to_have_count(2)
        await expect(answers(page).nth(1)).to_be_in_viewport()
        await answers(page).nth(1).get_by_role("button", name="Documents", exact=True).click()
        await expect(answers(page)).to_have_count(3)
        await page.get_by_role("link", name="Show new answers").click()
        await expect(answers(page)).to_have_count(3)


async def test_the_form_stays_when_the_script_does_not_arrive(open_page: Open) -> None:
    async with open_page("/static/none") as page:
        await page.route("**/*.js*", lambda route: route.abort())
        await page.goto(page.url.replace("/static/none", "/"))
        await page.locator("textarea").fill("passport")
        await page.get_by_role("button", name="Send").click()
        await greeted(page)
