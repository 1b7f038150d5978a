// Where the services of a map stand: callers before those that they call.

export interface Edge {
  from: string;
  to: string;
}

/** Names in layers; each edge leads to a later layer, but for those that close a circle. */
export function layers(names: readonly string[], edges: readonly Edge[]): string[][] {
  const rank = new Map(names.map((name) => [name, 0]));
  const onward = edges.filter((edge) => !closesCircle(edge, edges));
  // Longest paths; as many rounds as there can be steps in one.
  for (let round = 0; round < names.length; round += 1) {
    let moved = false;
    for (const { from, to } of onward) {
      const wanted = (rank.get(from) ?? 0) + 1;
      if ((rank.get(to) ?? 0) < wanted) {
        rank.set(to, wanted);
        moved = true;
      }
    }
    if (!moved) break;
  }
  const found: string[][] = [];
  for (const name of names) (found[rank.get(name) ?? 0] ??= []).push(name);
  const rows = found.filter((row) => row !== undefined);
  for (let layer = 1; layer < rows.length; layer += 1) rows[layer] = besideCallers(rows[layer]!, rows[layer - 1]!, edges);
  return rows;
}

/** Whether `edge` leads back: of a circle, the edges into the name that comes first by its letters. */
function closesCircle(edge: Edge, edges: readonly Edge[]): boolean {
  if (edge.from === edge.to) return true;
  const reached = new Set([edge.to]);
  const todo = [edge.to];
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    for (const { from, to } of edges) {
      if (from !== name || reached.has(to)) continue;
      reached.add(to);
      todo.push(to);
    }
  }
  return reached.has(edge.from) && edge.to < edge.from;
}

function besideCallers(row: readonly string[], before: readonly string[], edges: readonly Edge[]): string[] {
  const middle = (name: string) => {
    const places = edges.filter(({ to }) => to === name).flatMap(({ from }) => (before.includes(from) ? [before.indexOf(from)] : []));
    return places.length === 0 ? Infinity : places.reduce((sum, place) => sum + place, 0) / places.length;
  };
  return row.toSorted((one, other) => middle(one) - middle(other) || (one < other ? -1 : 1));
}
