"""How long the viewer's page takes with 1,000,000 live spans, and to scroll a trace of 10,000.

Times are of a browser on this machine, and are printed, not judged: `docs/performance.md` has some.
"""

import statistics
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

TEST = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TEST), str(TEST / "browser")]

import browsing  # noqa: E402 - it is found by what stands above
from browsing import panel, span, to  # noqa: E402

SPANS = 1_000_000
LONG = 10_000
RUNS = 7

# Ten spans a trace, of four services, over an hour.
FILL = """
INSERT INTO live.traces
SELECT make_timestamp(start_us),
    {'attributes': [
        {'key': 'service.name', 'value': {'stringValue': 'service-' || (s % 4)}}
    ]}::JSON,
    {'traceId': md5('t' || t), 'spanId': md5('s' || t || '-' || s)[:16],
     'parentSpanId': if(s > 0, md5('s' || t || '-' || ((s - 1) // 2))[:16], ''),
     'name': 'operation ' || (s % 4), 'kind': 2, 'startTimeUnixNano': (start_us * 1000)::VARCHAR,
     'endTimeUnixNano': (start_us * 1000 + hash(t, s) % 100_000_000)::VARCHAR,
     'attributes': [{'key': 'http.route', 'value': {'stringValue': '/r' || (t % 50)}}],
     'status': {'code': if(hash(t, s) % 50 = 0, 2, 0)}}::JSON
FROM (
    SELECT t, s, 1_763_990_000_000_000 + t * 36_000 + s * 1_000 AS start_us
    FROM range($first, $last) AS trace(t), range(10) AS span(s)
)
"""

SCROLL = """
element => new Promise(resolve => {
    const times = [];
    let last = performance.now();
    const step = now => {
        times.push(now - last);
        last = now;
        element.scrollTop += 700;
        if (times.length < 200) requestAnimationFrame(step);
        else resolve(times.slice(1));
    };
    requestAnimationFrame(step);
})
"""


def first_list(page: Page, url: str) -> tuple[float, float]:
    """Milliseconds from asking for a page to its first row, and those of DuckDB's threads."""
    page.goto("about:blank")
    started, worked = time.perf_counter(), time.process_time()
    page.goto(url)
    panel(page, "traces").get_by_role("listitem").first.wait_for()
    return (time.perf_counter() - started) * 1e3, (time.process_time() - worked) * 1e3


def main() -> None:
    """Prints what was measured."""
    with (
        browsing.receiving("memory_limit '2GB', max_rows 2_000_000") as viewer,
        sync_playwright() as playwright,
    ):
        for first in range(0, SPANS // 10, 10_000):
            viewer.con.execute(FILL, {"first": first, "last": first + 10_000})
        for first in range(0, LONG, 1_000):
            viewer.send_spans(
                [
                    span(7, number, (number - 1) // 3 if number else None, number * 1_000, 10**7)
                    for number in range(first, first + 1_000)
                ]
            )
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.goto(viewer.url)
        origin = viewer.url.split("?")[0]
        for what, fragment in {
            "all": "#/traces",
            "of a service": "#/traces?service=service-3",
            "with an attribute": "#/traces?attributes=http.route%3D%2Fr7",
            "with an error": "#/traces?status=ERROR",
        }.items():
            runs = [first_list(page, origin + fragment) for _ in range(RUNS)]
            whole, worked = (statistics.median(times) for times in zip(*runs, strict=True))
            print(f"traces {what}: first row after {whole:.0f} ms, {worked:.0f} ms of CPU")
        to(page, f"#/trace/{7:032x}")
        page.get_by_role("treeitem").first.wait_for()
        frames = sorted(page.get_by_role("tree").evaluate(SCROLL))
        middle, late = statistics.median(frames), frames[int(len(frames) * 0.99)]
        print(f"{LONG:,} spans in a trace, 25 rows a frame: {middle:.0f} ms, p99 {late:.0f} ms")
        chromium.close()


if __name__ == "__main__":
    main()
