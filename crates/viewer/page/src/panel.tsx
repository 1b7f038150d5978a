// Every picture is a query: a panel is a SQL text and a way to draw its result, and shows both. What is edited
// is in the address of the page, so that it can be sent to others and undone by going back.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Boundary } from "./boundary.tsx";
import { Editor } from "./editor_lazy.tsx";
import { type QueryError, Reader, type Result } from "./query.ts";
import { change, link, useRoute } from "./route.ts";
import { Table } from "./table.tsx";
import { visible } from "./text.tsx";
import { count } from "./time.ts";
import { useQuery } from "./use_query.ts";

export interface PanelProps {
  /** Short and the same always: it names the parameter that an edited query is kept in. */
  id: string;
  title: string;
  /** `null` while it is not known yet what to ask. */
  sql: string | null;
  /** Columns that the picture cannot do without; without one of them the result is shown as a table. */
  needs: readonly string[];
  draw: (reader: Reader) => ComponentChildren;
  /** What to say where there are no rows. */
  empty?: ComponentChildren;
  limit?: number;
  follow?: boolean;
  /** Told of each result, for pictures that show more than one. */
  onResult?: (reader: Reader) => void;
  /** Told of each result and each error. */
  onAnswer?: () => void;
  /** What stands in the panel's head besides. */
  aside?: ComponentChildren;
  class?: string;
}

/** Another panel in its place is another panel, whose query is not open because that of the last was. */
export function Panel(props: PanelProps) {
  return <KeyedPanel key={props.id} {...props} />;
}

function KeyedPanel(props: PanelProps) {
  const { params } = useRoute();
  const parameter = `sql.${props.id}`;
  const edited = params.get(parameter);
  const sql = edited ?? props.sql;
  const [open, setOpen] = useState(false);
  const [draft, setDraft] = useState<string | null>(null);
  const answer = useQuery(sql, { limit: props.limit, follow: props.follow });
  // What is typed is forgotten when it was run, or taken back.
  useEffect(() => setDraft(null), [edited]);

  useEffect(() => {
    if (answer.result) props.onResult?.(new Reader(answer.result));
  }, [answer.result]);
  useEffect(() => {
    if (answer.result || answer.error) props.onAnswer?.();
  }, [answer.result, answer.error]);

  const run = () => {
    const text = draft ?? sql;
    change({ [parameter]: text === props.sql ? null : text });
  };
  const shown = open || (answer.error !== null && edited !== null);
  return (
    <section class={`panel ${props.class ?? ""}`} aria-label={props.title} data-panel={props.id}>
      <header>
        <h2>{props.title}</h2>
        <Facts result={answer.result} running={answer.running} progress={answer.progress} />
        {props.aside}
        {edited !== null && (
          <button type="button" class="quiet" onClick={() => change({ [parameter]: null })}>
            Reset
          </button>
        )}
        <button type="button" class="quiet" aria-expanded={shown} onClick={() => setOpen(!open)}>
          SQL
        </button>
      </header>
      {shown && sql !== null && (
        <div class="query">
          <Editor value={sql} typed={draft !== null} onChange={setDraft} onRun={run} label={`SQL of ${props.title}`} />
          <div class="actions">
            <button type="button" class="primary" onClick={run}>
              Run
            </button>
            <span class="hint">Ctrl+Enter</span>
            <a href={link(["sql"], { q: draft ?? sql })}>Open as a page</a>
          </div>
        </div>
      )}
      {answer.error && <Failure error={answer.error} sql={answer.sql ?? ""} />}
      {answer.result && !answer.error && (
        <Boundary of={answer.result}>
          <Picture {...props} result={answer.result} />
        </Boundary>
      )}
      {!answer.result && !answer.error && <p class="waiting">{sql === null && !answer.running ? props.empty : "…"}</p>}
    </section>
  );
}

function Facts({ result, running, progress }: { result: Result | null; running: boolean; progress: number | null }) {
  return (
    <span class="facts" aria-live="off">
      {progress !== null && <progress value={progress} aria-label="Progress of the query" />}
      {result && (
        <span class={running ? "running" : ""}>
          {result.limited ? "first " : ""}
          {count(result.rows.length)} {result.rows.length === 1 ? "row" : "rows"}, {result.milliseconds.toFixed(result.milliseconds < 10 ? 1 : 0)} ms
        </span>
      )}
    </span>
  );
}

function Picture({ result, needs, draw, empty }: PanelProps & { result: Result }) {
  const reader = new Reader(result);
  const missing = needs.filter((name) => !reader.has(name));
  if (missing.length > 0) {
    return (
      <>
        <p class="note">
          The picture needs {missing.length === 1 ? "a column" : "columns"} {missing.map((name) => `“${name}”`).join(", ")}; this is the result as a
          table.
        </p>
        <Table result={result} />
      </>
    );
  }
  if (result.rows.length === 0 && empty) return <div class="empty">{empty}</div>;
  return <>{draw(reader)}</>;
}

/** What DuckDB says, and where in the query. */
export function Failure({ error, sql }: { error: QueryError; sql: string }) {
  const { position } = error;
  const line = position === null ? null : lineAt(sql, position);
  return (
    <div class="failure" role="alert">
      <pre>{visible(error.message)}</pre>
      {line && (
        <pre class="place">
          {visible(line.before)}
          <mark>{visible(line.rest) || " "}</mark>
        </pre>
      )}
    </div>
  );
}

function lineAt(sql: string, position: number): { before: string; rest: string } {
  const start = sql.lastIndexOf("\n", position - 1) + 1;
  const end = sql.indexOf("\n", position);
  return { before: sql.slice(start, position), rest: sql.slice(position, end < 0 ? sql.length : end) };
}
