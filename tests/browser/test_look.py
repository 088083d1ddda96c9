"""What everyone must be able to see and reach: axe, contrast, direction, size, zoom."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.steps import PHONE, answers, ask, greeted, own

pytest_plugins = ["tests.browser.fixtures"]

DESKTOP = {"width": 1280, "height": 800}
NARROW = {"width": 320, "height": 480}
"""What is left of 1280 by 1024 pixels at a zoom of 400 %, about (WCAG 1.4.10)."""

Check = Callable[[Page], Awaitable[None]]


@pytest.fixture
def check(axe: str) -> Check:
    """Demand that axe finds nothing wrong, and nothing that sticks out of the page."""

    async def run(page: Page) -> None:
        await page.evaluate(axe)
        found: list[dict[str, Any]] = await page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)"
        )
        rows = [f"{row['id']}: {[node['html'][:200] for node in row['nodes']]}" for row in found]
        assert not rows, "\n".join(rows)
        width = await page.evaluate("document.scrollingElement.scrollWidth")
        assert width <= await page.evaluate("innerWidth")

    return run


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/", {"viewport": DESKTOP}),
        ("/", {"viewport": PHONE, "has_touch": True, "is_mobile": True}),
        ("/", {"viewport": DESKTOP, "color_scheme": "dark"}),
        ("/?lang=ru", {"viewport": PHONE, "color_scheme": "dark"}),
        ("/?lang=ar", {"viewport": DESKTOP}),
        ("/?lang=ar", {"viewport": NARROW, "color_scheme": "dark"}),
        ("/?lang=kk", {"viewport": NARROW}),
        ("/", {"viewport": DESKTOP, "forced_colors": "active"}),
        ("/", {"viewport": PHONE, "reduced_motion": "reduce"}),
        ("/", {"viewport": {"width": 640, "height": 360}}),
    ],
)
async def test_axe_finds_nothing(
    open_page: Open, check: Check, path: str, options: dict[str, Any]
) -> None:
    async with open_page(path, **options) as page:
        await greeted(page)
        await check(page)
        await answers(page).first.get_by_role("button").nth(2).click()
        await expect(answers(page)).to_have_count(2)
        await expect(own(page)).to_have_count(1)
        await check(page)


async def test_axe_is_awake(open_page: Open, check: Check) -> None:
    async with open_page() as page:
        await page.evaluate("document.querySelector('.hc-send').textContent = ''")
        with pytest.raises(AssertionError, match="button-name"):
            await check(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "ar"])
async def test_axe_finds_nothing_on_the_plain_form(
    open_page: Open, check: Check, lang: str, scheme: str
) -> None:
    options: dict[str, Any] = {"viewport": NARROW, "color_scheme": scheme}
    async with open_page("/static/none", **options) as page:
        await page.route("**/*.js*", lambda route: route.abort())
        await page.goto(page.url.replace("/static/none", f"/?lang={lang}"))
        await check(page)
        await page.locator(".hc-start").click()
        await greeted(page)
        await check(page)


async def test_axe_finds_nothing_while_there_is_trouble(
    open_page: Open, check: Check, site: Any
) -> None:
    async with open_page(viewport=PHONE) as page:
        await greeted(page)
        await site.lose_store()
        await ask(page, "passport")
        await expect(page.get_by_role("status")).not_to_have_text("")
        await check(page)


@pytest.mark.parametrize("lang", ["en", "ru", "kk", "ar", "bn", "fr"])
async def test_everything_to_touch_is_large_enough(open_page: Open, lang: str) -> None:
    """44 CSS pixels each way, at the text size that people have set as well."""
    async with open_page(f"/?lang={lang}", viewport=NARROW) as page:
        await greeted(page)
        boxes: list[tuple[str, float, float]] = await page.evaluate(
            "[...document.querySelectorAll('button:not([hidden]), textarea')].map(e => "
            "[e.textContent, e.getBoundingClientRect().width, e.getBoundingClientRect().height])"
        )
        assert len(boxes) > 5
        for label, width, height in boxes:
            assert width >= 44, label
            assert height >= 44, label
        smallest = await page.evaluate(
            "Math.min(...[...document.querySelectorAll('hashar-chat *, header *')]"
            ".filter(e => e.textContent.trim()).map(e => parseFloat(getComputedStyle(e).fontSize)))"
        )
        assert smallest >= 16


async def test_the_whole_conversation_grows_with_the_text_size(open_page: Open) -> None:
    """Twice the text size of the browser, on a phone: nothing is cut or covered."""
    async with open_page("/static/none", viewport=PHONE) as page:
        client = await page.context.new_cdp_session(page)
        await client.send(
            "Emulation.setDeviceMetricsOverride",
            {
                "width": 180,
                "height": 370,
                "deviceScaleFactor": 2,
                "mobile": True,
            },
        )
        await page.goto(page.url.replace("/static/none", "/?lang=ru"))
        await greeted(page)
        await ask(page, "паспорт")
        await expect(answers(page)).to_have_count(2)
        assert await page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        send = page.locator(".hc-send")
        await send.scroll_into_view_if_needed()
        await expect(send).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(("motion", "moves"), [("reduce", False), ("no-preference", True)])
async def test_nothing_moves_for_those_who_do_not_want_it(
    open_page: Open, motion: str, moves: bool
) -> None:
    async with open_page(reduced_motion=motion) as page:
        await greeted(page)
        await page.evaluate("document.querySelector('.hc-status').classList.add('hc-working')")
        name = await page.evaluate(
            "getComputedStyle(document.querySelector('.hc-status'), '::after').animationName"
        )
        assert (name != "none") == moves


async def test_the_focus_is_always_visible(open_page: Open) -> None:
    async with open_page(viewport=PHONE) as page:
        await greeted(page)
        await page.keyboard.press("Tab")
        seen = 0
        while await page.evaluate("document.activeElement !== document.body"):
            outline = await page.evaluate(
                "(s => s.outlineStyle + ' ' + parseFloat(s.outlineWidth))"
                "(getComputedStyle(document.activeElement))"
            )
            style, width = outline.split()
            assert style != "none", outline
            assert float(width) >= 2, outline
            covered = await page.evaluate(
                "(e => { const b = e.getBoundingClientRect();"
                "const top = document.elementFromPoint(b.left + b.width / 2, b.top + b.height / 2);"
                "return !e.contains(top); })"
                "(document.activeElement)"
            )
            assert not covered, await page.evaluate("document.activeElement.outerHTML")
            seen += 1
            await page.keyboard.press("Tab")
        assert seen > 8


async def test_answers_carry_their_own_language_and_direction(open_page: Open) -> None:
    async with open_page("/?lang=ar") as page:
        await greeted(page)
        flow = await answers(page).first.evaluate("e => getComputedStyle(e).direction")
        assert flow == "rtl"
        await ask(page, "passport please")
        await expect(own(page).locator(".hc-text")).to_have_attribute("dir", "auto")
        flow = await own(page).locator(".hc-text").evaluate("e => getComputedStyle(e).direction")
        assert flow == "ltr"


async def test_the_page_prints_without_controls(open_page: Open) -> None:
    async with open_page() as page:
        await greeted(page)
        await page.emulate_media(media="print")
        for part in (".hc-compose", ".hc-choices"):
            await expect(page.locator(part).first).to_be_hidden()
        await expect(answers(page).first).to_be_visible()


async def test_the_words_of_the_page_are_json_in_an_attribute(open_page: Open) -> None:
    """So that no inline script is needed."""
    async with open_page() as page:
        words = json.loads(await page.locator("hashar-chat").get_attribute("data-strings") or "")
        assert words["send"] == "Send"
