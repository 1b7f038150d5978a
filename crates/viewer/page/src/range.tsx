// The time that a page is about: `last=15m`, or `from` and `to`, or all there is.
import { useEffect, useState } from "preact/hooks";
import { useLive } from "./live.ts";
import { query } from "./query.ts";
import { change, useRoute } from "./route.ts";
import { parseTimestamp, shortTime, timestampText } from "./time.ts";

const LAST: [key: string, interval: string, label: string, minutes: number][] = [
  ["5m", "5 MINUTES", "Last 5 minutes", 5],
  ["15m", "15 MINUTES", "Last 15 minutes", 15],
  ["1h", "1 HOUR", "Last hour", 60],
  ["6h", "6 HOURS", "Last 6 hours", 360],
  ["24h", "24 HOURS", "Last 24 hours", 1440],
];

/** Conditions that keep the times of `column` within the range. */
export function rangeConditions(params: URLSearchParams, column: string): string[] {
  const last = LAST.find(([key]) => key === params.get("last"));
  if (last) return [`${column} > otlp_ago(INTERVAL ${last[1]})`];
  const bound = (name: string, comparison: string) => {
    const time = parseTimestamp(params.get(name) ?? "");
    return time === null ? [] : [`${column} ${comparison} TIMESTAMP_NS '${timestampText(time)}'`];
  };
  return [...bound("from", ">="), ...bound("to", "<")];
}

export interface Extent {
  from: bigint;
  to: bigint;
}

/** From when to when the range goes; of all there is, what the relation has. `null` while that is asked, or without any. */
export function useExtent(relation: string, column: string): Extent | null {
  const { params } = useRoute();
  const { tick } = useLive();
  const from = parseTimestamp(params.get("from") ?? "");
  const to = parseTimestamp(params.get("to") ?? "");
  const last = LAST.find(([key]) => key === params.get("last"));
  const known = last !== undefined || (from !== null && to !== null);
  const [found, setFound] = useState<Extent | null>(null);
  useEffect(() => {
    if (known) return undefined;
    const abort = new AbortController();
    // The ends that are not given. Errors of it are those of the panels, which show them.
    query(`SELECT min(${column}), max(${column}) FROM ${relation}`, { signal: abort.signal })
      .then(({ rows }) => {
        const [first, final] = (rows[0] ?? []).map((value) => parseTimestamp(String(value)));
        setFound(typeof first === "bigint" && typeof final === "bigint" ? { from: first, to: final + 1n } : null);
      })
      .catch(() => undefined);
    return () => abort.abort();
  }, [relation, column, known, tick]);
  if (last) {
    const now = BigInt(Date.now()) * 1_000_000n;
    return { from: now - BigInt(last[3]) * 60_000_000_000n, to: now };
  }
  if (from !== null && to !== null) return { from, to };
  return found && { from: from ?? found.from, to: to ?? found.to };
}

export function brush(from: bigint, to: bigint): void {
  change({ from: timestampText(from), to: timestampText(to), last: null });
}

export function RangePicker() {
  const { params } = useRoute();
  const from = params.get("from");
  const to = params.get("to");
  const brushed = from !== null || to !== null;
  return (
    <span class="range">
      <select
        aria-label="Time range"
        value={brushed ? "brushed" : (params.get("last") ?? "")}
        onChange={(event) => change({ last: event.currentTarget.value, from: null, to: null })}
      >
        <option value="">All time</option>
        {LAST.map(([key, , label]) => (
          <option key={key} value={key}>
            {label}
          </option>
        ))}
        {brushed && (
          <option value="brushed" disabled>
            {from ? shortTime(from) : "…"} – {to ? shortTime(to) : "…"}
          </option>
        )}
      </select>
      {brushed && (
        <button type="button" aria-label="All time" title="All time" onClick={() => change({ from: null, to: null })}>
          ✕
        </button>
      )}
    </span>
  );
}
