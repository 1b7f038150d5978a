"""A browser, where Debian's Chromium is to be had."""

import shutil
import warnings
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import browsing
from browsing import Viewer

CHROMIUM = shutil.which("chromium")
ABSENT = "NO BROWSER TESTS: there is no chromium; apt-get install chromium"


# Of a module: while Playwright runs, no other test could run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window, which asks nobody for anything by itself."""
    if CHROMIUM is None:
        warnings.warn(ABSENT, stacklevel=1)
        pytest.skip(ABSENT)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def shop() -> Iterator[Viewer]:
    """A viewer of a receiver that has the shop."""
    with browsing.receiving() as made:
        made.replay()
        yield made


@pytest.fixture
def empty() -> Iterator[Viewer]:
    """A viewer of a receiver that has nothing yet."""
    with browsing.receiving() as made:
        yield made


@pytest.fixture
def page(browser: Browser, shop: Viewer) -> Iterator[Page]:
    """The viewer of the shop."""
    with browsing.shown(browser, shop.url) as page:
        yield page
