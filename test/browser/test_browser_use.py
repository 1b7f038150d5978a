"""How the page is used: with keys, on a narrow screen, in the dark, and with a very long trace."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

import browsing
from browsing import Viewer, panel, shop_spans, span, to

PAGES = [
    "traces",
    "logs",
    "logs?view=messages",
    "metrics",
    "metrics/http.server.request.duration",
    "metrics/payments.charges",
    "services?service=payments",
    "sql?q=FROM+spans",
]


def test_keys(page: Page) -> None:
    """From the list to a trace and back without a mouse."""
    rows = panel(page, "traces").get_by_role("listitem")
    expect(rows.first).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(panel(page, "traces").locator(".chosen")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("treeitem").first).to_be_visible()
    page.keyboard.press("j")
    expect(panel(page, "span")).to_be_visible()
    spans = page.get_by_role("treeitem").count()
    page.keyboard.press("h")
    expect(page.get_by_role("treeitem")).to_have_count(1)
    page.keyboard.press("l")
    expect(page.get_by_role("treeitem")).to_have_count(spans)
    page.keyboard.press("Escape")
    expect(panel(page, "span")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(rows.first).to_be_visible()

    page.keyboard.press("/")
    expect(page.get_by_label("Attributes")).to_be_focused()
    page.keyboard.type("j/?")
    expect(page.get_by_label("Attributes")).to_have_value("j/?")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("2")
    expect(panel(page, "records")).to_be_visible()
    page.keyboard.press("t")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.keyboard.press("t")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_narrow(browser: Browser, shop: Viewer, scheme: str) -> None:
    """On 390 pixels nothing is wider than the screen, and every page can be reached."""
    trace = next(found["traceId"] for found in shop_spans() if found.get("events"))
    with browsing.shown(
        browser, browsing.call(shop.con), browsing.NARROW, color_scheme=scheme
    ) as page:
        for fragment in [*PAGES, f"trace/{trace}"]:
            to(page, f"#/{fragment}")
            expect(page.locator(".facts").first).to_contain_text("row")
            expect(page.locator(".waiting")).to_have_count(0)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), fragment
        page.get_by_role("treeitem").last.click()
        expect(panel(page, "span").locator(".detail")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        back = page.evaluate("getComputedStyle(document.body).backgroundColor")
        light = sum(map(int, re.findall(r"\d+", back)[:3])) > 380
        assert light == (scheme == "light")


def test_names(page: Page) -> None:
    """Whatever can be used has a name for those who do not see it."""
    for fragment in PAGES:
        to(page, f"#/{fragment}")
        expect(page.locator(".facts").first).to_contain_text("row")
        expect(page.locator(".waiting")).to_have_count(0)
        nameless = page.locator("button, a, input, select, [role=button]").evaluate_all(
            """elements => elements.filter(element => element.checkVisibility() &&
                !element.getAttribute("aria-label") && !element.labels?.length &&
                !element.textContent.trim()).map(element => element.outerHTML)"""
        )
        assert not nameless


SPANS = 10_000
#: What has room on the screen, and as much on either side.
SHOWN = 150
#: Levels of a trace, each of which the trace waits for.
DEEP = 3_000


def test_ten_thousand_spans(browser: Browser, empty: Viewer) -> None:
    """Only what can be seen is in the document, and wherever one scrolls it is there."""
    spans = [
        span(7, number, None if number == 0 else (number - 1) // 3, number * 1_000, 10_000_000)
        for number in range(SPANS)
    ]
    for first in range(0, SPANS, 1_000):
        empty.send_spans(spans[first : first + 1_000], service=f"part {first // 2_000}")
    with browsing.shown(browser, empty.url) as page:
        to(page, f"#/trace/{7:032x}")
        rows = page.get_by_role("treeitem")
        expect(rows.first).to_be_visible()
        tree = page.get_by_role("tree")
        expect(page.locator(".trace-head")).to_contain_text("10,000 spans")
        assert rows.count() < SHOWN
        height = tree.evaluate("element => element.scrollHeight")
        for share in (0.1, 0.5, 0.93, 1.0, 0.37, 0.0):
            # What is painted next must be there already: a frame later, no row is missing.
            missing = tree.evaluate(
                """(element, top) => new Promise(resolve => {
                    element.scrollTop = top;
                    requestAnimationFrame(() => requestAnimationFrame(() => {
                        const frame = element.getBoundingClientRect();
                        const head = element.querySelector(".rows-head").offsetHeight;
                        const rows = [...element.querySelectorAll('[role="treeitem"]')]
                            .map(row => row.getBoundingClientRect());
                        let blank = 0;
                        for (let y = frame.top + head + 2; y < frame.bottom - 2; y += 10)
                            if (!rows.some(row => row.top <= y && row.bottom >= y)) blank += 1;
                        resolve(blank);
                    }));
                })""",
                share * height,
            )
            assert missing == 0, share
            assert rows.count() < SHOWN
        page.get_by_role("button", name="Fold", exact=True).first.click()
        expect(rows).to_have_count(1)
        page.get_by_role("button", name="Unfold", exact=True).first.click()
        tree.evaluate("element => { element.scrollTop = element.scrollHeight }")
        rows.last.click()
        expect(panel(page, "span")).to_contain_text("service.name")


def test_a_trace_that_is_no_tree(browser: Browser, empty: Viewer) -> None:
    """Circles, absent parents, equal ids and a chain of thousands: each span is shown."""
    empty.send_spans(
        [
            span(1, 1, 2, 0, 1_000),
            span(1, 2, 1, 10, 1_000),
            span(1, 3, 3, 20, 1_000),
            span(1, 4, 99, 30, 1_000),
            span(1, 4, None, 40, 1_000),
        ]
    )
    chain = [
        span(2, number, number - 1 if number else None, number, 9_000) for number in range(DEEP)
    ]
    for first in range(0, DEEP, 1_000):
        empty.send_spans(chain[first : first + 1_000])
    with browsing.shown(browser, empty.url) as page:
        to(page, f"#/trace/{1:032x}")
        # Of the two with one id, one is taken for a retry.
        expect(page.get_by_role("treeitem")).to_have_count(4)
        to(page, f"#/trace/{2:032x}")
        expect(page.locator(".trace-head")).to_contain_text(f"{DEEP:,} spans")
        page.get_by_role("tree").evaluate("element => { element.scrollTop = element.scrollHeight }")
        # The trace waits for the last of them as well.
        expect(page.locator(f'[aria-level="{DEEP}"].critical')).to_be_visible()
