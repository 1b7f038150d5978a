// Who calls whom, and how each operation fares.
import { useMemo } from "preact/hooks";
import { Lines, type Series } from "../charts/lines.tsx";
import { ServiceMap } from "../charts/service_map.tsx";
import { Empty, Missing } from "../empty.tsx";
import { Panel } from "../panel.tsx";
import type { Reader } from "../query.ts";
import { type Extent, brush, rangeConditions, useExtent } from "../range.tsx";
import { change, link, useRoute } from "../route.ts";
import { Service } from "../service.tsx";
import { useSession } from "../session.ts";
import { literal, where } from "../sql.ts";
import { Line } from "../text.tsx";
import { count, digits, duration, seconds, stepFor } from "../time.ts";

export function Services() {
  const { relations } = useSession();
  return relations.spans ? <Page /> : <Missing relation="spans" />;
}

function Page() {
  const { params } = useRoute();
  const extent = useExtent("spans", "start_time_unix_nano");
  const range = rangeConditions(params, "start_time_unix_nano");
  const chosen = range.length > 0 ? `WITH chosen AS (FROM spans${where(range)})\n` : "";
  const spans = range.length > 0 ? "chosen" : "spans";
  const service = params.get("service");
  return (
    <main>
      <Panel
        id="map"
        title="Map"
        sql={`${chosen}FROM otlp_service_map(spans := ${spans})`}
        needs={["caller", "callee", "type", "calls", "errors", "p95_ms"]}
        empty={<Empty relation="spans" filtered={range.length > 0} />}
        draw={(reader) => <ServiceMap reader={reader} seconds={lengthOf(extent)} chosen={service} onChoose={(name) => change({ service: name === service ? null : name })} />}
      />
      {service !== null && extent && <OverTime chosen={chosen} spans={spans} service={service} extent={extent} />}
      <Panel
        id="operations"
        title={service === null ? "Operations" : `Operations of ${service}`}
        aside={
          service !== null && (
            <button type="button" class="quiet" onClick={() => change({ service: null })}>
              All services
            </button>
          )
        }
        // One bucket of time that has all of it.
        sql={`${chosen}SELECT service, operation, requests, errors, p95_ms, p99_ms
FROM otlp_red(spans := ${spans}, width := INTERVAL 1000 YEARS)${where(service === null ? [] : [`service = ${literal(service)}`])}
ORDER BY requests DESC LIMIT 200`}
        needs={["service", "operation", "requests", "errors", "p95_ms"]}
        empty={<Empty relation="spans" filtered={range.length > 0 || service !== null} />}
        draw={(reader) => <Operations reader={reader} seconds={lengthOf(extent)} />}
      />
    </main>
  );
}

function lengthOf(extent: Extent | null): number {
  return extent ? Math.max(Number(extent.to - extent.from) / 1e9, 1e-3) : NaN;
}

function Operations({ reader, seconds: length }: { reader: Reader; seconds: number }) {
  const { params } = useRoute();
  const carried = { last: params.get("last"), from: params.get("from"), to: params.get("to") };
  return (
    <div class="sheet">
      <table>
        <thead>
          <tr>
            <th>Operation</th>
            <th class="number">Requests</th>
            <th class="number">Per second</th>
            <th class="number">Errors</th>
            <th class="number">p95</th>
            <th class="number">p99</th>
          </tr>
        </thead>
        <tbody>
          {reader.result.rows.map((row, place) => {
            const requests = reader.number(row, "requests");
            const errors = reader.number(row, "errors");
            const operation = reader.text(row, "operation");
            const service = reader.text(row, "service");
            return (
              <tr key={place}>
                <td>
                  <a class="root" href={link(["traces"], { ...carried, service, operation })}>
                    <Service name={service} />
                    <b>
                      <Line text={operation} />
                    </b>
                  </a>
                </td>
                <td class="number">{count(requests)}</td>
                <td class="number">{digits(requests / length)}</td>
                <td class={errors > 0 ? "number fault" : "number"}>{errors > 0 ? `▲ ${digits((errors / requests) * 100)} %` : "0 %"}</td>
                <td class="number">{duration(reader.number(row, "p95_ms") * 1e6)}</td>
                <td class="number">{duration(reader.number(row, "p99_ms") * 1e6)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const MOST_STEPS = 1_000;
const MOST_OPERATIONS = 10;

function OverTime({ chosen, spans, service, extent }: { chosen: string; spans: string; service: string; extent: Extent }) {
  const step = stepFor(extent.from, extent.to, 60);
  return (
    <Panel
      id="red"
      title={`${service} over time`}
      sql={`${chosen}FROM otlp_red(spans := ${spans}, width := ${step.interval})
WHERE service = ${literal(service)}`}
      needs={["time", "operation", "requests", "errors", "p95_ms"]}
      empty={<p>Nothing was asked of {service} in this time.</p>}
      draw={(reader) => <Red reader={reader} step={step.seconds} />}
    />
  );
}

function Red({ reader, step }: { reader: Reader; step: number }) {
  const pictures = useMemo(() => {
    const operations = [...Map.groupBy(reader.result.rows, (row) => reader.text(row, "operation"))]
      .map(([name, rows]) => ({ name, rows, requests: rows.reduce((sum, row) => sum + reader.number(row, "requests"), 0) }))
      .toSorted((one, other) => other.requests - one.requests)
      .slice(0, MOST_OPERATIONS);
    const lines = (value: (row: (typeof reader.result.rows)[number]) => number): Series[] =>
      operations.map(({ name, rows }) => ({ name, points: rows.map((row) => [seconds(reader.text(row, "time")), value(row)] as const) }));
    const times = reader.result.rows.map((row) => seconds(reader.text(row, "time")));
    const [first, last] = [Math.min(...times), Math.max(...times)];
    // Where nothing was asked there is no row, and the rate is 0; but for an edited query that has another width.
    const place = (time: number) => (time - first) / step;
    const regular = times.every((time) => Math.abs(place(time) - Math.round(place(time))) < 1e-3) && place(last) < MOST_STEPS;
    const filled = (series: Series): Series => {
      if (!regular) return series;
      const known = new Map(series.points.map(([time, value]) => [Math.round(place(time)), value]));
      const points = Array.from({ length: Math.round(place(last)) + 1 }, (_, at) => [first + at * step, known.get(at) ?? 0] as const);
      return { ...series, points };
    };
    return {
      rate: lines((row) => reader.number(row, "requests") / step).map(filled),
      errors: lines((row) => (reader.number(row, "errors") / reader.number(row, "requests")) * 100),
      p95: lines((row) => reader.number(row, "p95_ms")),
    };
  }, [reader.result, step]);
  return (
    <div class="red">
      <div>
        <h3>Requests per second</h3>
        <Lines series={pictures.rate} label="Requests per second" height={150} onBrush={brush} />
      </div>
      <div>
        <h3>Errors</h3>
        <Lines series={pictures.errors} unit="%" label="Share of errors" height={150} onBrush={brush} />
      </div>
      <div>
        <h3>95th percentile</h3>
        <Lines series={pictures.p95} unit="ms" label="95th percentile of durations" height={150} onBrush={brush} />
      </div>
    </div>
  );
}
