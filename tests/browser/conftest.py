"""A real Chromium that talks to the real web chat, and watches what the page does."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright._impl._driver import compute_driver_executable
from playwright.async_api import Browser, Page, Request, async_playwright, expect

from tests.browser.site import Site
from tests.conftest import ROOT
from tests.processes import Process, processes, wait_for

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  window.violations.push(event.violatedDirective + ' ' + event.blockedURI);
});
"""
expect.set_options(timeout=15_000)
Open = Callable[..., AbstractAsyncContextManager[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    if not AXE.is_file():
        pytest.fail("axe-core is missing: run 'npm ci' in the repository.", pytrace=False)
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def chromium(folder: Path) -> Iterator[str]:
    """One Chromium without a window for all tests; the address at which tests join it.

    Playwright's own server keeps it, run without the wrapper that would not hand on signals.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("Chromium is missing: install it (apt-get install chromium).", pytrace=False)
    config = folder / "chromium.json"
    config.write_text(json.dumps({"executablePath": path, "args": FLAGS, "host": "127.0.0.1"}))
    node, program = compute_driver_executable()
    command = [program, "launch-server", "--browser", "chromium", "--config", str(config)]
    server = Process(command, {}, folder / "chromium.log")
    with processes(server.start(node)):
        wait_for(lambda: server.output().startswith("ws://"), 60, "Chromium")
        yield server.output().strip()
        server.stop()


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """The one Chromium; what a test opened in it ends with the test."""
    async with async_playwright() as playwright:
        found = await playwright.chromium.connect(chromium)
        yield found
        await found.close()


@pytest.fixture
def open_page(site: Site, browser: Browser) -> Open:
    """Open a page as a new person: `async with open_page('/?lang=ru', viewport=…) as page`.

    At the end it demands: no request left this site, nothing broke the content security
    policy, no script failed.
    """

    @contextlib.asynccontextmanager
    async def opened(path: str = "/", **options: Any) -> AsyncIterator[Page]:
        context = await browser.new_context(locale="en-US", **options)
        await context.add_init_script(WATCH)
        outside: list[str] = []
        errors: list[str] = []

        def on_request(request: Request) -> None:
            if not request.url.startswith((site.url, "data:")):
                outside.append(request.url)

        context.on("request", on_request)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        page = await context.new_page()
        await page.goto(site.url + path)
        yield page
        scripted = options.get("java_script_enabled", True)
        violations = await page.evaluate("window.violations") if scripted else []
        await context.close()
        assert (outside, errors, violations) == ([], [], [])

    return opened
