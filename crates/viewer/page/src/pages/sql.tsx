// A query of one's own, and its result as a table or a chart. The query is in the address.
import { useEffect, useState } from "preact/hooks";
import { Editor } from "../editor_lazy.tsx";
import { Failure } from "../panel.tsx";
import { change, useRoute } from "../route.ts";
import { useSession } from "../session.ts";
import { Table } from "../table.tsx";
import { Line } from "../text.tsx";
import { count } from "../time.ts";
import { useQuery } from "../use_query.ts";
import { Chart, chartable } from "../charts/result.tsx";

const FIRST = `-- Any query over spans, log_records and data_points. Ctrl+Enter runs it.
SELECT service_name, name, count(*) AS spans, count(*) FILTER (status_code = 'ERROR') AS errors,
       round(quantile_cont(duration_ns, 0.95) / 1e6, 1) AS p95_ms
FROM spans
GROUP BY ALL ORDER BY spans DESC`;

export function Sql() {
  const { params } = useRoute();
  const { columns, macros } = useSession();
  const sql = params.get("q");
  const [draft, setDraft] = useState<string | null>(null);
  useEffect(() => setDraft(null), [sql]);
  const answer = useQuery(sql);
  const chart = params.get("as") === "chart";
  const run = () => change({ q: draft ?? sql ?? FIRST });
  const { result, error } = answer;
  return (
    <main class="sql">
      <section class="panel" aria-label="Query">
        <div class="query">
          <Editor value={sql ?? FIRST} typed={draft !== null} onChange={setDraft} onRun={run} label="SQL" autofocus />
          <div class="actions">
            <button type="button" class="primary" onClick={run}>
              Run
            </button>
            <span class="hint">Ctrl+Enter</span>
            <span class="facts">
              {answer.progress !== null && <progress value={answer.progress} aria-label="Progress of the query" />}
              {answer.running && <span class="running">running …</span>}
              {result && !error && (
                <span>
                  {result.limited ? "first " : ""}
                  {count(result.rows.length)} {result.rows.length === 1 ? "row" : "rows"}, {result.milliseconds.toFixed(0)} ms
                  {result.cutValues > 0 ? `, ${count(result.cutValues)} values cut` : ""}
                </span>
              )}
            </span>
            {result && !error && (
              <span class="tabs" role="group" aria-label="Show as">
                <button type="button" aria-pressed={!chart} onClick={() => change({ as: null })}>
                  Table
                </button>
                <button type="button" aria-pressed={chart} disabled={!chartable(result)} title={chartable(result) ? "" : "A chart needs a column of times or texts, and one of numbers"} onClick={() => change({ as: "chart" })}>
                  Chart
                </button>
              </span>
            )}
          </div>
        </div>
        {error && <Failure error={error} sql={answer.sql ?? ""} />}
        {result && !error && (chart && chartable(result) ? <Chart result={result} /> : <Table result={result} />)}
      </section>
      <section class="panel" aria-label="What there is">
        <details>
          <summary>Tables and macros</summary>
          <div class="reference">
            {Object.entries(columns).map(([relation, list]) => (
              <details key={relation}>
                <summary>
                  <code>{relation}</code>
                </summary>
                <ul>
                  {list.map(([name, type]) => (
                    <li key={name}>
                      <code>{name}</code> <span class="hint">{type.length > 40 ? `${type.slice(0, 39)}…` : type}</span>
                    </li>
                  ))}
                </ul>
              </details>
            ))}
            <ul>
              {macros.map(([name, parameters, description]) => (
                <li key={`${name} ${parameters}`}>
                  <code>
                    {name}({parameters})
                  </code>{" "}
                  <Line text={description ?? ""} />
                </li>
              ))}
            </ul>
          </div>
        </details>
      </section>
    </main>
  );
}
