// Which metrics there are, and how each has gone lately.
import { Empty, Missing } from "../empty.tsx";
import { Choice, Field, Form } from "../fields.tsx";
import { list, parseJson } from "../json.ts";
import { Panel } from "../panel.tsx";
import type { Reader } from "../query.ts";
import { rangeConditions, useExtent } from "../range.tsx";
import { link, useRoute } from "../route.ts";
import { useSession } from "../session.ts";
import { literal, where } from "../sql.ts";
import { Line } from "../text.tsx";
import { count, digits, stepFor } from "../time.ts";
import { useQuery } from "../use_query.ts";

export function Metrics() {
  const { relations } = useSession();
  return relations.data_points ? <List /> : <Missing relation="data_points" />;
}

function List() {
  const { params } = useRoute();
  const extent = useExtent("data_points", "time_unix_nano");
  const service = params.get("service") ?? "";
  const text = params.get("text") ?? "";
  const services = useQuery("SELECT DISTINCT service_name FROM data_points WHERE service_name IS NOT NULL ORDER BY ALL", { limit: 500 });
  const names = (services.result?.rows ?? []).map(([name]) => String(name));
  const conditions = [
    ...rangeConditions(params, "time_unix_nano"),
    ...(service ? [`service_name = ${literal(service)}`] : []),
    ...(text ? [`contains(lower(name), ${literal(text.toLowerCase())})`] : []),
  ];
  const step = extent && stepFor(extent.from, extent.to, 24);
  return (
    <main>
      <Form>
        <Field name="text" label="Name" placeholder="http.server" search class="wide" />
        <Choice name="service" label="Service" options={[["", "All"], ...names.map((name) => [name, name] as const)]} />
      </Form>
      <Panel
        id="metrics"
        title="Metrics"
        sql={
          step &&
          `WITH chosen AS (FROM data_points${where(conditions)}),
trend AS (
    SELECT metric, time, sum(per_second) AS value, '/s' AS per
    FROM otlp_rate(data_points := chosen, width := ${step.interval}) GROUP BY ALL
    UNION ALL
    SELECT name, time_bucket(${step.interval}, time_unix_nano::TIMESTAMP), avg(value), NULL
    FROM chosen WHERE kind = 'gauge' GROUP BY ALL
)
SELECT name AS metric, any_value(kind) AS kind, any_value(unit) AS unit, any_value(description) AS description,
       list_sort(list(DISTINCT service_name)) AS services, count(DISTINCT (service_name, attributes)) AS series,
       any_value(trend) AS trend, any_value(per) AS per
FROM chosen
LEFT JOIN (SELECT metric, list(value ORDER BY time) AS trend, any_value(per) AS per FROM trend GROUP BY metric) AS trend
  ON trend.metric = chosen.name
GROUP BY name ORDER BY name`
        }
        needs={["metric", "kind", "trend"]}
        empty={<Empty relation="data_points" filtered={conditions.length > 0} />}
        draw={(reader) => <Table reader={reader} />}
      />
    </main>
  );
}

const KINDS: Record<string, string> = { exponential_histogram: "exp. histogram" };

function Table({ reader }: { reader: Reader }) {
  const { params } = useRoute();
  const carried = { last: params.get("last"), from: params.get("from"), to: params.get("to"), service: params.get("service") };
  return (
    <ul class="metric-list" aria-label="Metrics">
      {reader.result.rows.map((row) => {
        const name = reader.text(row, "metric");
        const trend = list(parseJson(reader.text(row, "trend"))).map((value) => (value === null ? NaN : Number(value)));
        const last = trend.findLast((value) => Number.isFinite(value));
        const unit = [reader.text(row, "unit"), reader.text(row, "per")].filter((part) => part && part !== "1").join("");
        return (
          <li key={name}>
            <a href={link(["metrics", name], carried)}>
              <span class="metric-name">
                <b>
                  <Line text={name} />
                </b>
                <Line text={reader.text(row, "description") || list(parseJson(reader.text(row, "services"))).join(", ")} />
              </span>
              <span class="kind">{KINDS[reader.text(row, "kind")] ?? reader.text(row, "kind")}</span>
              <span class="size">
                {count(reader.number(row, "series"))} {reader.number(row, "series") === 1 ? "series" : "series"}
              </span>
              <Spark values={trend} />
              <span class="last">
                {last === undefined ? "–" : digits(last)} <Line text={reader.text(row, "kind").includes("histogram") ? "/s" : unit} />
              </span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}

const WIDTH = 140;
const HEIGHT = 26;

function Spark({ values }: { values: readonly number[] }) {
  const finite = values.filter(Number.isFinite);
  const most = Math.max(...finite, 0);
  const least = Math.min(...finite, 0);
  const y = (value: number) => HEIGHT - 2 - ((value - least) / (most - least || 1)) * (HEIGHT - 4);
  const points = values.flatMap((value, place) => (Number.isFinite(value) ? [`${((place / Math.max(values.length - 1, 1)) * WIDTH).toFixed(1)},${y(value).toFixed(1)}`] : []));
  return (
    <svg class="spark" width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <polyline points={points.join(" ")} />
    </svg>
  );
}
