"""The web chat as people use it: by keyboard, by touch, on bad networks, in two tabs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Locator, Page, WebSocketRoute, expect

from bot.errors import StoreUnavailable
from bot.model import Update
from tests.browser.conftest import Open
from tests.browser.site import Site

PHONE = {"width": 360, "height": 740}
EMBEDDED = """<!doctype html><html lang="en"><title>Ministry</title><body><main><h1>Ministry</h1>
<hashar-chat transport="poll"></hashar-chat></main>
<script src="/static/hashar-chat.js"></script></body></html>"""


def answers(page: Page) -> Locator:
    """All answers on the page."""
    return page.locator("article.hc-bot")


def own(page: Page) -> Locator:
    """All that the person said."""
    return page.locator("article.hc-you")


def field(page: Page) -> Locator:
    """The text field."""
    return page.get_by_role("textbox", name="Your message")


async def greeted(page: Page) -> None:
    """Wait for the greeting."""
    await expect(answers(page)).to_have_count(1)


async def ask(page: Page, text: str) -> None:
    """Type a text and send it by Enter."""
    await page.locator("textarea").fill(text)
    await page.locator("textarea").press("Enter")


async def focused(page: Page) -> str:
    """Return what has the focus: its text for a button, else its tag and class."""
    found: str = await page.evaluate(
        "(e => e.tagName === 'BUTTON' ? e.textContent : e.tagName + '.' + e.className)"
        "(document.activeElement)"
    )
    return found


# -- asking and reading --------------------------------------------------------------------


async def test_the_greeting_and_its_choices_appear_without_a_click(open_page: Open) -> None:
    async with open_page() as page:
        await greeted(page)
        await expect(page.get_by_role("button", name="Emergency")).to_be_visible()
        await expect(page.get_by_role("heading", level=1, name="Hashar")).to_be_in_viewport()


async def test_a_conversation_by_keyboard_alone(open_page: Open) -> None:
    async with open_page() as page:
        await greeted(page)
        await page.keyboard.press("Tab")
        assert await focused(page) == "A.hc-skip"
        await page.keyboard.press("Enter")
        await page.keyboard.type("passport")
        await page.keyboard.press("Enter")
        await expect(answers(page)).to_have_count(2)
        await expect(own(page)).to_have_text("You: passport")
        await expect(field(page)).to_be_focused()
        await expect(field(page)).to_have_value("")
        while await focused(page) != "Documents":
            await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Enter")
        await expect(answers(page)).to_have_count(3)
        await expect(answers(page).nth(2)).to_be_focused()
        await page.keyboard.press("Tab")
        assert await page.evaluate(
            "document.activeElement.closest('article') === [...document.querySelectorAll"
            "('article.hc-bot')].pop()"
        )


async def test_old_buttons_stay_usable(open_page: Open) -> None:
    async with open_page() as page:
        await greeted(page)
        await ask(page, "passport")
        await expect(answers(page)).to_have_count(2)
        for count in (3, 4):
            await answers(page).nth(1).get_by_role("button", name="Documents", exact=True).click()
            await expect(answers(page)).to_have_count(count)


async def test_shift_enter_makes_a_line_and_the_field_grows(open_page: Open) -> None:
    async with open_page() as page:
        await greeted(page)
        await field(page).focus()
        before = (await field(page).bounding_box() or {})["height"]
        for line in ("passport", "for", "my", "child"):
            await page.keyboard.type(line)
            await page.keyboard.press("Shift+Enter")
        assert (await field(page).bounding_box() or {})["height"] > before + 20
        await page.keyboard.press("Enter")
        assert await own(page).locator(".hc-text").inner_text() == "passport\nfor\nmy\nchild\n"


async def test_screen_readers_find_log_articles_groups_and_a_labelled_field(
    open_page: Open,
) -> None:
    async with open_page() as page:
        log = page.get_by_role("log", name="Conversation")
        await expect(log).to_have_attribute("aria-live", "polite")
        await greeted(page)
        await ask(page, "passport")
        await expect(log.get_by_role("article")).to_have_count(3)
        await expect(log.get_by_role("article").nth(1)).to_contain_text("You: passport")
        await expect(log.get_by_role("article").nth(2)).to_contain_text("Hashar: ")
        await expect(log.get_by_role("group").first).to_have_attribute("aria-label", "Hashar")
        await expect(field(page)).to_be_visible()


async def test_the_page_follows_the_language_of_the_answers(open_page: Open) -> None:
    async with open_page("/?lang=ru") as page:
        await greeted(page)
        await page.get_by_role("button", name="العربية").click()
        await expect(page.locator("html")).to_have_attribute("dir", "rtl")
        await expect(page.locator("html")).to_have_attribute("lang", "ar")
        await expect(page.locator(".hc-send")).to_have_text("إرسال")
        await expect(answers(page).first).to_have_attribute("lang", "ru")
        await expect(answers(page).nth(1)).to_have_attribute("dir", "rtl")


async def test_who_reads_further_up_is_not_moved(open_page: Open, site: Site) -> None:
    async with open_page(viewport=PHONE) as page:
        await greeted(page)
        for count in (2, 3, 4):
            await ask(page, "passport")
            await expect(answers(page)).to_have_count(count)
        tab = await page.context.new_page()
        await tab.goto(site.url)
        await page.bring_to_front()
        await page.mouse.wheel(0, -10_000)
        await page.wait_for_function("document.scrollingElement.scrollTop === 0")
        await ask(tab, "birth")
        await expect(answers(page)).to_have_count(5)
        assert await page.evaluate("document.scrollingElement.scrollTop") == 0
        await page.get_by_role("button", name="Show new answers").click()
        await expect(answers(page).nth(4)).to_be_in_viewport()
        await expect(answers(page).nth(4)).to_be_focused()
        await expect(page.get_by_role("button", name="Show new answers")).to_be_hidden()


async def test_a_long_answer_begins_at_its_beginning(open_page: Open) -> None:
    async with open_page(viewport={"width": 360, "height": 500}) as page:
        await greeted(page)
        await ask(page, "passport")
        await expect(answers(page)).to_have_count(2)
        box = await answers(page).nth(1).bounding_box()
        assert box
        assert 0 <= box["y"] < 200
        assert box["y"] + box["height"] > 500


async def test_two_tabs_show_the_same_answers(open_page: Open, site: Site) -> None:
    async with open_page() as page:
        await greeted(page)
        tab = await page.context.new_page()
        await tab.goto(site.url)
        await greeted(tab)
        await ask(tab, "passport")
        await expect(answers(tab)).to_have_count(2)
        await expect(answers(page)).to_have_count(2)
        await expect(own(page)).to_have_count(0)


async def test_two_tabs_that_open_at_once_greet_once(open_page: Open, site: Site) -> None:
    async with open_page("/static/none") as page:
        await page.context.request.get(site.url)
        tabs = [await page.context.new_page() for _ in range(3)]
        await asyncio.gather(*(tab.goto(site.url) for tab in tabs))
        for tab in tabs:
            await greeted(tab)
        await asyncio.sleep(1)
        for tab in tabs:
            await greeted(tab)


async def test_a_reload_shows_the_answers_again(open_page: Open) -> None:
    async with open_page() as page:
        await greeted(page)
        await ask(page, "passport")
        await expect(answers(page)).to_have_count(2)
        await page.reload()
        await expect(page.locator("hashar-chat[ready]")).to_be_visible()
        await expect(answers(page)).to_have_count(2)
        await answers(page).nth(1).get_by_role("button", name="Documents", exact=True).click()
        await expect(answers(page)).to_have_count(3)


@pytest.mark.parametrize(
    "text",
    [
        "<script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">",
        "\u202epassport\u202c \u2066\u2067\u200f",
        "👩‍👩‍👧‍👦🇰🇿 passport 😀",
        "passport\u0000\u0007\ufffe",
        "[link](javascript:alert(1)) **bold** `code`",
        "x" * 10_000,
        "щ" * 9_990 + " passport",
    ],
    ids=["markup", "bidi", "emoji", "control", "markdown", "long", "long-cyrillic"],
)
async def test_hostile_text_is_only_text(open_page: Open, text: str) -> None:
    async with open_page(viewport=PHONE) as page:
        await greeted(page)
        await ask(page, text)
        await expect(answers(page).nth(1)).to_be_visible()
        shown = await own(page).locator(".hc-text").evaluate("e => e.textContent")
        assert shown == text
        assert await own(page).locator(".hc-text *").count() == 0
        assert "broken" not in await page.title()
        assert await page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]


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
    refusals = 1

    async def limiter(request: Any, address: str) -> bool:
        nonlocal refusals
        refusals -= 1
        return refusals < 0

    async with open_page() as page:
        await greeted(page)
        site.channel.limiter = limiter
        await ask(page, "passport")
        await expect(page.get_by_role("status")).to_contain_text("very fast")
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
