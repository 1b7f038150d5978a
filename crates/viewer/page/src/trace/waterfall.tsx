// Spans as bars below each other, over the time of their trace.
import { useMemo, useState } from "preact/hooks";
import { serviceColor, severityColor } from "../colors.ts";
import { useKeys } from "../keys.ts";
import type { Reader } from "../query.ts";
import { change, go, link } from "../route.ts";
import { Rows } from "../rows.tsx";
import { Line, visible } from "../text.tsx";
import { count, digits, duration, parseTimestamp } from "../time.ts";
import { type Node, type Span, layout, unfolded } from "./layout.ts";

export interface Mark {
  /** Nanoseconds since 1970. */
  time: bigint;
  span: string;
  severity: string;
  text: string;
}

const ROW = 28;
const INDENT = 14;
/** Deeper spans are not further to the right, or nobody could read their names. */
const DEEPEST = 16;

export interface WaterfallProps {
  reader: Reader;
  chosen: string | null;
  marks: readonly Mark[];
  /** Milliseconds that the trace waited for a span itself, of each on the critical path. */
  path: ReadonlyMap<string, number>;
}

export function Waterfall({ reader, chosen, marks, path }: WaterfallProps) {
  const trace = useMemo(() => read(reader), [reader.result]);
  const nodes = useMemo(() => layout(trace.spans), [trace]);
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const places = useMemo(() => unfolded(nodes, folded), [nodes, folded]);
  const marksOf = useMemo(() => Map.groupBy(marks, ({ span }) => span), [marks]);
  const focus = chosen === null ? -1 : places.findIndex((place) => nodes[place]!.span.id === chosen);

  const fold = (node: Node | undefined, shut: boolean) => {
    if (!node || node.below === 0 || folded.has(node.span.id) === shut) return;
    const next = new Set(folded);
    if (shut) next.add(node.span.id);
    else next.delete(node.span.id);
    setFolded(next);
  };
  const choose = (at: number) => {
    const node = nodes[places[Math.min(Math.max(at, 0), places.length - 1)] ?? -1];
    if (node) change({ span: node.span.id }, chosen !== null);
  };
  const here = () => nodes[places[focus] ?? -1];
  useKeys({
    j: () => choose(focus + 1),
    k: () => choose(focus - 1),
    ArrowDown: () => choose(focus + 1),
    ArrowUp: () => choose(focus - 1),
    h: () => fold(here(), true),
    l: () => fold(here(), false),
    ArrowLeft: () => fold(here(), true),
    ArrowRight: () => fold(here(), false),
    Escape: () => (chosen === null ? go(link(["traces"])) : change({ span: null })),
  });

  const parents = nodes.filter(({ below }) => below > 0);
  return (
    <Rows
      class="waterfall"
      count={places.length}
      height={ROW}
      focus={focus}
      attributes={{ role: "tree", "aria-label": "Spans", tabIndex: 0 }}
      header={
        <div class="span-row head">
          <span class="label">
            {parents.length > 0 && (
              <>
                <button type="button" class="quiet" onClick={() => setFolded(new Set())}>
                  Unfold
                </button>
                <button type="button" class="quiet" onClick={() => setFolded(new Set(parents.map(({ span }) => span.id)))}>
                  Fold
                </button>
              </>
            )}
          </span>
          <span class="lane" aria-hidden="true">
            {[0, 0.25, 0.5, 0.75, 1].map((share) => (
              <span key={share} class={share === 1 ? "tick last" : "tick"} style={{ left: `${share * 100}%` }}>
                {duration(share * trace.length)}
              </span>
            ))}
          </span>
        </div>
      }
      row={(at) => {
        const node = nodes[places[at]!]!;
        return (
          <SpanRow
            key={`${node.span.id} ${places[at]}`}
            node={node}
            trace={trace}
            chosen={node.span.id === chosen}
            folded={folded.has(node.span.id)}
            own={path.get(node.span.id)}
            marks={marksOf.get(node.span.id) ?? []}
            onChoose={() => change({ span: node.span.id === chosen ? null : node.span.id }, chosen !== null)}
            onFold={() => fold(node, !folded.has(node.span.id))}
          />
        );
      }}
    />
  );
}

/** Where a bar leaves room for the words of its length. */
const LENGTH_PLACES = {
  after: (left: number, width: number) => ({ left: `calc(max(${left + width}%, ${left}% + 2px) + 6px)` }),
  before: (left: number) => ({ right: `calc(${100 - left}% + 6px)` }),
  inside: (left: number) => ({ left: `calc(${left}% + 5px)` }),
};

interface SpanRowProps {
  node: Node;
  trace: Trace;
  chosen: boolean;
  folded: boolean;
  own: number | undefined;
  marks: readonly Mark[];
  onChoose: () => void;
  onFold: () => void;
}

function SpanRow({ node, trace, chosen, folded, own, marks, onChoose, onFold }: SpanRowProps) {
  const { span, depth, below } = node;
  const left = (span.start / trace.length) * 100;
  const width = (span.duration / trace.length) * 100;
  const waited = own !== undefined;
  const color = serviceColor(span.service);
  const place = left + width <= 82 ? "after" : left >= 18 ? "before" : "inside";
  return (
    <div
      class={`span-row${chosen ? " chosen" : ""}${waited ? " critical" : ""}${span.failed ? " failed" : ""}`}
      role="treeitem"
      aria-level={depth + 1}
      aria-expanded={below > 0 ? !folded : undefined}
      aria-selected={chosen}
      aria-label={`${visible(span.service)}: ${visible(span.name)}, ${duration(span.duration)}${span.failed ? ", error" : ""}${waited ? ", on the critical path" : ""}`}
      onClick={onChoose}
    >
      <span class="label" style={{ paddingLeft: `${Math.min(depth, DEEPEST) * INDENT + 4}px` }}>
        {below > 0 ? (
          <button
            type="button"
            class="fold-toggle"
            tabIndex={-1}
            aria-label={folded ? "Unfold" : "Fold"}
            onClick={(event) => {
              event.stopPropagation();
              onFold();
            }}
          >
            {folded ? "▸" : "▾"}
          </button>
        ) : (
          <i class="fold-toggle" />
        )}
        <i class="swatch" style={{ background: color }} />
        {node.orphan && (
          <i class="orphan" title="Its parent is not among these spans">
            ⤷
          </i>
        )}
        {span.failed && (
          <i class="fault" title="Error">
            ▲
          </i>
        )}
        <b>
          <Line text={span.name || "(no name)"} />
        </b>
        <span class="of">
          <Line text={span.service} />
        </span>
        {folded && <span class="count">+{count(below)}</span>}
      </span>
      <span class="lane">
        <i class="bar" style={{ left: `${left}%`, width: `max(${width}%, 2px)`, background: color }} />
        {waited && <i class="waited" title={`The trace waited ${digits(own)} ms for this span itself`} style={{ left: `${left}%`, width: `max(${width}%, 2px)` }} />}
        {marks.map((mark, place) => (
          <i
            key={place}
            class="log-mark"
            title={`${mark.severity}: ${visible(mark.text.slice(0, 300))}`}
            style={{ left: `${Math.min(Math.max((Number(mark.time - trace.from) / trace.length) * 100, 0), 100)}%`, background: severityColor(mark.severity) }}
          />
        ))}
        <span class={`length ${place}`} style={LENGTH_PLACES[place](left, width)}>
          {duration(span.duration)}
        </span>
      </span>
    </div>
  );
}

export interface Trace {
  spans: Span[];
  /** When it began, in nanoseconds since 1970, and how long it took. */
  from: bigint;
  length: number;
}

export function read(reader: Reader): Trace {
  const { rows } = reader.result;
  const starts = rows.map((row) => parseTimestamp(reader.text(row, "start_time_unix_nano")));
  const known = starts.filter((start) => start !== null);
  const from = known.reduce((least, start) => (start < least ? start : least), known[0] ?? 0n);
  const spans = rows.map((row, place) => ({
    id: reader.text(row, "span_id"),
    parent: reader.text(row, "parent_span_id"),
    service: reader.text(row, "service_name"),
    name: reader.text(row, "name"),
    kind: reader.text(row, "kind"),
    failed: reader.text(row, "status_code") === "ERROR",
    start: Number((starts[place] ?? from) - from),
    duration: Math.max(reader.number(row, "duration_ns") || 0, 0),
  }));
  const length = spans.reduce((most, { start, duration }) => Math.max(most, start + duration), 1);
  return { spans, from, length };
}
