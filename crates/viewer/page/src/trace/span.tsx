// All that is known of a span.
import { type Json, list, object, parseJson, plain } from "../json.ts";
import type { Reader, Row } from "../query.ts";
import { link } from "../route.ts";
import { Service } from "../service.tsx";
import { attributeTerm } from "../sql.ts";
import { Line, Whole } from "../text.tsx";
import { count, duration, parseTimestamp } from "../time.ts";

export function SpanDetail({ reader }: { reader: Reader }) {
  const row = reader.result.rows[0]!;
  const text = (name: string) => reader.text(row, name);
  const start = parseTimestamp(text("start_time_unix_nano"));
  const events = list(parseJson(text("events")));
  const links = list(parseJson(text("links")));
  return (
    <div class="detail">
      <h3>
        <Line text={text("name") || "(no name)"} />
      </h3>
      <dl class="facts-list">
        <div>
          <dt>Service</dt>
          <dd>
            <Service name={text("service_name")} />
          </dd>
        </div>
        <Fact name="Duration" value={duration(reader.number(row, "duration_ns"))} />
        <Fact name="Status" value={text("status_code") === "ERROR" ? "▲ ERROR" : text("status_code")} class={text("status_code") === "ERROR" ? "fault" : ""} />
        <Fact name="Kind" value={text("kind")} />
        <Fact name="Start (UTC)" value={text("start_time_unix_nano")} />
        <Fact name="Span" value={text("span_id")} />
        <Fact name="Parent" value={text("parent_span_id")} />
        <Fact name="Trace state" value={text("trace_state")} />
      </dl>
      {text("status_message") && (
        <p class="status-message">
          <Whole text={text("status_message")} />
        </p>
      )}
      <Attributes title="Attributes" json={parseJson(text("attributes"))} filter="" />
      {events.length > 0 && (
        <section>
          <h4>Events</h4>
          {events.map((event, place) => (
            <Event key={place} event={event} start={start} />
          ))}
        </section>
      )}
      {links.length > 0 && (
        <section>
          <h4>Links</h4>
          {links.map((value, place) => (
            <Link key={place} value={value} />
          ))}
        </section>
      )}
      <Attributes title="Resource" json={parseJson(text("resource_attributes"))} filter="resource." />
      <Attributes title={`Scope ${text("scope_name")} ${text("scope_version")}`} json={parseJson(text("scope_attributes"))} filter={null} />
      <Dropped reader={reader} row={row} />
    </div>
  );
}

function Fact({ name, value, class: kind }: { name: string; value: string; class?: string }) {
  if (!value) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd class={kind ?? ""}>
        <Line text={value} />
      </dd>
    </div>
  );
}

/** `filter` is what a search calls such attributes by, `null` if it cannot look for them. */
export function Attributes({ title, json, filter }: { title: string; json: Json; filter: string | null }) {
  const entries = Object.entries(object(json));
  if (entries.length === 0) return null;
  return (
    <section>
      <h4>
        <Line text={title} />
      </h4>
      <dl class="attributes">
        {entries.map(([key, value]) => (
          <div key={key}>
            <dt>
              <Line text={key} />
            </dt>
            <dd class={typeof value === "string" ? "text" : "other"}>
              <Whole text={plain(value)} />
              {filter !== null && (typeof value !== "object" || value === null) && plain(value).length < 200 && (
                <a class="find" title="Traces with this value" href={link(["traces"], { attributes: attributeTerm(key, plain(value), filter !== "") })}>
                  find
                </a>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Event({ event, start }: { event: Json; start: bigint | null }) {
  const { name, time_unix_nano: time, attributes } = object(event);
  const at = parseTimestamp(plain(time));
  return (
    <div class="event">
      <p>
        <b>
          <Line text={plain(name) || "(no name)"} />
        </b>
        {at !== null && start !== null && <span class="hint"> after {duration(Number(at - start))}</span>}
      </p>
      <Attributes title="" json={nested(attributes)} filter={null} />
    </div>
  );
}

function Link({ value }: { value: Json }) {
  const { trace_id: trace, span_id: span, attributes } = object(value);
  return (
    <div class="event">
      <p>
        <a href={link(["trace", plain(trace)], { span: plain(span) })}>
          <Line text={`trace ${plain(trace)}, span ${plain(span)}`} />
        </a>
      </p>
      <Attributes title="" json={nested(attributes)} filter={null} />
    </div>
  );
}

/** JSON within a list of structs comes as JSON or as its text. */
function nested(json: Json | undefined): Json {
  return typeof json === "string" ? parseJson(json) : (json ?? null);
}

const DROPPED: [column: string, what: string][] = [
  ["dropped_attributes_count", "attributes"],
  ["dropped_events_count", "events"],
  ["dropped_links_count", "links"],
];

function Dropped({ reader, row }: { reader: Reader; row: Row }) {
  const dropped = DROPPED.filter(([column]) => reader.number(row, column) > 0);
  if (dropped.length === 0) return null;
  return <p class="note">The sender dropped {dropped.map(([column, what]) => `${count(reader.number(row, column))} ${what}`).join(", ")}.</p>;
}
