"""Each page of the viewer on the data of the shop.

What it must show is read from the file by other means.
"""

import re
import urllib.parse
from collections import Counter

from playwright.sync_api import Browser, Page, Request, expect

import browsing
from browsing import Viewer, panel, shop_logs, shop_spans, to, write_into


def traces_with(**wanted: object) -> set[str]:
    """Ids of the traces that have a span with these members."""
    return {
        found["traceId"]
        for found in shop_spans()
        if all(found.get(name) == value for name, value in wanted.items())
    }


def test_traces(page: Page) -> None:
    """All traces, the newest first, and their spans over time."""
    rows = panel(page, "traces").get_by_role("listitem")
    expect(rows).to_have_count(len(traces_with()))
    newest = max(shop_spans(), key=lambda found: int(found["startTimeUnixNano"]))
    expect(rows.first.get_by_role("link")).to_have_attribute("href", f"#/trace/{newest['traceId']}")
    expect(panel(page, "spans").locator("rect").first).to_be_visible()


def test_a_long_trace_hides_no_other(browser: Browser, empty: Viewer) -> None:
    """The newest spans may be of one trace, more of them than are looked at first."""
    for first in range(0, 6_000, 1_000):
        long = [browsing.span(99, first + n, None, 10**9 + first + n, 1) for n in range(1_000)]
        empty.send_spans(long)
    empty.send_spans([browsing.span(trace, 0, None, trace, 1) for trace in range(1, 41)])
    with browsing.shown(browser, empty.url) as page:
        rows = panel(page, "traces").get_by_role("listitem")
        expect(rows).to_have_count(41)
        expect(rows.first).to_contain_text("6,000 spans")
        expect(rows.nth(1).get_by_role("link")).to_have_attribute("href", f"#/trace/{40:032x}")
        # Of what has another condition, the same traces are listed.
        page.get_by_label("At most").fill("1 s")
        expect(page).to_have_url(re.compile("max="))
        expect(rows).to_have_count(41)


def test_search(page: Page) -> None:
    """By service and status, by an attribute, by duration: a trace has a span like that."""
    rows = panel(page, "traces").get_by_role("listitem")
    page.get_by_label("Service", exact=True).select_option("payments")
    page.get_by_label("Status").select_option("ERROR")
    failed = traces_with(service="payments", status={"code": 2, "message": "timed out"}) or {
        found["traceId"]
        for found in shop_spans()
        if found["service"] == "payments" and found.get("status", {}).get("code") == 2
    }
    expect(rows).to_have_count(len(failed))

    to(page, "#/traces")
    page.get_by_label("Attributes").fill("http.route=/checkout")
    checkouts = {
        found["traceId"]
        for found in shop_spans()
        if browsing.text("http.route", "/checkout") in found.get("attributes", [])
    }
    expect(rows).to_have_count(len(checkouts))

    page.get_by_label("Attributes").fill("")
    page.get_by_label("At least").fill("200 ms")
    slow = {
        found["traceId"]
        for found in shop_spans()
        if int(found["endTimeUnixNano"]) - int(found["startTimeUnixNano"]) >= 200_000_000
    }
    expect(rows).to_have_count(len(slow))


def test_brush(page: Page) -> None:
    """Dragging over the bars chooses a time; going back takes it back."""
    rows = panel(page, "traces").get_by_role("listitem")
    expect(rows).to_have_count(len(traces_with()))
    box = panel(page, "spans").locator(".plot").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 40, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile("from=.*&to="))
    chosen = dict(urllib.parse.parse_qsl(page.url.split("?")[-1]))
    begin, end = (browsing.nanoseconds(chosen[name]) for name in ("from", "to"))
    within = {
        found["traceId"] for found in shop_spans() if begin <= int(found["startTimeUnixNano"]) < end
    }
    assert 0 < len(within) < len(traces_with())
    expect(rows).to_have_count(len(within))
    page.go_back()
    expect(rows).to_have_count(len(traces_with()))


def test_trace(page: Page) -> None:
    """Its spans as a tree, what it waited for, its logs, and all that is known of a span."""
    trace = next(
        found["traceId"]
        for found in shop_spans()
        if found.get("events") and found["service"] == "payments"
    )
    spans = [found for found in shop_spans() if found["traceId"] == trace]
    to(page, f"#/trace/{trace}")
    rows = page.get_by_role("treeitem")
    expect(rows).to_have_count(len(spans))
    expect(page.locator(".span-row.critical").first).to_be_visible()
    logs = [found for found in shop_logs() if found.get("traceId") == trace]
    expect(panel(page, "logs").locator("li")).to_have_count(len(logs))
    expect(page.locator(".log-mark")).to_have_count(len(logs))

    failing = next(found for found in spans if found.get("events"))
    page.locator('[role="treeitem"]', has_text=failing["service"]).last.click()
    detail = panel(page, "span")
    expect(detail).to_contain_text(failing["spanId"])
    for attribute in failing["events"][0]["attributes"]:
        expect(detail).to_contain_text(attribute["key"])
        expect(detail).to_contain_text(attribute["value"]["stringValue"])

    rows.first.get_by_role("button", name="Fold").click()
    expect(rows).to_have_count(1)


def test_exemplars_lead_to_traces(page: Page) -> None:
    """A measurement of a histogram leads to its trace, which shows the measurement."""
    to(page, "#/metrics/http.server.request.duration")
    expect(panel(page, "buckets").locator("a.dot").first).to_be_visible()
    panel(page, "exemplars").get_by_role("link", name="trace").first.click()
    expect(page).to_have_url(re.compile("#/trace/[0-9a-f]{32}.span="))
    expect(panel(page, "exemplars")).to_contain_text("http.server.request.duration")


def test_logs(page: Page) -> None:
    """The newest first, by text and level, by the shape of the message; and the way to a trace."""
    to(page, "#/logs")
    rows = panel(page, "records").get_by_role("listitem")
    expect(rows).to_have_count(len(shop_logs()))
    newest = max(shop_logs(), key=lambda found: int(found["timeUnixNano"]))
    expect(rows.first).to_contain_text(newest["body"]["stringValue"])

    page.get_by_label("At least").select_option("WARN")
    severe = [found for found in shop_logs() if found["severityNumber"] >= 13]
    expect(rows).to_have_count(len(severe))
    page.get_by_label("Text").fill("Did not ANSWER")
    silent = [found for found in severe if "did not answer" in found["body"]["stringValue"]]
    expect(rows).to_have_count(len(silent))

    rows.first.get_by_role("button").first.click()
    rows.first.get_by_role("link", name="the trace", exact=True).click()
    expect(page.get_by_role("treeitem").first).to_be_visible()

    to(page, "#/logs?view=messages")
    shapes = Counter(
        (
            found["service"],
            found["severityNumber"],
            re.sub(r"\d+", "*", found["body"]["stringValue"]),
        )
        for found in shop_logs()
    )
    messages = panel(page, "messages").get_by_role("listitem")
    expect(messages).to_have_count(len(shapes))
    ((_, most),) = shapes.most_common(1)
    expect(messages.first).to_contain_text(f"{most} ")
    messages.first.get_by_role("button").click()
    expect(panel(page, "records").get_by_role("listitem")).to_have_count(most)


def painted(page: Page, name: str) -> None:
    """Waits until something is painted in a panel."""
    canvas = panel(page, name).locator("canvas").first
    expect(canvas).to_be_visible()
    browsing.until(
        lambda: canvas.evaluate(
            "canvas => canvas.getContext('2d')"
            ".getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"
        )
    )


def test_metrics(page: Page) -> None:
    """Every metric in the list; for each kind its pictures."""
    to(page, "#/metrics")
    kinds = {
        metric["name"]: next(
            kind for kind in ("gauge", "sum", "histogram", "exponentialHistogram") if kind in metric
        )
        for request in browsing.shop()
        for group in request.get("resourceMetrics", [])
        for scope in group["scopeMetrics"]
        for metric in scope["metrics"]
    }
    expect(panel(page, "metrics").get_by_role("listitem")).to_have_count(len(kinds))
    pictures = {
        "gauge": ["values"],
        "sum": ["rates"],
        "histogram": ["buckets", "quantiles", "rates"],
        "exponentialHistogram": ["buckets", "quantiles", "rates"],
    }
    assert set(kinds.values()) == set(pictures)
    for name, kind in kinds.items():
        to(page, f"#/metrics/{urllib.parse.quote(name)}")
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        for picture in pictures[kind]:
            painted(page, picture)


def test_services(page: Page) -> None:
    """The map has every service; one that is chosen is shown over time, and leads to traces."""
    to(page, "#/services")
    services = {found["service"] for found in shop_spans()}
    boxes = panel(page, "map").locator(".box")
    expect(boxes).to_have_count(len(services))
    page.get_by_role("button", name=re.compile("^payments")).click()
    expect(page).to_have_url(re.compile("service=payments"))
    painted(page, "red")
    operations = panel(page, "operations").locator("tbody tr")
    expect(operations).to_have_count(1)
    operations.get_by_role("link").click()
    expect(panel(page, "traces").get_by_role("listitem")).to_have_count(
        len(traces_with(service="payments"))
    )


def test_sql(page: Page) -> None:
    """A query of one's own, completed, as table and as chart, and again from its address."""
    to(page, "#/sql")
    editor = page.get_by_role("textbox", name="SQL")
    editor.press("Control+a")
    editor.press("Delete")
    editor.press_sequentially("FROM otlp_r")
    expect(page.locator(".cm-completionLabel", has_text="otlp_red")).to_be_visible()
    write_into(editor, "SELECT service_name, count(*) AS n FROM spans GROUP BY ALL ORDER BY n DESC")
    most = Counter(found["service"] for found in shop_spans()).most_common()
    cells = page.get_by_role("cell")
    expect(cells).to_have_text([str(each) for row in most for each in row])
    page.get_by_role("button", name="Chart").click()
    expect(page.locator(".bar-list")).to_contain_text(most[0][0])
    page.reload()
    expect(page.locator(".bar-list")).to_contain_text(most[0][0])


def test_follows(browser: Browser, empty: Viewer) -> None:
    """A page that is open says where to send to, and shows what arrives."""
    with browsing.shown(browser, empty.url) as page:
        expect(panel(page, "traces")).to_contain_text(empty.endpoint)
        empty.send_spans([browsing.span(1, 0, None, 0, 1_000_000)])
        rows = panel(page, "traces").get_by_role("listitem")
        expect(rows).to_have_count(1)
        empty.send_spans([browsing.span(2, 0, None, 1_000_000, 1_000_000, name="the second")])
        expect(rows.first).to_contain_text("the second")
        rows.last.get_by_role("link").click()
        expect(page.get_by_role("treeitem")).to_have_count(1)
        empty.send_spans([browsing.span(1, 1, 0, 0, 500_000)])
        expect(page.get_by_role("treeitem")).to_have_count(2)

        to(page, "#/logs")
        expect(panel(page, "records")).to_contain_text("No log records yet")
        empty.send_logs([browsing.record("it runs")])
        expect(panel(page, "records").get_by_role("listitem")).to_contain_text("it runs")
        page.get_by_role("button", name="Live").click()
        asked: list[Request] = []
        page.on("request", lambda request: asked.append(request))
        empty.send_logs([browsing.record("unseen", 1)])
        page.wait_for_timeout(2_500)
        expect(panel(page, "records").get_by_role("listitem")).to_have_count(1)
        assert not asked
        page.get_by_role("button", name="Live").click()
        expect(panel(page, "records").get_by_role("listitem")).to_have_count(2)


def test_files(browser: Browser) -> None:
    """Relations that are named, and some that are not."""
    con = browsing.extension.connect()
    con.execute(f"CREATE VIEW kept AS FROM read_otlp_spans('{browsing.SHOP}')")
    with browsing.shown(browser, browsing.call(con, spans="kept")) as page:
        expect(panel(page, "traces").get_by_role("listitem")).to_have_count(len(traces_with()))
        to(page, "#/logs")
        expect(page.get_by_text("CALL otlp_viewer(log_records :=")).to_be_visible()
    browsing.stop(con)
    con.close()
