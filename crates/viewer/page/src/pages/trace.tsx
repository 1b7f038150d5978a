// One trace: its spans over time, all of one of them, its logs, and the measurements that point to it.
import { useMemo, useState } from "preact/hooks";
import { severityColor } from "../colors.ts";
import { Missing } from "../empty.tsx";
import { parseJson, plain } from "../json.ts";
import { Panel } from "../panel.tsx";
import type { Reader } from "../query.ts";
import { change, link, useRoute } from "../route.ts";
import { Service } from "../service.tsx";
import { useSession } from "../session.ts";
import { literal } from "../sql.ts";
import { Line, Whole } from "../text.tsx";
import { clockTime, count, digits, duration, parseTimestamp, timestampText } from "../time.ts";
import { SpanDetail } from "../trace/span.tsx";
import { type Mark, Waterfall, read } from "../trace/waterfall.tsx";

export function Trace({ id }: { id: string }) {
  const { params } = useRoute();
  const { relations, row_limit } = useSession();
  const span = params.get("span");
  const [logs, setLogs] = useState<Reader | null>(null);
  const [waits, setWaits] = useState<Reader | null>(null);
  const marks = useMemo(() => (logs ? readMarks(logs) : []), [logs]);
  const path = useMemo(() => new Map(waits?.result.rows.map((row) => [waits.text(row, "span_id"), waits.number(row, "own_ms")])), [waits]);
  if (!relations.spans) return <Missing relation="spans" />;

  // Of a whole id, what cannot have it need not be read.
  const ofTrace = /^[0-9a-f]{32}$/.test(id) ? `trace_id = ${literal(id)}` : `starts_with(trace_id, ${literal(id)})`;
  return (
    <main class={span === null ? "trace" : "trace with-detail"}>
      <div class="trace-main">
        <Panel
          id="trace"
          title="Trace"
          limit={row_limit}
          sql={`WITH chosen AS (FROM spans WHERE ${ofTrace})
SELECT span_id, parent_span_id, service_name, name, kind, status_code, start_time_unix_nano, duration_ns
FROM otlp_distinct_spans(spans := chosen)
ORDER BY start_time_unix_nano`}
          needs={["span_id", "parent_span_id", "service_name", "name", "start_time_unix_nano", "duration_ns"]}
          empty={<p>There are no spans of trace {id}. It may have made room for others.</p>}
          draw={(reader) => (
            <>
              <Head reader={reader} id={id} />
              <Waterfall reader={reader} chosen={span} marks={marks} path={path} />
            </>
          )}
        />
        <Panel
          id="path"
          title="Critical path"
          // On its own: the spans need not wait for it.
          sql={`WITH chosen AS (FROM spans WHERE ${ofTrace})\nFROM otlp_critical_path(${literal(id)}, spans := chosen)`}
          needs={["span", "service", "own_ms", "span_id"]}
          empty={<p>No span took any time.</p>}
          onResult={setWaits}
          draw={(reader) => <Waits reader={reader} />}
        />
        {relations.log_records && (
          <Panel
            id="logs"
            title="Logs"
            sql={`FROM otlp_trace_logs(${literal(id)}, log_records := log_records)`}
            needs={["time", "severity", "message", "span_id"]}
            empty={<p>Nothing was logged in this trace.</p>}
            onResult={setLogs}
            draw={(reader) => <Logs reader={reader} chosen={span} />}
          />
        )}
        {relations.data_points && (
          <Panel
            id="exemplars"
            title="Measurements"
            sql={`SELECT exemplar.time_unix_nano AS time, service_name AS service, name AS metric, exemplar.value AS value, unit, attributes, exemplar.span_id AS span_id
FROM (SELECT *, unnest(exemplars) AS exemplar FROM data_points WHERE len(exemplars) > 0)
WHERE exemplar.trace_id = ${literal(id)} ORDER BY time`}
            needs={["time", "service", "metric", "value"]}
            empty={<p>No exemplar of a metric is of this trace.</p>}
            draw={(reader) => <Exemplars reader={reader} />}
          />
        )}
      </div>
      {span !== null && (
        <aside class="trace-side">
          <Panel
            id="span"
            title="Span"
            sql={`FROM spans\nWHERE ${ofTrace} AND span_id = ${literal(span)} LIMIT 1`}
            needs={["name", "attributes"]}
            empty={<p>There is no span {span} in this trace.</p>}
            follow={false}
            aside={
              <button type="button" class="quiet" aria-label="Close" title="Close (Esc)" onClick={() => change({ span: null })}>
                ✕
              </button>
            }
            draw={(reader) => <SpanDetail reader={reader} />}
          />
        </aside>
      )}
    </main>
  );
}

function Head({ reader, id }: { reader: Reader; id: string }) {
  const { spans, from, length } = useMemo(() => read(reader), [reader.result]);
  const services = [...new Set(spans.map(({ service }) => service))];
  const failed = spans.filter(({ failed }) => failed).length;
  const root = spans.find(({ parent }) => parent === "") ?? spans[0];
  return (
    <div class="trace-head">
      <h1>
        <Line text={root?.name ?? ""} />
      </h1>
      <p>
        <b>{duration(length)}</b>
        <span>{timestampText(from).replace(/(\.\d{3})\d*$/, "$1")} UTC</span>
        <span>
          {count(spans.length)} {spans.length === 1 ? "span" : "spans"}
          {reader.result.limited && " (the first; more are in the trace)"}
        </span>
        {failed > 0 && (
          <span class="fault">
            ▲ {count(failed)} {failed === 1 ? "error" : "errors"}
          </span>
        )}
        <code title="Trace id">{id}</code>
      </p>
      <p class="legend">
        {services.slice(0, 12).map((name) => (
          <Service key={name} name={name} />
        ))}
        {services.length > 12 && <span>and {count(services.length - 12)} more</span>}
        <span class="critical-legend">
          <i /> critical path
        </span>
      </p>
    </div>
  );
}

function readMarks(reader: Reader): Mark[] {
  return reader.result.rows.flatMap((row) => {
    const time = parseTimestamp(reader.text(row, "time"));
    return time === null ? [] : [{ time, span: reader.text(row, "span_id"), severity: reader.text(row, "severity"), text: reader.text(row, "message") }];
  });
}

function Logs({ reader, chosen }: { reader: Reader; chosen: string | null }) {
  const rows = chosen === null ? reader.result.rows : reader.result.rows.filter((row) => reader.text(row, "span_id") === chosen);
  return (
    <>
      {chosen !== null && (
        <p class="note">
          {count(rows.length)} of {count(reader.result.rows.length)}, of the chosen span.
        </p>
      )}
      <ol class="trace-logs">
        {rows.slice(0, 500).map((row, place) => (
          <li key={place}>
            <time>{clockTime(reader.text(row, "time"))}</time>
            <span class="severity" style={{ color: severityColor(reader.text(row, "severity")) }}>
              {reader.text(row, "severity")}
            </span>
            <Service name={reader.text(row, "service")} />
            <span class="message">
              <Whole text={reader.text(row, "message")} />
            </span>
            {reader.text(row, "span_id") && chosen === null && (
              <button type="button" class="quiet" onClick={() => change({ span: reader.text(row, "span_id") })}>
                span
              </button>
            )}
          </li>
        ))}
      </ol>
    </>
  );
}

const MOST_WAITS = 8;

/** What the trace waited for most, of all on its critical path. */
function Waits({ reader }: { reader: Reader }) {
  const rows = reader.result.rows.toSorted((one, other) => reader.number(other, "own_ms") - reader.number(one, "own_ms"));
  const all = rows.reduce((sum, row) => sum + (reader.number(row, "own_ms") || 0), 0);
  return (
    <ol class="waits">
      {rows.slice(0, MOST_WAITS).map((row, place) => {
        const own = reader.number(row, "own_ms");
        const share = all > 0 ? (own / all) * 100 : 0;
        return (
          <li key={place}>
            <button type="button" onClick={() => change({ span: reader.text(row, "span_id") })}>
              <span class="root">
                <Service name={reader.text(row, "service")} />
                <b>
                  <Line text={reader.text(row, "span").trim()} />
                </b>
              </span>
              <span class="took">
                <i style={{ width: `${Math.max(share, 0.5)}%` }} />
                <span>
                  {duration(own * 1e6)} · {digits(share)} %
                </span>
              </span>
            </button>
          </li>
        );
      })}
      {rows.length > MOST_WAITS && <li class="note">and {count(rows.length - MOST_WAITS)} more spans, that it waited for less</li>}
    </ol>
  );
}

function Exemplars({ reader }: { reader: Reader }) {
  return (
    <ol class="trace-logs">
      {reader.result.rows.map((row, place) => (
        <li key={place}>
          <time>{clockTime(reader.text(row, "time"))}</time>
          <Service name={reader.text(row, "service")} />
          <span class="message">
            <a href={link(["metrics", reader.text(row, "metric")])}>
              <Line text={reader.text(row, "metric")} />
            </a>{" "}
            <b>{digits(reader.number(row, "value"))}</b> <Line text={reader.text(row, "unit")} /> <Line text={plain(parseJson(reader.text(row, "attributes")))} />
          </span>
        </li>
      ))}
    </ol>
  );
}
