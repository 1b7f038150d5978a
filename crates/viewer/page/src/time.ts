// Times are DuckDB's text in UTC, and nanoseconds as bigint where they are calculated with.

const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?/;

/** Nanoseconds since 1970 of DuckDB's text of a TIMESTAMP of any precision. */
export function parseTimestamp(text: string): bigint | null {
  const match = TIMESTAMP.exec(text);
  if (!match) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const fraction = BigInt((match[7] ?? "").padEnd(9, "0"));
  return BigInt(Date.UTC(year, month - 1, day, hour, minute, second)) * 1_000_000n + fraction;
}

/** Seconds since 1970, as charts have them; NaN where there is no time. */
export function seconds(text: string): number {
  const nanoseconds = parseTimestamp(text);
  return nanoseconds === null ? NaN : Number(nanoseconds / 1000n) / 1e6;
}

/** DuckDB's text of a moment. */
export function timestampText(nanoseconds: bigint): string {
  const milliseconds = nanoseconds / 1_000_000n - (nanoseconds % 1_000_000n < 0n ? 1n : 0n);
  const rest = nanoseconds - milliseconds * 1_000_000n;
  const text = new Date(Number(milliseconds)).toISOString().replace("T", " ").replace("Z", "");
  return (text + rest.toString().padStart(6, "0")).replace(/\.?0+$/, "");
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `24 Nov 10:03:56` */
export function shortTime(text: string): string {
  const match = TIMESTAMP.exec(text);
  return match ? `${Number(match[3])} ${MONTHS[Number(match[2]) - 1]} ${match[4]}:${match[5]}:${match[6]}` : text;
}

/** `10:03:56.123` */
export function clockTime(text: string): string {
  const match = TIMESTAMP.exec(text);
  return match ? `${match[4]}:${match[5]}:${match[6]}.${(match[7] ?? "").padEnd(3, "0").slice(0, 3)}` : text;
}

const UNITS: [nanoseconds: number, unit: string][] = [
  [3.6e12, "h"],
  [6e10, "min"],
  [1e9, "s"],
  [1e6, "ms"],
  [1e3, "µs"],
];

/** `65.3 ms` */
export function duration(nanoseconds: number): string {
  if (!Number.isFinite(nanoseconds)) return "–";
  const [size, unit] = UNITS.find(([size]) => Math.abs(nanoseconds) >= size) ?? [1, "ns"];
  return `${digits(nanoseconds / size)} ${nanoseconds === 0 ? "ms" : unit}`;
}

/** Three significant digits, without letters for powers of ten where people would not write them. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value > 0 ? "∞" : "−∞";
  if (value !== 0 && (Math.abs(value) >= 1e15 || Math.abs(value) < 1e-6)) return value.toPrecision(3);
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

/** `1,234` */
export function count(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString("en-US") : "–";
}

const STEPS: [milliseconds: number, interval: string][] = [
  [1, "1 MILLISECOND"],
  [2, "2 MILLISECONDS"],
  [5, "5 MILLISECONDS"],
  [10, "10 MILLISECONDS"],
  [20, "20 MILLISECONDS"],
  [50, "50 MILLISECONDS"],
  [100, "100 MILLISECONDS"],
  [200, "200 MILLISECONDS"],
  [500, "500 MILLISECONDS"],
  [1e3, "1 SECOND"],
  [2e3, "2 SECONDS"],
  [5e3, "5 SECONDS"],
  [1e4, "10 SECONDS"],
  [15e3, "15 SECONDS"],
  [3e4, "30 SECONDS"],
  [6e4, "1 MINUTE"],
  [12e4, "2 MINUTES"],
  [3e5, "5 MINUTES"],
  [6e5, "10 MINUTES"],
  [9e5, "15 MINUTES"],
  [18e5, "30 MINUTES"],
  [36e5, "1 HOUR"],
  [72e5, "2 HOURS"],
  [216e5, "6 HOURS"],
  [432e5, "12 HOURS"],
  [864e5, "1 DAY"],
  [6048e5, "7 DAYS"],
  [2592e6, "30 DAYS"],
];

export interface Step {
  seconds: number;
  /** As SQL: `INTERVAL 5 SECONDS`. */
  interval: string;
}

/** A round width for buckets of time, of which at most `most` lie between two moments. */
export function stepFor(from: bigint, to: bigint, most: number): Step {
  const wanted = Number((to - from) / 1_000_000n) / most;
  const [milliseconds, interval] = STEPS.find(([size]) => size >= wanted) ?? STEPS[STEPS.length - 1]!;
  return { seconds: milliseconds / 1e3, interval: `INTERVAL ${interval}` };
}
