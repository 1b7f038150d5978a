"""Telemetry is whatever somebody sent: it is text, and cannot move what stands beside it."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

import browsing
from browsing import Viewer, panel, record, span, text, to

MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"
ANSI = "\x1b[31mred\x1b[0m \x1b]8;;http://example.invalid\x07link\x1b]8;;\x07 bell\x07"
TURNED = "user\u202egnp.exe"
ARABIC = "\u0645\u0631\u062d\u0628\u0627"
LONG = "x" * 1_000_000
FORMULA = "'); DROP TABLE spans; --"


@pytest.fixture(scope="module")
def abused() -> Iterator[Viewer]:
    """A viewer of a receiver that was sent such things, in every place that has a text."""
    with browsing.receiving() as made:
        for number, value in enumerate((MARKUP, ANSI, TURNED, ARABIC, LONG, FORMULA)):
            made.send_spans(
                [
                    span(
                        number + 1,
                        0,
                        None,
                        number * 1_000_000,
                        5_000_000,
                        name=value[:5_000],
                        attributes=[text(value[:100], value), text("bytes", value)],
                        status={"code": 2, "message": value},
                        events=[{"name": value[:1_000], "attributes": [text("why", value)]}],
                        links=[{"traceId": "0" * 31 + "1", "spanId": "0" * 15 + "1"}],
                        traceState=value[:100],
                    )
                ],
                service=value[:200],
            )
            made.send_logs([record(value, number)], service=value[:200])
            made.send(
                "metrics",
                {
                    "resourceMetrics": [
                        {
                            "resource": browsing.resource(value[:200]),
                            "scopeMetrics": [{"metrics": [metric(value)]}],
                        }
                    ]
                },
            )
        yield made


def metric(value: str) -> dict[str, object]:
    """A gauge that has the value wherever it has a text."""
    return {
        "name": value[:500],
        "unit": value[:20],
        "description": value,
        "gauge": {
            "dataPoints": [
                {
                    "timeUnixNano": str(browsing.BEGIN),
                    "asDouble": 1.5,
                    "attributes": [text("k", value[:100])],
                }
            ]
        },
    }


@pytest.fixture
def page(browser: Browser, abused: Viewer) -> Iterator[Page]:
    """The viewer of them; no dialog ever opens, and nothing leads outside."""
    with browsing.shown(browser, abused.url) as page:
        opened: list[str] = []
        page.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
        yield page
        assert not opened
        assert (
            page.locator("#page img:not([src='icon.svg']), #page script, #page iframe").count() == 0
        )
        assert page.locator("a[href]:not([href^='#'])").count() == 0


def fits(page: Page) -> None:
    """Nothing is wider than the window."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_lists(page: Page) -> None:
    """Markup is text, colours of terminals are left out, what turns text around is seen."""
    rows = panel(page, "traces").get_by_role("listitem")
    expect(rows).to_have_count(6)
    expect(panel(page, "traces")).to_contain_text(MARKUP[:50])
    expect(panel(page, "traces")).to_contain_text("red link bell␇")
    expect(panel(page, "traces")).to_contain_text("user⟨U+202E⟩gnp.exe")
    assert (
        rows.locator("bdi", has_text=ARABIC).first.evaluate(
            "element => getComputedStyle(element).unicodeBidi"
        )
        == "isolate"
    )
    fits(page)
    to(page, "#/logs")
    expect(panel(page, "records").get_by_role("listitem")).to_have_count(6)
    expect(panel(page, "records")).to_contain_text("red link bell␇")
    fits(page)
    for fragment, name in (
        ("metrics", "metrics"),
        ("services", "map"),
        ("logs?view=messages", "messages"),
    ):
        to(page, f"#/{fragment}")
        expect(panel(page, name)).to_contain_text("gnp.exe")
        fits(page)


@pytest.mark.parametrize(
    "number", range(6), ids=["markup", "ansi", "turned", "arabic", "long", "formula"]
)
def test_a_trace(page: Page, number: int) -> None:
    """All of a span; what is very long is folded, and can be unfolded."""
    to(page, f"#/trace/{number + 1:032x}?span={1:016x}")
    detail = panel(page, "span")
    expect(detail.locator(".attributes").first).to_be_visible()
    fits(page)
    if number == 4:
        assert detail.evaluate("element => element.textContent.length") < 50_000
        detail.get_by_role("button", name="all 1.0 MB").first.click()
        assert detail.evaluate("element => element.textContent.length") >= 1_000_000
        fits(page)


def test_search_by_such_a_value(page: Page) -> None:
    """A value is a literal of the query, whatever is in it."""
    to(page, "#/traces")
    page.get_by_label("Service", exact=True).select_option(FORMULA)
    expect(panel(page, "traces").get_by_role("listitem")).to_have_count(1)


def test_a_metric(page: Page) -> None:
    """The page of one."""
    to(page, "#/metrics")
    panel(page, "metrics").get_by_role("link", name="alert(1)").first.click()
    expect(panel(page, "values").locator("canvas")).to_be_visible()
    fits(page)


def test_cells(page: Page) -> None:
    """Of a query of one's own."""
    to(page, "#/sql?q=SELECT+name,+service_name,+attributes,+events+FROM+spans+ORDER+BY+trace_id")
    expect(page.get_by_role("cell").first).to_contain_text("<img")
    page.get_by_role("row").nth(5).click()
    expect(page.locator(".record")).to_contain_text("xxxx")
    fits(page)


def test_a_link_that_brings_a_query(browser: Browser, abused: Viewer) -> None:
    """It is shown, and run when somebody says so: then also when the page is loaded again."""
    brought = "SELECT 'brought' || ' by a link' AS what"
    with browsing.shown(browser, abused.url) as page:
        ran: list[str] = []
        page.on("request", lambda request: ran.append(request.post_data or ""))
        for address in ("#/sql?q=", "#/traces?sql.traces="):
            page.evaluate(browsing.SHOW, address + quote(brought))
            region = page.get_by_role("region", name="Queries of this address")
            expect(region).to_contain_text(brought)
            assert not any("by a link" in body for body in ran)
        region.get_by_role("button", name="Leave out").click()
        expect(panel(page, "traces").get_by_role("listitem").first).to_be_visible()
        page.evaluate(browsing.SHOW, "#/sql?q=" + quote(brought))
        region.get_by_role("button", name="Run").click()
        expect(page.get_by_text("brought by a link")).to_be_visible()
        page.reload()
        expect(page.get_by_text("brought by a link")).to_be_visible()
