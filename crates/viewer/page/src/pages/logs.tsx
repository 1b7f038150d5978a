// What is logged: record by record, the newest first, or by the shape of the message.
import { useState } from "preact/hooks";
import { Bars } from "../charts/bars.tsx";
import { severityColor } from "../colors.ts";
import { Empty, Missing } from "../empty.tsx";
import { Choice, Field, Form } from "../fields.tsx";
import { parseJson, object, plain } from "../json.ts";
import { useKeys } from "../keys.ts";
import { Panel } from "../panel.tsx";
import type { Reader, Row } from "../query.ts";
import { brush, rangeConditions, useExtent } from "../range.tsx";
import { change, link, useRoute } from "../route.ts";
import { Service } from "../service.tsx";
import { useSession } from "../session.ts";
import { attributeConditions, literal, where } from "../sql.ts";
import { Line, Whole } from "../text.tsx";
import { clockTime, count, seconds, shortTime, stepFor } from "../time.ts";
import { Attributes } from "../trace/span.tsx";
import { useQuery } from "../use_query.ts";

const TIME = "coalesce(time_unix_nano, observed_time_unix_nano)";
const MESSAGE = "coalesce(body_text, event_name)";
const FILTERS = ["service", "level", "text", "attributes", "shape", "trace"];
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const LIST_LENGTH = 500;

function conditionsOf(params: URLSearchParams): string[] {
  const conditions = rangeConditions(params, TIME);
  const value = (name: string) => params.get(name) ?? "";
  if (value("service")) conditions.push(`service_name = ${literal(value("service"))}`);
  if (LEVELS.includes(value("level"))) conditions.push(`severity_number >= otlp_severity_number(${literal(value("level"))})`);
  if (value("text")) conditions.push(`contains(lower(concat_ws(' ', ${MESSAGE}, attributes)), ${literal(value("text").toLowerCase())})`);
  if (value("shape")) conditions.push(`otlp_message_shape(${MESSAGE}) = ${literal(value("shape"))}`);
  if (value("trace")) conditions.push(`trace_id = ${literal(value("trace"))}`);
  return [...conditions, ...attributeConditions(value("attributes")).conditions];
}

export function Logs() {
  const { relations } = useSession();
  return relations.log_records ? <Search /> : <Missing relation="log_records" />;
}

function Search() {
  const { params } = useRoute();
  const conditions = conditionsOf(params);
  const filtered = FILTERS.some((name) => params.get(name)) || rangeConditions(params, "").length > 0;
  const extent = useExtent("log_records", TIME);
  const step = extent && stepFor(extent.from, extent.to, 90);
  const byShape = params.get("view") === "messages";
  const view = (
    <span class="tabs" role="group" aria-label="Show">
      <button type="button" aria-pressed={!byShape} onClick={() => change({ view: null })}>
        Records
      </button>
      <button type="button" aria-pressed={byShape} onClick={() => change({ view: "messages" })}>
        Messages
      </button>
    </span>
  );
  return (
    <main>
      <SearchForm />
      <Panel
        id="levels"
        title="Records over time"
        sql={
          step &&
          `SELECT time_bucket(${step.interval}, ${TIME}::TIMESTAMP) AS time,
       count(*) FILTER (coalesce(severity_number, 0) < 13) AS others,
       count(*) FILTER (severity_number BETWEEN 13 AND 16) AS warnings,
       count(*) FILTER (severity_number >= 17) AS errors
FROM log_records${where(conditions)}
GROUP BY ALL ORDER BY time`
        }
        needs={["time", "others", "warnings", "errors"]}
        empty={<span class="hint">No records.</span>}
        draw={(reader) => (
          <Bars
            label="Log records over time, by severity"
            step={step?.seconds ?? 1}
            from={extent ? Number(extent.from / 1_000_000n) / 1e3 : undefined}
            to={extent ? Number(extent.to / 1_000_000n) / 1e3 : undefined}
            series={[
              { name: "others", color: "var(--bar)" },
              { name: "warnings", color: "var(--severity-warn)" },
              { name: "errors", color: "var(--error)" },
            ]}
            bars={reader.result.rows
              .map((row) => ({ time: seconds(reader.text(row, "time")), values: ["others", "warnings", "errors"].map((name) => reader.number(row, name)) }))
              .filter(({ time }) => !Number.isNaN(time))}
            onBrush={brush}
          />
        )}
      />
      {byShape ? (
        <Panel
          id="messages"
          title="Messages by shape"
          aside={view}
          sql={`WITH chosen AS (FROM log_records${where(conditions)})\nFROM otlp_messages(log_records := chosen) LIMIT 200`}
          needs={["records", "service", "severity", "message"]}
          empty={<Empty relation="log_records" filtered={filtered} />}
          draw={(reader) => <Shapes reader={reader} />}
        />
      ) : (
        <Panel
          id="records"
          title="Records"
          aside={view}
          sql={`SELECT ${TIME} AS time, severity, service_name, ${MESSAGE} AS message,
       attributes, resource_attributes, trace_id, span_id
FROM log_records${where(conditions)}
ORDER BY time DESC NULLS LAST LIMIT ${LIST_LENGTH}`}
          needs={["time", "severity", "service_name", "message"]}
          empty={<Empty relation="log_records" filtered={filtered} />}
          draw={(reader) => <Records reader={reader} />}
        />
      )}
    </main>
  );
}

function SearchForm() {
  const { params } = useRoute();
  const services = useQuery("SELECT DISTINCT service_name FROM log_records WHERE service_name IS NOT NULL ORDER BY ALL", { limit: 500 });
  const names = (services.result?.rows ?? []).map(([name]) => String(name));
  const attributes = attributeConditions(params.get("attributes") ?? "");
  const shape = params.get("shape");
  const trace = params.get("trace");
  return (
    <Form>
      <Field name="text" label="Text" placeholder="timed out" search class="wide" />
      <Choice name="service" label="Service" options={[["", "All"], ...names.map((name) => [name, name] as const)]} />
      <Choice name="level" label="At least" options={[["", "Any level"], ...LEVELS.map((level) => [level, level] as const)]} />
      <Field name="attributes" label="Attributes" placeholder="http.route=/cart" error={attributes.error} class="wide" />
      {(shape || trace) && (
        <p class="chips">
          {shape && <Chip name="shape" words={shape} />}
          {trace && <Chip name="trace" words={`trace ${trace}`} />}
        </p>
      )}
    </Form>
  );
}

/** A condition that was chosen elsewhere, and can be taken back. */
function Chip({ name, words }: { name: string; words: string }) {
  return (
    <button type="button" class="chip" title="Take back" onClick={() => change({ [name]: null })}>
      <Line text={words} /> ✕
    </button>
  );
}

function Shapes({ reader }: { reader: Reader }) {
  return (
    <ol class="log-list">
      {reader.result.rows.map((row, place) => {
        const severity = reader.text(row, "severity");
        const message = reader.text(row, "message");
        return (
          <li key={place}>
            <button type="button" class="log-row" title="These records" onClick={() => change({ shape: message, view: null })}>
              <b class="times">{count(reader.number(row, "records"))} ×</b>
              <span class="severity" style={{ color: severityColor(severity) }}>
                {severity}
              </span>
              <Service name={reader.text(row, "service")} />
              <span class="message">
                <Line text={message} />
              </span>
              <time>{shortTime(reader.text(row, "last"))}</time>
            </button>
          </li>
        );
      })}
    </ol>
  );
}

/** Rows move while others arrive, so one that is open is known by what it says. */
function identity(row: Row): string {
  return row.map((value) => String(value).slice(0, 200)).join("\n");
}

function Records({ reader }: { reader: Reader }) {
  const { rows } = reader.result;
  const [open, setOpen] = useState<string | null>(null);
  const at = open === null ? -1 : rows.findIndex((row) => identity(row) === open);
  const choose = (place: number) => {
    const row = rows[Math.min(Math.max(place, 0), rows.length - 1)];
    if (row) setOpen(identity(row));
  };
  useKeys({
    j: () => choose(at + 1),
    k: () => choose(at - 1),
    Escape: () => setOpen(null),
    Enter: () => {
      const row = rows[at];
      const trace = row ? reader.text(row, "trace_id") : "";
      if (row && trace) window.location.hash = link(["trace", trace], { span: reader.text(row, "span_id") });
    },
  });
  return (
    <ol class="log-list" aria-label="Log records">
      {rows.map((row, place) => (
        <Record key={`${identity(row)} ${place === at}`} reader={reader} row={row} open={place === at} onOpen={(shown) => setOpen(shown ? identity(row) : null)} />
      ))}
    </ol>
  );
}

function Record({ reader, row, open, onOpen }: { reader: Reader; row: Row; open: boolean; onOpen: (open: boolean) => void }) {
  const severity = reader.text(row, "severity");
  const message = reader.text(row, "message");
  const time = reader.text(row, "time");
  return (
    <li
      class={open ? "open" : ""}
      ref={(element) => {
        if (open) element?.scrollIntoView({ block: "nearest" });
      }}
    >
      <button type="button" class="log-row" aria-expanded={open} onClick={() => onOpen(!open)}>
        <time title={`${time} UTC`}>{clockTime(time)}</time>
        <span class="severity" style={{ color: severityColor(severity) }}>
          {severity === "UNSPECIFIED" ? "–" : severity}
        </span>
        <Service name={reader.text(row, "service_name")} />
        <span class="message">
          <Line text={message} />
          <Pairs text={reader.text(row, "attributes")} />
        </span>
      </button>
      {open && (
        <div class="log-detail">
          <Whole text={message} />
          <p class="hint">
            {time} UTC
            {reader.text(row, "trace_id") && (
              <>
                {" · "}
                <a href={link(["trace", reader.text(row, "trace_id")], { span: reader.text(row, "span_id") })}>the trace</a>
                {" · "}
                <a href={link(["logs"], { trace: reader.text(row, "trace_id") })}>logs of the trace</a>
              </>
            )}
          </p>
          <Attributes title="Attributes" json={parseJson(reader.text(row, "attributes"))} filter={null} />
          <Attributes title="Resource" json={parseJson(reader.text(row, "resource_attributes"))} filter={null} />
        </div>
      )}
    </li>
  );
}

const MOST_PAIRS = 4;

function Pairs({ text }: { text: string }) {
  const pairs = text.length < 4000 ? Object.entries(object(parseJson(text))).slice(0, MOST_PAIRS) : [];
  return (
    <span class="pairs">
      <Line text={pairs.map(([key, value]) => `${key}=${plain(value).slice(0, 60)}`).join(" ")} />
    </span>
  );
}
