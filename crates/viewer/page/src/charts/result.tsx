// A result as a chart, by the types of its columns: numbers over times as lines, over texts as bars.
import { useMemo } from "preact/hooks";
import type { Column, Result } from "../query.ts";
import { Line } from "../text.tsx";
import { digits, seconds } from "../time.ts";
import { Lines, type Series } from "./lines.tsx";

const NUMBERS = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL)/;
const MOST_SERIES = 20;
const MOST_BARS = 60;

interface Axes {
  time: number;
  texts: number[];
  numbers: number[];
}

function axes(columns: readonly Column[]): Axes {
  const places = (fits: (column: Column) => boolean) => columns.flatMap((column, place) => (fits(column) ? [place] : []));
  return {
    time: columns.findIndex(({ type }) => /^(TIMESTAMP|DATE)/.test(type)),
    texts: places(({ type }) => /^(VARCHAR|JSON|ENUM|BOOLEAN)/.test(type)),
    numbers: places(({ type }) => NUMBERS.test(type)),
  };
}

export function chartable(result: Result): boolean {
  const { time, texts, numbers } = axes(result.columns);
  return result.rows.length > 0 && numbers.length > 0 && (time >= 0 || texts.length > 0);
}

export function Chart({ result }: { result: Result }) {
  return axes(result.columns).time >= 0 ? <OverTime result={result} /> : <OverTexts result={result} />;
}

function OverTime({ result }: { result: Result }) {
  const series = useMemo(() => {
    const { time, texts, numbers } = axes(result.columns);
    const found = new Map<string, [number, number][]>();
    for (const row of result.rows) {
      const of = texts.map((place) => String(row[place] ?? "NULL")).join(", ");
      for (const place of numbers) {
        const name = [of, numbers.length > 1 || !of ? result.columns[place]!.name : ""].filter(Boolean).join(" · ");
        let points = found.get(name);
        if (!points) {
          if (found.size === MOST_SERIES) continue;
          found.set(name, (points = []));
        }
        const text = String(row[time]);
        points.push([seconds(text.length === 10 ? `${text} 00:00:00` : text), row[place] === null ? NaN : Number(row[place])]);
      }
    }
    return [...found].map(([name, points]): Series => ({ name, points }));
  }, [result]);
  return (
    <>
      {series.length === MOST_SERIES && <p class="note">The first {MOST_SERIES} series.</p>}
      <Lines series={series} label="The result over time" height={320} />
    </>
  );
}

function OverTexts({ result }: { result: Result }) {
  const { texts, numbers } = axes(result.columns);
  const number = numbers[0] ?? 0;
  const rows = result.rows.slice(0, MOST_BARS);
  const most = Math.max(...rows.map((row) => Math.abs(Number(row[number]))).filter(Number.isFinite), 1e-300);
  return (
    <div class="bar-list" role="img" aria-label={`${result.columns[number]?.name} by ${texts.map((place) => result.columns[place]?.name).join(", ")}`}>
      <p class="note">
        <Line text={result.columns[number]?.name ?? ""} />
        {result.rows.length > MOST_BARS && `, the first ${MOST_BARS}`}
      </p>
      {rows.map((row, place) => (
        <div key={place}>
          <Line text={texts.map((at) => String(row[at] ?? "NULL")).join(" · ")} />
          <span>
            <i style={{ width: `${(Math.abs(Number(row[number])) / most) * 100}%` }} />
            <b>{row[number] === null ? "NULL" : digits(Number(row[number]))}</b>
          </span>
        </div>
      ))}
    </div>
  );
}
