// Where measurements lie over time: the stronger the colour, the more. Buckets are as a histogram has them, of any width.
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { painted } from "../colors.ts";
import { useTheme } from "../theme.ts";
import { count, digits } from "../time.ts";
import { tickText, ticks } from "./bars.tsx";
import type { Dot } from "./lines.tsx";

export interface Cell {
  /** Seconds since 1970. */
  time: number;
  /** Infinite where a bucket has no end. */
  low: number;
  high: number;
  count: number;
}

export interface HeatMapProps {
  cells: readonly Cell[];
  step: number;
  unit: string;
  dots: readonly Dot[];
  label: string;
  onBrush?: (from: bigint, to: bigint) => void;
}

const HEIGHT = 220;
const LEFT = 66;
const BOTTOM = 18;

/** Values to shares of the height: by logarithm where all are positive and far apart, linear elsewhere. */
export interface Scale {
  least: number;
  most: number;
  logarithmic: boolean;
  share: (value: number) => number;
}

export function scaleOf(cells: readonly Cell[]): Scale {
  const finite = [...new Set(cells.flatMap(({ low, high }) => [low, high]).filter(Number.isFinite))].sort((one, other) => one - other);
  const positive = finite.filter((value) => value > 0);
  const highest = finite[finite.length - 1] ?? 1;
  const logarithmic = positive.length > 3 && (finite[0] ?? 0) >= 0 && highest / positive[0]! > 8;
  // Buckets without an end are drawn as wide as their neighbours.
  const open = cells.some(({ high }) => high === Infinity);
  if (logarithmic) {
    const least = positive[0]! / (cells.some(({ low }) => low <= 0) ? 2 : 1);
    const most = open ? highest * 2 : highest;
    return { least, most, logarithmic, share: (value) => clamp(Math.log(Math.max(value, least) / least) / Math.log(most / least)) };
  }
  const width = (highest - (finite[0] ?? 0)) / Math.max(finite.length - 1, 1) || 1;
  // Of positive bounds, the first bucket begins at 0 for all that is known.
  const first = finite[0] ?? 0;
  const least = cells.some(({ low }) => low === -Infinity) ? (first >= 0 ? 0 : first - width) : first;
  const most = highest + (open ? width : 0);
  return { least, most, logarithmic, share: (value) => clamp((value - least) / (most - least || 1)) };
}

function clamp(share: number): number {
  return Math.min(Math.max(share, 0), 1);
}

export function HeatMap({ cells, step, unit, dots, label, onBrush }: HeatMapProps) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { isDark } = useTheme();
  const [width, setWidth] = useState(0);
  const [hover, setHover] = useState<{ x: number; y: number } | null>(null);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const scale = useMemo(() => scaleOf(cells), [cells]);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width));
    if (frame.current) observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);

  const from = Math.min(...cells.map(({ time }) => time));
  const to = Math.max(...cells.map(({ time }) => time)) + step;
  const room = Math.max(width - LEFT, 1);
  const tall = HEIGHT - BOTTOM;
  const x = (time: number) => LEFT + ((time - from) / (to - from)) * room;
  const y = (value: number) => tall - scale.share(value) * tall;
  const timeAt = (position: number) => from + clamp((position - LEFT) / room) * (to - from);
  const most = Math.max(...cells.map(({ count: measured }) => measured), 1);

  useLayoutEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context || width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    element.width = width * ratio;
    element.height = tall * ratio;
    context.scale(ratio, ratio);
    context.fillStyle = painted("var(--heat)");
    for (const cell of cells) {
      const left = x(cell.time);
      const top = y(cell.high);
      // A root, so that what is rare is seen beside what is frequent.
      context.globalAlpha = 0.12 + 0.88 * Math.sqrt(cell.count / most);
      context.fillRect(left, top, Math.max(x(cell.time + step) - left - 1, 1), Math.max(y(cell.low) - top - 0.5, 1));
    }
  }, [cells, width, isDark, scale]);

  const place = (event: PointerEvent) => {
    const box = frame.current?.getBoundingClientRect();
    return { x: event.clientX - (box?.left ?? 0), y: event.clientY - (box?.top ?? 0) };
  };
  const hovered = hover && cells.find((cell) => hover.x >= x(cell.time) && hover.x < x(cell.time + step) && hover.y >= y(cell.high) && hover.y < y(cell.low));
  const end = () => {
    if (drag && Math.abs(x(drag.to) - x(drag.from)) > 4) {
      const nanoseconds = (time: number) => BigInt(Math.round(time * 1e3)) * 1_000_000n;
      onBrush?.(nanoseconds(Math.min(drag.from, drag.to)), nanoseconds(Math.max(drag.from, drag.to)));
    }
    setDrag(null);
  };
  return (
    <figure class="lines" role="img" aria-label={label}>
      <div
        class="plot brushable heat"
        ref={frame}
        style={{ height: `${HEIGHT}px` }}
        onPointerDown={(event) => {
          if (event.button !== 0 || event.target instanceof HTMLAnchorElement) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          const time = timeAt(place(event).x);
          setDrag({ from: time, to: time });
        }}
        onPointerMove={(event) => {
          setHover(place(event));
          if (drag) setDrag({ ...drag, to: timeAt(place(event).x) });
        }}
        onPointerUp={end}
        onPointerCancel={() => setDrag(null)}
        onPointerLeave={() => setHover(null)}
      >
        <canvas ref={canvas} style={{ width: `${width}px`, height: `${tall}px` }} />
        <svg width={width} height={HEIGHT} aria-hidden="true">
          {valueTicks(scale).map((value) => (
            <text key={value} x={LEFT - 8} y={Math.min(Math.max(y(value) + 4, 9), tall)} class="tick end">
              {digits(value)}
            </text>
          ))}
          {ticks(from, to, room)
            .filter((time) => x(time) > LEFT + 20 && x(time) < width - 28)
            .map((time) => (
              <text key={time} x={x(time)} y={HEIGHT - 4} class="tick">
                {tickText(time, to - from)}
              </text>
            ))}
          {drag && <rect class="brush" x={Math.min(x(drag.from), x(drag.to))} width={Math.abs(x(drag.to) - x(drag.from))} y={0} height={tall} />}
        </svg>
        {dots.map(({ time, value, href, title }, at) =>
          time >= from && time <= to ? <a key={at} class="dot" href={href} title={title} aria-label={title} style={{ left: `${x(time)}px`, top: `${y(value)}px` }} /> : null,
        )}
      </div>
      <figcaption class="legend">
        {hovered ? (
          <span>
            <b>{count(hovered.count)}</b> {hovered.low === -Infinity ? `up to ${digits(hovered.high)}` : hovered.high === Infinity ? `above ${digits(hovered.low)}` : `${digits(hovered.low)} to ${digits(hovered.high)}`} {unit}
          </span>
        ) : (
          <span class="hint">the stronger, the more: up to {count(most)}{dots.length > 0 ? "; ◇ leads to a trace" : ""}</span>
        )}
      </figcaption>
    </figure>
  );
}

function valueTicks({ least, most, logarithmic }: Scale): number[] {
  if (logarithmic) {
    const found: number[] = [];
    for (let power = Math.ceil(Math.log10(least)); power <= Math.log10(most); power += 1) found.push(10 ** power);
    return found.length >= 2 ? found : [least, Math.sqrt(least * most), most];
  }
  const rough = (most - least) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  const found: number[] = [];
  for (let place = Math.ceil(least / step); place * step <= most && found.length < 20; place += 1) found.push(place * step);
  return found;
}
