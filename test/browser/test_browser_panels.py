"""Every picture is a query that can be seen, edited, sent to others and taken back."""

import re

from playwright.sync_api import Browser, Page, expect

import browsing
from browsing import Viewer, panel, to, write, write_into


def test_every_panel_shows_its_query(page: Page, shop: Viewer) -> None:
    """On every page; each can be pasted into DuckDB, where views have the names."""
    con = shop.con.cursor()
    for name in ("spans", "log_records", "data_points"):
        con.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM live.{name}")
    ((trace,),) = con.execute("SELECT min(trace_id) FROM spans").fetchall()
    pages = [
        "traces?status=ERROR&min=1ms",
        f"trace/{trace}",
        "logs?text=bank",
        "logs?view=messages",
        "metrics",
        "metrics/shop.carts.open",
        "metrics/http.server.requests?by=attribute+http.route",
        "metrics/http.server.request.duration",
        "metrics/payments.charge.duration",
        "services?service=payments",
    ]
    for fragment in pages:
        to(page, f"#/{fragment}")
        panels = page.locator("[data-panel]")
        expect(panels.first).to_be_visible()
        # A panel may say what the others are of.
        expect(page.locator(".waiting")).to_have_count(0)
        for place in range(panels.count()):
            one = panels.nth(place)
            expect(one.locator(".facts")).to_contain_text("row")
            button = one.get_by_role("button", name="SQL", exact=True)
            # A panel that two states of a page share stays open.
            if button.get_attribute("aria-expanded") == "false":
                button.click()
            editor = one.get_by_role("textbox")
            expect(editor).to_be_visible()
            sql = "\n".join(editor.locator(".cm-line").all_inner_texts())
            assert con.execute(sql).description
    con.close()


def test_an_edited_query_is_the_picture(browser: Browser, page: Page, shop: Viewer) -> None:
    """The picture follows; the address has it; going back takes it back."""
    rows = panel(page, "traces").get_by_role("listitem")
    expect(rows.first).to_be_visible()
    before = rows.count()
    write(page, "traces", "FROM otlp_traces(spans := spans) ORDER BY duration_ms LIMIT 3")
    expect(rows).to_have_count(3)
    # Another browser's cookie is not this one's, so the address of the viewer is asked for anew.
    with browsing.shown(browser, browsing.call(shop.con)) as other:
        to(other, page.url[page.url.index("#") :])
        expect(panel(other, "traces").get_by_role("listitem")).to_have_count(3)
    page.go_back()
    expect(rows).to_have_count(before)
    page.go_forward()
    expect(rows).to_have_count(3)
    panel(page, "traces").get_by_role("button", name="Reset").click()
    expect(rows).to_have_count(before)


def test_an_error_stands_where_the_query_is(page: Page) -> None:
    """With what DuckDB says; the other panels go on, and so does this one once it is mended."""
    write(page, "traces", "SELECT no_such_column FROM spans")
    alert = panel(page, "traces").get_by_role("alert")
    expect(alert).to_contain_text("no_such_column")
    expect(panel(page, "spans").locator("rect").first).to_be_visible()
    expect(panel(page, "traces").get_by_role("textbox")).to_be_visible()
    editor = panel(page, "traces").get_by_role("textbox")
    write_into(editor, "FROM otlp_traces(spans := spans) LIMIT 2")
    expect(panel(page, "traces").get_by_role("listitem")).to_have_count(2)
    expect(alert).to_have_count(0)


def test_only_queries_are_run(page: Page) -> None:
    """A statement that writes is refused in words."""
    write(page, "traces", "CREATE TABLE mine (a INTEGER)")
    expect(panel(page, "traces").get_by_role("alert")).to_be_visible()


def test_a_picture_without_its_columns_is_a_table(page: Page) -> None:
    """It says which are missing."""
    write(page, "traces", "SELECT 1 AS one, 'x' AS two")
    expect(panel(page, "traces")).to_contain_text("“trace_id”")
    expect(panel(page, "traces").get_by_role("cell")).to_have_text(["1", "x"])


def test_numbers_keep_their_digits(page: Page) -> None:
    """Integers that JavaScript has no number for, and values that JSON has none for."""
    values = "9007199254740993::BIGINT, 'NaN'::DOUBLE, '-inf'::DOUBLE, NULL, 1.10::DECIMAL(9, 2)"
    to(page, f"#/sql?q=SELECT+{values}".replace(" ", "+"))
    expect(page.get_by_role("cell")).to_have_text(
        ["9007199254740993", "NaN", "-Infinity", "NULL", "1.10"]
    )


def test_a_cut_result_says_so(page: Page) -> None:
    """There is a limit of rows."""
    to(page, "#/sql?q=FROM+range(1000000)")
    expect(page.locator(".facts")).to_contain_text(re.compile("first [0-9,]+ rows"))
