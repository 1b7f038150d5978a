// Stacked bars over time. A stretch of time is chosen by dragging over it.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { count, shortTime, timestampText } from "../time.ts";

export interface Bar {
  /** Seconds since 1970. */
  time: number;
  values: readonly number[];
}

export interface BarsProps {
  bars: readonly Bar[];
  series: readonly { name: string; color: string }[];
  /** The width of a bar in seconds. */
  step: number;
  /** The stretch of time that is shown, in seconds; that of the bars if there is none. */
  from?: number | undefined;
  to?: number | undefined;
  label: string;
  onBrush?: (from: bigint, to: bigint) => void;
}

const HEIGHT = 84;
const AXIS = 16;

export function Bars({ bars, series, step, label, onBrush, ...range }: BarsProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const [hover, setHover] = useState<number | null>(null);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width));
    if (frame.current) observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);

  const from = Math.floor(Math.min(range.from ?? Infinity, bars[0]?.time ?? Infinity) / step) * step;
  const to = Math.max(range.to ?? -Infinity, (bars[bars.length - 1]?.time ?? -Infinity) + step, from + step);
  const most = Math.max(1, ...bars.map(({ values }) => values.reduce((sum, value) => sum + value, 0)));
  const x = (time: number) => ((time - from) / (to - from)) * width;
  const timeAt = (position: number) => from + (Math.min(Math.max(position, 0), width) / Math.max(width, 1)) * (to - from);
  const place = (event: PointerEvent) => event.clientX - (frame.current?.getBoundingClientRect().left ?? 0);
  const hovered = hover === null ? undefined : bars.find(({ time }) => hover >= time && hover < time + step);

  const end = () => {
    if (drag && Math.abs(x(drag.to) - x(drag.from)) > 4) {
      const nanoseconds = (time: number) => BigInt(Math.round(time * 1e3)) * 1_000_000n;
      onBrush?.(nanoseconds(Math.min(drag.from, drag.to)), nanoseconds(Math.max(drag.from, drag.to)));
    }
    setDrag(null);
  };
  return (
    <div class="bars">
      <div
        class={onBrush ? "plot brushable" : "plot"}
        ref={frame}
        style={{ height: `${HEIGHT + AXIS}px` }}
        onPointerDown={(event) => {
          if (!onBrush || event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag({ from: timeAt(place(event)), to: timeAt(place(event)) });
        }}
        onPointerMove={(event) => {
          setHover(timeAt(place(event)));
          if (drag) setDrag({ ...drag, to: timeAt(place(event)) });
        }}
        onPointerUp={end}
        onPointerCancel={() => setDrag(null)}
        onPointerLeave={() => setHover(null)}
      >
        <svg role="img" aria-label={label} width={width} height={HEIGHT + AXIS}>
          {bars.map(({ time, values }) => {
            let below = 0;
            return values.map((value, at) => {
              if (!value) return null;
              const height = Math.max((value / most) * (HEIGHT - 6), 1.5);
              below += height;
              const left = x(time);
              return (
                <rect
                  key={`${time} ${at}`}
                  x={left}
                  y={HEIGHT - below}
                  width={Math.max(x(time + step) - left - (width > 500 ? 1 : 0.5), 1)}
                  height={height}
                  style={{ fill: series[at]?.color }}
                />
              );
            });
          })}
          <line x1={0} x2={width} y1={HEIGHT + 0.5} y2={HEIGHT + 0.5} class="axis" />
          {ticks(from, to, width)
            // Words that would be cut at the edge.
            .filter((time) => x(time) > 28 && x(time) < width - 28)
            .map((time) => (
            <text key={time} x={x(time)} y={HEIGHT + 13} class="tick">
              {tickText(time, to - from)}
            </text>
          ))}
          {drag && <rect class="brush" x={Math.min(x(drag.from), x(drag.to))} width={Math.abs(x(drag.to) - x(drag.from))} y={0} height={HEIGHT} />}
        </svg>
      </div>
      <div class="legend">
        {series.map(({ name, color }, at) => (
          <span key={name}>
            <i class="swatch" style={{ background: color }} /> {name}
            {hovered && <b> {count(hovered.values[at] ?? 0)}</b>}
          </span>
        ))}
        <span class="hint">{hovered ? shortTime(timestampText(BigInt(Math.round(hovered.time * 1e3)) * 1_000_000n)) : onBrush ? "drag to choose a time" : ""}</span>
      </div>
    </div>
  );
}

const TICKS = [0.001, 0.01, 0.1, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000];

/** Round moments, with room for their text between them. */
export function ticks(from: number, to: number, width: number): number[] {
  const wanted = (to - from) / Math.max(width / 90, 1);
  const step = TICKS.find((size) => size >= wanted) ?? TICKS[TICKS.length - 1]!;
  const found: number[] = [];
  for (let time = Math.ceil(from / step) * step; time <= to && found.length < 50; time += step) found.push(time);
  return found;
}

export function tickText(time: number, range: number): string {
  const text = timestampText(BigInt(Math.round(time * 1e3)) * 1_000_000n);
  const [day = "", clock = "00:00:00"] = text.split(" ");
  if (range > 86400 * 2) return day.slice(5);
  const parts = clock.split(":");
  if (range > 600) return parts.slice(0, 2).join(":");
  return range < 5 ? clock : clock.slice(0, 8);
}
