// Stands in the place of a page whose address brings queries, until somebody says that they are to be run.
import { useState } from "preact/hooks";
import { change, useRoute } from "./route.ts";
import { Whole } from "./text.tsx";
import { foreign, trust } from "./trust.ts";
import type { ComponentChildren } from "preact";

export function Foreign({ children }: { children: ComponentChildren }) {
  const { params } = useRoute();
  const [, ask] = useState(0);
  const queries = foreign(params);
  if (queries.length === 0) return <>{children}</>;
  const names = [...params.keys()].filter((name) => name === "q" || name.startsWith("sql."));
  const run = () => {
    trust(queries);
    ask((times) => times + 1);
  };
  return (
    <main>
      <section class="panel" aria-label="Queries of this address">
        <div class="query">
          <p>This address brings its own {queries.length === 1 ? "query" : "queries"}. Run only what you know: a query reads what this process can read.</p>
          {queries.map((sql) => (
            <pre key={sql}>
              <Whole text={sql} />
            </pre>
          ))}
          <div class="actions">
            <button type="button" class="primary" onClick={run}>
              Run
            </button>
            <button type="button" class="quiet" onClick={() => change(Object.fromEntries(names.map((name) => [name, null])), true)}>
              Leave out
            </button>
          </div>
        </div>
      </section>
    </main>
  );
}
