// Queries in an address are run only if this page wrote them, or somebody said so here: a link may come from anybody,
// and what a query reads it can send elsewhere.
const KEY = "duckspan.queries";
const MOST = 200;

/** The queries in the parameters of an address: that of the page SQL, and those that panels were given. */
export function queriesIn(params: URLSearchParams): string[] {
  return [...params].filter(([name]) => name === "q" || name.startsWith("sql.")).map(([, sql]) => sql);
}

function known(): string[] {
  try {
    const texts: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(texts) ? texts.filter((text) => typeof text === "string") : [];
  } catch {
    return [];
  }
}

/** These queries are run from now on, in this tab, also when the page is loaded again. */
export function trust(queries: readonly string[]): void {
  if (queries.length === 0) return;
  const rest = known().filter((sql) => !queries.includes(sql));
  try {
    sessionStorage.setItem(KEY, JSON.stringify([...rest, ...queries].slice(-MOST)));
  } catch {
    // Without room, what is loaded again asks again.
  }
}

/** The queries of an address that nobody here has seen yet. */
export function foreign(params: URLSearchParams): string[] {
  const texts = known();
  return queriesIn(params).filter((sql) => !texts.includes(sql));
}
