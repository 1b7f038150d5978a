// One metric: lines of values or of rates, and of histograms where the measurements lie.
import { useMemo, useState } from "preact/hooks";
import { HeatMap, type Cell } from "../charts/heat_map.tsx";
import { type Dot, Lines, type Series } from "../charts/lines.tsx";
import { Choice, Field, Form } from "../fields.tsx";
import { Empty, Missing } from "../empty.tsx";
import { Panel } from "../panel.tsx";
import type { Reader } from "../query.ts";
import { brush, rangeConditions, useExtent } from "../range.tsx";
import { link, useRoute } from "../route.ts";
import { Service } from "../service.tsx";
import { useSession } from "../session.ts";
import { attributeConditions, literal, where } from "../sql.ts";
import { Line } from "../text.tsx";
import { type Step, clockTime, digits, parseTimestamp, seconds, stepFor } from "../time.ts";
import { useQuery } from "../use_query.ts";

export function Metric({ name }: { name: string }) {
  const { relations } = useSession();
  return relations.data_points ? <Page name={name} /> : <Missing relation="data_points" />;
}

const BUCKETS = 80;
const MOST_SERIES = 12;

function Page({ name }: { name: string }) {
  const { params } = useRoute();
  const ofMetric = `name = ${literal(name)}`;
  const known = useQuery(
    `SELECT kind, bool_or(coalesce(is_monotonic, true)) AS monotonic, any_value(unit) AS unit, any_value(description) AS description,
       count(DISTINCT time_unix_nano) AS moments, min(time_unix_nano) AS first, max(time_unix_nano) AS last,
       list_sort(list(DISTINCT service_name)) AS services
FROM data_points WHERE ${ofMetric} GROUP BY kind`,
  );
  const extent = useExtent("data_points", "time_unix_nano");
  const attributes = attributeConditions(params.get("attributes") ?? "");
  const service = params.get("service") ?? "";
  const conditions = [ofMetric, ...rangeConditions(params, "time_unix_nano"), ...(service ? [`service_name = ${literal(service)}`] : []), ...attributes.conditions];
  const [exemplars, setExemplars] = useState<Reader | null>(null);
  const dots = useMemo(() => (exemplars ? readDots(exemplars) : []), [exemplars]);

  const row = known.result?.rows[0];
  const [kind, monotonic, unit, description, moments, first, last, services] = row ?? [];
  const of: Of | null =
    extent && row
      ? {
      chosen: `WITH chosen AS (FROM data_points${where(conditions).replaceAll("\n", "\n    ")})`,
      // Narrower buckets than the points are apart would be empty one after the other.
      step: stepFor(extent.from, extent.to + 1n, Math.max(1, Math.min(BUCKETS, between(extent, Number(moments), String(first), String(last))))),
      unit: String(unit ?? ""),
      dots,
      by: params.get("by") ?? "",
    } : null;
  return (
    <main>
      <div class="metric-head">
        <h1>
          <Line text={name} />
        </h1>
        <p class="hint">
          {row && `${String(kind).replace("_", " ")}${unit ? `, in ${String(unit)}` : ""}`} {description && <Line text={String(description)} />}
        </p>
      </div>
      <Form>
        <Field name="attributes" label="Attributes" placeholder="http.route=/cart" search error={attributes.error} class="wide" />
        <Choice name="service" label="Service" options={[["", "All"], ...servicesOf(services).map((text) => [text, text] as const)]} />
        {(kind === "gauge" || kind === "sum") && <SplitBy ofMetric={ofMetric} />}
      </Form>
      {known.result && !row && (
        <section class="panel">
          <Empty relation="data_points" filtered={true} />
        </section>
      )}
      {of && kind === "gauge" && <Values of={of} />}
      {of && kind === "sum" && !monotonic && <Values of={of} />}
      {of && kind === "sum" && monotonic && <Rates of={of} title="Rate" />}
      {of && kind === "summary" && <Summaries of={of} />}
      {of && String(kind ?? "").includes("histogram") && (
        <>
          <Spread of={of} />
          <Quantiles of={of} exponential={kind === "exponential_histogram"} />
          <Rates of={of} title="Measurements per second" />
        </>
      )}
      {of && (
        <Panel
          id="exemplars"
          title="Exemplars"
          sql={`${of.chosen}
SELECT exemplar.time_unix_nano AS time, service_name AS service, exemplar.value AS value, attributes,
       exemplar.trace_id AS trace_id, exemplar.span_id AS span_id
FROM (SELECT *, unnest(exemplars) AS exemplar FROM chosen)
WHERE exemplar.trace_id IS NOT NULL
ORDER BY value DESC LIMIT 200`}
          needs={["time", "service", "value", "trace_id", "span_id"]}
          empty={<p>The senders added no exemplars, which would lead to traces.</p>}
          onResult={setExemplars}
          draw={(reader) => <Exemplars reader={reader} unit={of.unit} />}
        />
      )}
    </main>
  );
}

/** What all panels of a metric share. */
interface Of {
  chosen: string;
  step: Step;
  unit: string;
  dots: readonly Dot[];
  by: string;
}

/** How many buckets of time have room for points as far apart as these. */
function between(extent: { from: bigint; to: bigint }, moments: number, first: string, last: string): number {
  const from = parseTimestamp(first);
  const to = parseTimestamp(last);
  if (from === null || to === null || moments < 2 || to === from) return BUCKETS;
  return Math.ceil((Number(extent.to - extent.from) / Number(to - from)) * (moments - 1));
}

function servicesOf(value: unknown): string[] {
  try {
    return (JSON.parse(String(value ?? "[]")) as unknown[]).filter((name) => name !== null).map(String);
  } catch {
    return [];
  }
}

function SplitBy({ ofMetric }: { ofMetric: string }) {
  const keys = useQuery(`SELECT DISTINCT unnest(json_keys(attributes)) AS key FROM data_points WHERE ${ofMetric} ORDER BY key LIMIT 50`, { follow: false });
  return <Choice name="by" label="A line for each" options={[["", "Series"], ["service.name", "Service"], ...(keys.result?.rows ?? []).map(([key]) => [`attribute ${key}`, String(key)] as const)]} />;
}

/** SQL of what tells lines apart; columns have other names in macros than in the table. */
function seriesOf(by: string, service: string): string {
  if (by === "service.name") return service;
  if (by.startsWith("attribute ")) return `coalesce(attributes->>${literal(by.slice(10))}, '–')`;
  return `concat_ws(' ', ${service}, nullif(CAST(attributes AS VARCHAR), '{}'))`;
}

function Values({ of }: { of: Of }) {
  return (
    <Panel
      id="values"
      title="Value"
      sql={`${of.chosen}
SELECT time_bucket(${of.step.interval}, time_unix_nano::TIMESTAMP) AS time,
       ${seriesOf(of.by, "service_name")} AS series, avg(value) AS value
FROM chosen
GROUP BY ALL ORDER BY time, series`}
      needs={["time", "series", "value"]}
      empty={<Empty relation="data_points" filtered={true} />}
      draw={(reader) => <Drawn reader={reader} value="value" unit={of.unit} dots={of.dots} />}
    />
  );
}

function Rates({ of, title }: { of: Of; title: string }) {
  return (
    <Panel
      id="rates"
      title={title}
      sql={`${of.chosen}
SELECT time, ${seriesOf(of.by, "service")} AS series, sum(per_second) AS per_second
FROM otlp_rate(data_points := chosen, width := ${of.step.interval})
GROUP BY ALL ORDER BY time, series`}
      needs={["time", "series", "per_second"]}
      empty={<p>A rate takes two points, or one with the time at which it started to count.</p>}
      draw={(reader) => <Drawn reader={reader} value="per_second" unit="/s" />}
    />
  );
}

function Drawn({ reader, value, unit, dots = [] }: { reader: Reader; value: string; unit: string; dots?: readonly Dot[] }) {
  const series = useMemo(() => {
    const found = new Map<string, [number, number][]>();
    for (const row of reader.result.rows) {
      const name = reader.text(row, "series");
      const points = found.get(name) ?? [];
      if (points.length === 0) found.set(name, points);
      points.push([seconds(reader.text(row, "time")), reader.number(row, value)]);
    }
    return [...found].map(([name, points]): Series => ({ name, points }));
  }, [reader.result]);
  // The ones with the highest last values: more lines than colours tell nothing.
  const shown = series.length <= MOST_SERIES ? series : series.toSorted((one, other) => lastOf(other) - lastOf(one)).slice(0, MOST_SERIES);
  return (
    <>
      {shown.length < series.length && (
        <p class="note">
          The {MOST_SERIES} highest of {series.length}.
        </p>
      )}
      <Lines series={shown} unit={unit} label={`${value} over time`} dots={dots} onBrush={brush} />
    </>
  );
}

function lastOf({ points }: Series): number {
  const value = points[points.length - 1]?.[1] ?? NaN;
  return Number.isFinite(value) ? value : -Infinity;
}

const QUANTILES = [0.5, 0.9, 0.95, 0.99];

function Quantiles({ of, exponential }: { of: Of; exponential: boolean }) {
  const call = exponential ? "otlp_merged_exponential_histogram_quantile(scale, zero_count, zero_threshold, positive, negative" : "otlp_merged_histogram_quantile(bucket_counts, explicit_bounds";
  return (
    <Panel
      id="quantiles"
      title="Quantiles"
      sql={`${of.chosen}
SELECT time_bucket(${of.step.interval}, time::TIMESTAMP) AS time,
${QUANTILES.map((quantile) => `       ${call}, ${quantile}) AS p${quantile * 100}`).join(",\n")}
FROM otlp_increase(data_points := chosen)
WHERE increase > 0
GROUP BY ALL ORDER BY time`}
      needs={["time"]}
      empty={<p>There was no measurement in this time.</p>}
      draw={(reader) => <ByColumn reader={reader} of={of} />}
    />
  );
}

/** A line for each column besides `time`. */
function ByColumn({ reader, of }: { reader: Reader; of: Of }) {
  const series = useMemo(
    () =>
      reader.result.columns
        .map(({ name }) => name)
        .filter((name) => name !== "time")
        .map((name): Series => ({ name, points: reader.result.rows.map((row) => [seconds(reader.text(row, "time")), reader.number(row, name)] as const) })),
    [reader.result],
  );
  return <Lines series={series} unit={of.unit} label="Quantiles over time" dots={of.dots} onBrush={brush} />;
}

function Spread({ of }: { of: Of }) {
  return (
    <Panel
      id="buckets"
      title="Measurements over time"
      sql={`${of.chosen}
SELECT time, low, high, sum(count) AS count
FROM otlp_buckets(data_points := chosen, width := ${of.step.interval})
GROUP BY ALL ORDER BY time, low`}
      needs={["time", "low", "high", "count"]}
      empty={<p>There was no measurement in this time.</p>}
      draw={(reader) => (
        <HeatMap
          cells={reader.result.rows.map((row): Cell => ({ time: seconds(reader.text(row, "time")), low: edge(reader, row, "low", -Infinity), high: edge(reader, row, "high", Infinity), count: reader.number(row, "count") }))}
          step={of.step.seconds}
          unit={of.unit}
          dots={of.dots}
          label="How many measurements lie where, over time"
          onBrush={brush}
        />
      )}
    />
  );
}

function edge(reader: Reader, row: Parameters<Reader["number"]>[0], name: string, open: number): number {
  const value = reader.number(row, name);
  return Number.isNaN(value) ? open : value;
}

function Summaries({ of }: { of: Of }) {
  return (
    <Panel
      id="summaries"
      title="Quantiles"
      sql={`${of.chosen}
SELECT time_bucket(${of.step.interval}, time_unix_nano::TIMESTAMP) AS time, quantile.quantile AS series, avg(quantile.value) AS value
FROM (SELECT time_unix_nano, unnest(quantile_values) AS quantile FROM chosen)
GROUP BY ALL ORDER BY time, series`}
      needs={["time", "series", "value"]}
      empty={<Empty relation="data_points" filtered={true} />}
      draw={(reader) => <Drawn reader={reader} value="value" unit={of.unit} />}
    />
  );
}

function readDots(reader: Reader): Dot[] {
  return reader.result.rows.map((row) => ({
    time: seconds(reader.text(row, "time")),
    value: reader.number(row, "value"),
    href: link(["trace", reader.text(row, "trace_id")], { span: reader.text(row, "span_id") }),
    title: `${digits(reader.number(row, "value"))}: to its trace`,
  }));
}

function Exemplars({ reader, unit }: { reader: Reader; unit: string }) {
  return (
    <ol class="trace-logs">
      {reader.result.rows.map((row, place) => (
        <li key={place}>
          <time>{clockTime(reader.text(row, "time"))}</time>
          <b class="times">
            {digits(reader.number(row, "value"))} <Line text={unit} />
          </b>
          <Service name={reader.text(row, "service")} />
          <span class="message">
            <Line text={reader.text(row, "attributes")} />
          </span>
          <a href={link(["trace", reader.text(row, "trace_id")], { span: reader.text(row, "span_id") })}>trace</a>
        </li>
      ))}
    </ol>
  );
}
