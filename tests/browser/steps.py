"""What people do on the page, and what they look at."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from bot.channels.web_page import strings
from tests.browser.site import content

PHONE = {"width": 360, "height": 740}


def answers(page: Page) -> Locator:
    """All answers on the page."""
    return page.locator("article.hc-bot")


def own(page: Page) -> Locator:
    """All that the person said."""
    return page.locator("article.hc-you")


def field(page: Page) -> Locator:
    """The text field."""
    return page.get_by_role("textbox", name="Your message")


def words() -> dict[str, str]:
    """The words of the page in English."""
    return strings(content().current, "en")


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
