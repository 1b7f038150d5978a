// The traces that have a span like the one that is looked for, newest first.
import { useState } from "preact/hooks";
import { Bars } from "../charts/bars.tsx";
import { Empty, Missing } from "../empty.tsx";
import { Choice, Field, Form } from "../fields.tsx";
import { useKeys } from "../keys.ts";
import { Panel } from "../panel.tsx";
import type { Reader } from "../query.ts";
import { brush, rangeConditions, useExtent } from "../range.tsx";
import { go, link, useRoute } from "../route.ts";
import { Rows } from "../rows.tsx";
import { Service } from "../service.tsx";
import { useSession } from "../session.ts";
import { attributeConditions, literal, parseDuration, where } from "../sql.ts";
import { Line } from "../text.tsx";
import { count, duration, seconds, shortTime, stepFor } from "../time.ts";
import { useQuery } from "../use_query.ts";

const FILTERS = ["service", "operation", "min", "max", "status", "attributes"];

/** Conditions on the spans of which a trace must have one. */
export function spanConditions(params: URLSearchParams): string[] {
  const conditions = rangeConditions(params, "start_time_unix_nano");
  const value = (name: string) => params.get(name) ?? "";
  if (value("service")) conditions.push(`service_name = ${literal(value("service"))}`);
  if (value("operation")) conditions.push(`name = ${literal(value("operation"))}`);
  const least = parseDuration(value("min"));
  const most = parseDuration(value("max"));
  if (least !== null) conditions.push(`duration_ns >= ${least}`);
  if (most !== null) conditions.push(`duration_ns <= ${most}`);
  if (value("status")) conditions.push(`status_code = ${literal(value("status"))}`);
  return [...conditions, ...attributeConditions(value("attributes")).conditions];
}

export function Traces() {
  const { relations } = useSession();
  return relations.spans ? <Search /> : <Missing relation="spans" />;
}

function Search() {
  const { params } = useRoute();
  const conditions = spanConditions(params);
  const filtered = FILTERS.some((name) => params.get(name)) || rangeConditions(params, "").length > 0;
  const extent = useExtent("spans", "start_time_unix_nano");
  const step = extent && stepFor(extent.from, extent.to, 90);
  // The list is what people wait for: what stands around it is asked for once it is there.
  const [listed, setListed] = useState(false);
  return (
    <main>
      <SearchForm listed={listed} />
      <Panel
        id="spans"
        title="Spans over time"
        sql={
          listed && step
            ? `SELECT time_bucket(${step.interval}, start_time_unix_nano::TIMESTAMP) AS time,
       count(*) FILTER (status_code IS DISTINCT FROM 'ERROR') AS fine,
       count(*) FILTER (status_code = 'ERROR') AS errors
FROM spans${where(conditions)}
GROUP BY ALL ORDER BY time`
            : null
        }
        needs={["time", "fine", "errors"]}
        empty={listed ? <Nothing /> : "…"}
        draw={(reader) => (
          <Bars
            label="Spans over time, with errors"
            step={step?.seconds ?? 1}
            from={extent ? Number(extent.from / 1_000_000n) / 1e3 : undefined}
            to={extent ? Number(extent.to / 1_000_000n) / 1e3 : undefined}
            series={[
              { name: "spans", color: "var(--bar)" },
              { name: "errors", color: "var(--error)" },
            ]}
            bars={reader.result.rows
              .map((row) => ({ time: seconds(reader.text(row, "time")), values: [reader.number(row, "fine"), reader.number(row, "errors")] }))
              .filter(({ time }) => !Number.isNaN(time))}
            onBrush={brush}
          />
        )}
      />
      <Panel
        id="traces"
        title="Traces"
        sql={listQuery(params)}
        needs={["time", "root", "duration_ms", "trace_id"]}
        onAnswer={() => setListed(true)}
        empty={<Empty relation="spans" filtered={filtered} />}
        draw={(reader) => <List reader={reader} />}
      />
    </main>
  );
}

/** The bars' own emptiness says nothing that the list below does not say better. */
function Nothing() {
  return <span class="hint">No spans.</span>;
}

const LIST_LENGTH = 100;
/** Spans that are of so many traces, if those are not very long. */
const NEWEST_SPANS = 5_000;
/** What many spans meet, so that to look at the newest ones first is worth a second look. */
const WIDE = ["service"];

function listQuery(params: URLSearchParams): string {
  const conditions = ["trace_id IS NOT NULL", ...spanConditions(params)];
  const matching = `SELECT trace_id, start_time_unix_nano
    FROM spans${where(conditions).replaceAll("\n", "\n    ")}`;
  const found = (source: string) => `found AS (
    SELECT trace_id FROM ${source}
    GROUP BY trace_id ORDER BY max(start_time_unix_nano) DESC LIMIT ${LIST_LENGTH}
),
chosen AS (FROM spans WHERE trace_id IN (FROM found))
FROM otlp_traces(spans := chosen)`;
  const narrow = FILTERS.some((name) => params.get(name) && !WIDE.includes(name));
  if (narrow) return `WITH matching AS (
    ${matching}
),
${found("matching")}`;
  return `WITH matching AS NOT MATERIALIZED (
    ${matching}
),
newest AS MATERIALIZED (FROM matching ORDER BY start_time_unix_nano DESC LIMIT ${NEWEST_SPANS}),
-- Only where the newest spans are of fewer traces than are listed, all spans are looked at.
few AS (SELECT 1 FROM newest HAVING count(*) = ${NEWEST_SPANS} AND count(DISTINCT trace_id) < ${LIST_LENGTH}),
${found("(FROM newest UNION ALL FROM matching WHERE EXISTS (FROM few))")}`;
}

function SearchForm({ listed }: { listed: boolean }) {
  const { params } = useRoute();
  const service = params.get("service") ?? "";
  const services = useQuery(listed ? "SELECT DISTINCT service_name FROM spans WHERE service_name IS NOT NULL ORDER BY ALL" : null, { limit: 500 });
  const operations = useQuery(
    listed
      ? `SELECT name, count(*) AS spans FROM spans${where(service ? [`service_name = ${literal(service)}`] : [])}
GROUP BY ALL ORDER BY spans DESC, name LIMIT 200`
      : null,
    { follow: false },
  );
  const names = (services.result?.rows ?? []).map(([name]) => String(name));
  const attributes = attributeConditions(params.get("attributes") ?? "");
  const wrong = (name: string) => (params.get(name) && parseDuration(params.get(name) ?? "") === null ? "Such as 250ms or 1.5s" : null);
  return (
    <Form>
      <Choice name="service" label="Service" options={[["", "All"], ...names.map((name) => [name, name] as const)]} />
      <Field name="operation" label="Operation" placeholder="any" suggestions={(operations.result?.rows ?? []).map(([name]) => String(name ?? ""))} />
      <Field name="attributes" label="Attributes" placeholder="http.route=/cart retry>2 resource.host.name~web" search error={attributes.error} class="wide" />
      <Field name="min" label="At least" placeholder="250ms" error={wrong("min")} class="narrow" />
      <Field name="max" label="At most" placeholder="2s" error={wrong("max")} class="narrow" />
      <Choice
        name="status"
        label="Status"
        options={[
          ["", "Any"],
          ["ERROR", "Error"],
          ["OK", "Ok"],
        ]}
      />
    </Form>
  );
}

const ROW = 38;

function List({ reader }: { reader: Reader }) {
  const { rows } = reader.result;
  // By its id, as others arrive above it.
  const [chosen, setChosen] = useState<string | null>(null);
  const longest = Math.max(...rows.map((row) => reader.number(row, "duration_ms")).filter(Number.isFinite), 0.001);
  const ids = rows.map((row) => reader.text(row, "trace_id"));
  const at = chosen === null ? -1 : ids.indexOf(chosen);
  const choose = (place: number) => setChosen(ids[Math.min(Math.max(place, 0), ids.length - 1)] ?? null);
  useKeys({
    j: () => choose(at + 1),
    k: () => choose(at - 1),
    Enter: () => {
      if (chosen !== null && at >= 0) go(link(["trace", chosen]));
    },
  });
  return (
    <Rows
      class="traces"
      count={rows.length}
      height={ROW}
      focus={at}
      attributes={{ role: "list", "aria-label": "Traces" }}
      row={(place) => {
        const row = rows[place]!;
        const id = ids[place]!;
        const [service = "", ...operation] = reader.text(row, "root").split(": ");
        const errors = reader.number(row, "errors");
        const spans = reader.number(row, "spans");
        const milliseconds = reader.number(row, "duration_ms");
        return (
          <div key={id} role="listitem" class={place === at ? "trace-row chosen" : "trace-row"}>
            <a href={link(["trace", id])} onFocus={() => setChosen(id)}>
              <time>{shortTime(reader.text(row, "time"))}</time>
              <span class="root">
                <Service name={service} />
                <b>
                  <Line text={operation.join(": ") || service} />
                </b>
              </span>
              <span class="took">
                <i style={{ width: `${Math.max((milliseconds / longest) * 100, 0.5)}%` }} />
                <span>{duration(milliseconds * 1e6)}</span>
              </span>
              <span class="size">
                {count(spans)} {spans === 1 ? "span" : "spans"}
              </span>
              <span class="errors">{errors > 0 ? `▲ ${count(errors)} ${errors === 1 ? "error" : "errors"}` : ""}</span>
            </a>
          </div>
        );
      }}
    />
  );
}
