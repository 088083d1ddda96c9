"""The web chat as people use it: by keyboard, by touch, on bad networks, in two tabs."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.steps import PHONE, answers, ask, field, focused, greeted, own, words

pytest_plugins = ["tests.browser.fixtures"]


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
        group = log.get_by_role("group").first
        await expect(group).to_have_attribute("aria-label", words()["choices"])
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
        while await page.evaluate("document.scrollingElement.scrollTop"):
            await asyncio.sleep(0.02)
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
