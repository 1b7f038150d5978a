// Colours that people with any kind of colour vision can tell apart (after Okabe and Ito, and Tol). Vermilion is
// kept for errors, which have a mark besides.

const SLOTS = 10;
const taken = new Map<string, number>();

/** The colour of a service, the same wherever it is shown: `var(--series-3)`. */
export function serviceColor(name: string): string {
  let slot = taken.get(name);
  if (slot === undefined) {
    slot = hash(name) % SLOTS;
    // Two services share a colour only where there are more services than colours.
    if (taken.size < SLOTS) {
      const used = new Set(taken.values());
      while (used.has(slot)) slot = (slot + 1) % SLOTS;
    }
    taken.set(name, slot);
  }
  return seriesColor(slot);
}

export function seriesColor(place: number): string {
  return `var(--series-${place % SLOTS})`;
}

function hash(text: string): number {
  let value = 2166136261;
  for (let place = 0; place < text.length; place += 1) value = Math.imul(value ^ text.charCodeAt(place), 16777619);
  return value >>> 0;
}

/** What a colour of the style sheet is now, for those who paint. */
export function painted(color: string): string {
  const probe = document.createElement("i");
  probe.style.color = color;
  probe.hidden = true;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/** Levels by the words of OTLP: the first letters tell. */
export function severityColor(severity: string): string {
  const level = /^(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)/.exec(severity)?.[1];
  return `var(--severity-${(level ?? "none").toLowerCase()})`;
}
