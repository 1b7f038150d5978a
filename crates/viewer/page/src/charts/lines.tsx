// Lines over time, by uPlot: series of values at the times that they have.
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { painted, seriesColor } from "../colors.ts";
import { useTheme } from "../theme.ts";
import { digits } from "../time.ts";
import { Line } from "../text.tsx";
import { tickText } from "./bars.tsx";

export interface Series {
  name: string;
  /** Seconds since 1970, and the value then; in order of time. */
  points: readonly (readonly [time: number, value: number])[];
  color?: string;
}

export interface Dot {
  time: number;
  value: number;
  href: string;
  title: string;
}

export interface LinesProps {
  series: readonly Series[];
  label: string;
  unit?: string;
  /** Measurements that stand for a point, and lead to their trace. */
  dots?: readonly Dot[];
  onBrush?: (from: bigint, to: bigint) => void;
  height?: number;
}

/** Times of all series in one list, as uPlot wants them. */
export function aligned(series: readonly Series[]): [number[], ...(number | null)[][]] {
  const times = [...new Set(series.flatMap(({ points }) => points.map(([time]) => time)))].filter((time) => !Number.isNaN(time)).sort((one, other) => one - other);
  const places = new Map(times.map((time, place) => [time, place]));
  const values = series.map(({ points }) => {
    const column = new Array<number | null>(times.length).fill(null);
    for (const [time, value] of points) {
      const place = places.get(time);
      if (place !== undefined && Number.isFinite(value)) column[place] = value;
    }
    return column;
  });
  return [times, ...values];
}

export function Lines({ series, label, unit = "", dots = [], onBrush, height = 220 }: LinesProps) {
  const frame = useRef<HTMLDivElement>(null);
  const { isDark } = useTheme();
  const data = useMemo(() => aligned(series), [series]);
  const [plot, setPlot] = useState<uPlot | null>(null);
  const [hover, setHover] = useState<number | null>(null);
  const [, redraw] = useState(0);
  const brush = useRef(onBrush);
  brush.current = onBrush;
  const names = series.map(({ name }) => name).join("\n");

  useLayoutEffect(() => {
    const host = frame.current;
    if (!host) return undefined;
    const axis = { stroke: painted("var(--muted)"), grid: { stroke: painted("var(--grid)"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
    const made = new uPlot(
      {
        width: host.clientWidth || 600,
        height,
        legend: { show: false },
        tzDate: (time) => uPlot.tzDate(new Date(time * 1e3), "Etc/UTC"),
        cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
        scales: { y: { range: (_plot, least, most) => [Math.min(0, least ?? 0), (most ?? 0) <= 0 && (least ?? 0) >= 0 ? 1 : Math.max(most * 1.08, 0)] } },
        axes: [
          { ...axis, size: 24, space: 62, values: (chart, ticks) => ticks.map((tick) => tickText(tick, (chart.scales["x"]?.max ?? 0) - (chart.scales["x"]?.min ?? 0))) },
          { ...axis, size: 62, values: (_plot, ticks) => ticks.map((tick) => digits(tick)) },
        ],
        series: [
          {},
          ...series.map(({ name, color }, place) => ({
            label: name,
            stroke: painted(color ?? seriesColor(place)),
            width: 1.6,
            // A single point is no line.
            points: { show: data[0].length < 40, size: 5 },
            spanGaps: true,
          })),
        ],
        hooks: {
          setCursor: [(chart) => setHover(chart.cursor.idx ?? null)],
          setSelect: [
            (chart) => {
              const { left, width } = chart.select;
              if (width < 5) return;
              const at = (position: number) => BigInt(Math.round(chart.posToVal(position, "x") * 1e3)) * 1_000_000n;
              brush.current?.(at(left), at(left + width));
              chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
          draw: [() => redraw((times) => times + 1)],
        },
      },
      data as uPlot.AlignedData,
      host,
    );
    setPlot(made);
    const observer = new ResizeObserver(([entry]) => entry && made.setSize({ width: entry.contentRect.width, height }));
    observer.observe(host);
    return () => {
      observer.disconnect();
      made.destroy();
      setPlot(null);
    };
  }, [names, isDark, height, data[0].length < 40]);
  useLayoutEffect(() => plot?.setData(data as uPlot.AlignedData), [plot, data]);

  const area = plot?.over;
  return (
    <figure class="lines" aria-label={label} role="img">
      <div class="plot" ref={frame}>
        {area &&
          dots.map(({ time, value, href, title }, place) => {
            const left = plot.valToPos(time, "x");
            const top = plot.valToPos(value, "y");
            if (!(left >= 0 && left <= area.clientWidth && top >= 0 && top <= area.clientHeight)) return null;
            return <a key={place} class="dot" href={href} title={title} aria-label={title} style={{ left: `${left + area.offsetLeft}px`, top: `${top + area.offsetTop}px` }} />;
          })}
      </div>
      <figcaption class="legend">
        {series.map(({ name, color }, place) => {
          const value = hover === null ? lastOf(data[place + 1] ?? []) : data[place + 1]?.[hover];
          return (
            <span key={`${name} ${place}`}>
              <i class="swatch" style={{ background: color ?? seriesColor(place) }} /> <Line text={name} />{" "}
              <b>
                {typeof value === "number" ? digits(value) : "–"} <Line text={unit} />
              </b>
            </span>
          );
        })}
      </figcaption>
    </figure>
  );
}

function lastOf(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
}
