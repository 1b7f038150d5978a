// Services as boxes, calls as lines between them: the thicker, the more; in the colour of errors where some failed.
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { serviceColor } from "../colors.ts";
import type { Reader } from "../query.ts";
import { visible } from "../text.tsx";
import { count, digits, duration } from "../time.ts";
import { layers } from "./graph.ts";

interface Call {
  from: string;
  to: string;
  type: string;
  calls: number;
  errors: number;
  p95: number;
}

const BOX = { width: 168, height: 58 };
const GAP = { along: 110, across: 22 };
/** Where there is less room, layers stand below each other. */
const NARROW = 640;
const NAME_LENGTH = 20;
/** That of a name beside a share of errors. */
const SHORT_NAME_LENGTH = 11;
const SIGNS: Record<string, string> = { database: "⛁ ", queue: "≡ ", peer: "↗ " };

export interface ServiceMapProps {
  reader: Reader;
  /** How long the time is in which the calls were made. */
  seconds: number;
  chosen: string | null;
  onChoose: (name: string) => void;
}

export function ServiceMap({ reader, seconds, chosen, onChoose }: ServiceMapProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width));
    if (frame.current) observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);
  const { calls, names, rows } = useMemo(() => read(reader), [reader.result]);
  const down = width < NARROW;
  const box = { width: down ? Math.min(BOX.width, Math.max(width - 24, 0) / 2) : BOX.width, height: BOX.height };
  const widest = Math.max(...rows.map((row) => row.length), 1);
  const across = (down ? box.width : box.height) + GAP.across;
  const along = down ? box.height + 46 : box.width + GAP.along;
  const size = down ? { width: Math.max(width, widest * across), height: rows.length * along - 30 } : { width: Math.max(rows.length * along - GAP.along + 4, 1), height: widest * across };
  const places = new Map<string, { x: number; y: number }>();
  rows.forEach((row, layer) =>
    row.forEach((name, place) => {
      const offset = ((down ? size.width : size.height) - row.length * across) / 2 + place * across + GAP.across / 2;
      places.set(name, down ? { x: offset, y: layer * along + 2 } : { x: layer * along + 2, y: offset });
    }),
  );
  const most = Math.max(...calls.map(({ calls: made }) => made), 1);
  const lines = calls.flatMap((call) => {
    const from = places.get(call.from);
    const to = places.get(call.to);
    if (!from || !to) return [];
    const start = down ? { x: from.x + box.width / 2, y: from.y + box.height } : { x: from.x + box.width, y: from.y + box.height / 2 };
    const end = down ? { x: to.x + box.width / 2, y: to.y } : { x: to.x, y: to.y + box.height / 2 };
    return [{ call, start, end, middle: { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 } }];
  });
  return (
    <div class="map" ref={frame}>
      <svg width={size.width} height={size.height} role="group" aria-label="Services and calls">
        <defs>
          <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse" markerUnits="userSpaceOnUse">
            <path d="M0,0 L8,4 L0,8 z" />
          </marker>
        </defs>
        {lines.map(({ call, start, end, middle }, at) => (
          <path
            key={at}
            class={call.errors > 0 ? "call failing" : "call"}
            d={`M${start.x},${start.y} ${down ? `C${start.x},${middle.y} ${end.x},${middle.y}` : `C${middle.x},${start.y} ${middle.x},${end.y}`} ${end.x},${end.y}`}
            style={{ strokeWidth: `${1 + 3 * Math.sqrt(call.calls / most)}px` }}
            markerEnd="url(#tip)"
          >
            <title>{`${visible(call.from)} calls ${visible(call.to)}: ${count(call.calls)} calls, ${count(call.errors)} errors, p95 ${duration(call.p95 * 1e6)}`}</title>
          </path>
        ))}
        {!down &&
          lines.map(({ call, middle }, at) => (
            <text key={at} x={middle.x} y={middle.y + 4} class="tick rate">
              {digits(call.calls / seconds)}/s
            </text>
          ))}
        {names.map((name) => {
          const { x, y } = places.get(name)!;
          const incoming = calls.filter(({ to }) => to === name);
          const made = incoming.reduce((sum, call) => sum + call.calls, 0);
          const failed = incoming.reduce((sum, call) => sum + call.errors, 0);
          const type = incoming[0]?.type ?? "service";
          const room = failed > 0 ? SHORT_NAME_LENGTH : NAME_LENGTH;
          const short = [...visible(name)].length > room ? `${[...visible(name)].slice(0, room - 1).join("")}…` : visible(name);
          return (
            <g
              key={name}
              class={`box ${type}${name === chosen ? " chosen" : ""}`}
              role="button"
              tabIndex={0}
              aria-pressed={name === chosen}
              aria-label={`${visible(name)}${made ? `: ${count(made)} calls, ${count(failed)} errors` : ""}`}
              onClick={() => onChoose(name)}
              onKeyDown={(event) => {
                if (event.key !== "Enter" && event.key !== " ") return;
                event.preventDefault();
                onChoose(name);
              }}
            >
              <rect x={x} y={y} width={box.width} height={box.height} rx="8" />
              <rect x={x} y={y + 10} width="4" height={box.height - 20} rx="2" style={{ fill: type === "service" ? serviceColor(name) : "var(--muted)" }} class="edge" />
              <text x={x + 14} y={y + 23} class="name">
                {SIGNS[type] ?? ""}
                {short}
                <title>{visible(name)}</title>
              </text>
              {failed > 0 && (
                <text x={x + box.width - 10} y={y + 23} class="numbers fault end">
                  ▲ {digits((failed / made) * 100)} %
                </text>
              )}
              <text x={x + 14} y={y + 43} class="numbers">
                {made === 0 ? (
                  "no callers"
                ) : (
                  <>
                    {digits(made / seconds)}/s · {duration(Math.max(...incoming.map(({ p95 }) => p95)) * 1e6)}
                  </>
                )}
              </text>
            </g>
          );
        })}
      </svg>
      <p class="hint">Calls per second and their 95th percentile; ▲ is the share of errors. Choose a service to see it over time.</p>
    </div>
  );
}

function read(reader: Reader): { calls: Call[]; names: string[]; rows: string[][] } {
  const calls: Call[] = [];
  const names = new Set<string>();
  for (const row of reader.result.rows) {
    const from = reader.text(row, "caller");
    const to = reader.text(row, "callee");
    names.add(from);
    if (!to) continue;
    names.add(to);
    calls.push({ from, to, type: reader.text(row, "type"), calls: reader.number(row, "calls"), errors: reader.number(row, "errors"), p95: reader.number(row, "p95_ms") });
  }
  const list = [...names].sort();
  return { calls, names: list, rows: layers(list, calls) };
}
