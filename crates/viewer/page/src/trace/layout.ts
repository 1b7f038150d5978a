// A trace as rows: each span below its parent, the earlier first.

export interface Span {
  id: string;
  parent: string;
  service: string;
  name: string;
  kind: string;
  failed: boolean;
  /** Nanoseconds since the trace began. */
  start: number;
  duration: number;
}

export interface Node {
  span: Span;
  depth: number;
  /** How many nodes follow that are below this one. */
  below: number;
  /** Its parent was not found, though it names one. */
  orphan: boolean;
}

/**
 * Nodes in the order in which they are shown. Every span has one, whatever ids it claims: those that are their own
 * ancestors are roots, and of spans with equal ids the first has the children.
 */
export function layout(spans: readonly Span[]): Node[] {
  const first = new Map<string, Span>();
  for (const span of spans) if (span.id && !first.has(span.id)) first.set(span.id, span);
  const children = new Map<Span, Span[]>();
  const roots: Span[] = [];
  for (const span of [...spans].sort((one, other) => one.start - other.start || other.duration - one.duration)) {
    const parent = span.parent ? first.get(span.parent) : undefined;
    if (!parent || parent === span) roots.push(span);
    else {
      const list = children.get(parent);
      if (list) list.push(span);
      else children.set(parent, [span]);
    }
  }

  const nodes: Node[] = [];
  const seen = new Set<Span>();
  const walk = (root: Span, orphan: boolean) => {
    // No recursion: a trace may be as deep as it is long.
    const stack: { span: Span; depth: number; orphan: boolean }[] = [{ span: root, depth: 0, orphan }];
    for (let top = stack.pop(); top; top = stack.pop()) {
      if (seen.has(top.span)) continue;
      seen.add(top.span);
      nodes.push({ ...top, below: 0 });
      for (const child of (children.get(top.span) ?? []).toReversed()) stack.push({ span: child, depth: top.depth + 1, orphan: false });
    }
  };
  for (const root of roots) walk(root, root.parent !== "");
  for (const span of spans) if (!seen.has(span)) walk(span, true);

  const open: number[] = [];
  for (let place = 0; place <= nodes.length; place += 1) {
    const depth = nodes[place]?.depth ?? 0;
    while (open.length > depth) {
      const above = open.pop()!;
      nodes[above]!.below = place - above - 1;
    }
    open.push(place);
  }
  return nodes;
}

/** The places of nodes that are not below a folded one. */
export function unfolded(nodes: readonly Node[], folded: ReadonlySet<string>): number[] {
  const places: number[] = [];
  for (let place = 0; place < nodes.length; place += 1) {
    const { span, below } = nodes[place]!;
    places.push(place);
    if (below > 0 && folded.has(span.id)) place += below;
  }
  return places;
}
