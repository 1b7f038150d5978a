// Starts the page.
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Boundary } from "./boundary.tsx";
import { Foreign } from "./foreign.tsx";
import { HELP, useKeys } from "./keys.ts";
import { live, useLive } from "./live.ts";
import "./page.css";
import { Logs } from "./pages/logs.tsx";
import { Metric } from "./pages/metric.tsx";
import { Metrics } from "./pages/metrics.tsx";
import { Services } from "./pages/services.tsx";
import { Sql } from "./pages/sql.tsx";
import { Trace } from "./pages/trace.tsx";
import { Traces } from "./pages/traces.tsx";
import { RangePicker } from "./range.tsx";
import { go, link, useRoute } from "./route.ts";
import { SessionContext, type Session, fetchSession } from "./session.ts";
import { applyTheme, nextTheme, useTheme } from "./theme.ts";

const PAGES: [path: string, name: string][] = [
  ["traces", "Traces"],
  ["logs", "Logs"],
  ["metrics", "Metrics"],
  ["services", "Services"],
  ["sql", "SQL"],
];

const THEME_WORDS = { auto: "as the system", light: "light", dark: "dark" };
const THEME_SIGNS = { auto: "◐", light: "☀", dark: "☾" };

function App({ session }: { session: Session }) {
  const { path } = useRoute();
  const { theme } = useTheme();
  const { on } = useLive();
  const [help, setHelp] = useState(false);
  const page = path[0] ?? "traces";
  useEffect(() => {
    document.title = `${path[1] ?? PAGES.find(([name]) => name === page)?.[1] ?? page} · DuckSpan`;
  }, [path.join("/")]);
  useKeys({
    ...Object.fromEntries(PAGES.map(([name], place) => [String(place + 1), () => go(link([name]))])),
    "/": () => document.querySelector<HTMLElement>("[data-search]")?.focus(),
    "?": () => setHelp(!help),
    ...(help ? { Escape: () => setHelp(false) } : {}),
    s: () => live.set(!live.on),
    t: nextTheme,
  });
  return (
    <SessionContext.Provider value={session}>
      <header class="top">
        <a class="name" href="#/traces">
          <img src="icon.svg" alt="" width="20" height="20" />
          DuckSpan
        </a>
        <nav aria-label="Pages">
          {PAGES.map(([name, words]) => (
            <a key={name} href={link([name])} aria-current={page === name || (page === "trace" && name === "traces") ? "page" : undefined}>
              {words}
            </a>
          ))}
        </nav>
        <span class="tools">
          {page !== "sql" && page !== "trace" && <RangePicker />}
          <button type="button" class="live" aria-pressed={on} title="Follow what arrives (s)" onClick={() => live.set(!on)}>
            <i /> Live
          </button>
          <button type="button" class="quiet" aria-label={`Colours: ${THEME_WORDS[theme]}`} title={`Colours: ${THEME_WORDS[theme]} (t)`} onClick={nextTheme}>
            {THEME_SIGNS[theme]}
          </button>
          <button type="button" class="quiet help-button" aria-label="Keys" title="Keys (?)" aria-expanded={help} onClick={() => setHelp(!help)}>
            ?
          </button>
        </span>
      </header>
      {help && <Help onClose={() => setHelp(false)} session={session} />}
      <Boundary of={path.join("/")}>
        <Foreign>
          <Page path={path} />
        </Foreign>
      </Boundary>
    </SessionContext.Provider>
  );
}

function Page({ path }: { path: readonly string[] }) {
  const [page = "traces", id] = path;
  if (page === "trace" && id) return <Trace key={id} id={id} />;
  if (page === "logs") return <Logs />;
  if (page === "metrics") return id ? <Metric key={id} name={id} /> : <Metrics />;
  if (page === "services") return <Services />;
  if (page === "sql") return <Sql />;
  return <Traces />;
}

function Help({ onClose, session }: { onClose: () => void; session: Session }) {
  return (
    <div class="help" role="dialog" aria-label="Keys">
      <header>
        <h2>Keys</h2>
        <button type="button" class="quiet" aria-label="Close" onClick={onClose}>
          ✕
        </button>
      </header>
      <dl>
        {HELP.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p class="hint">
        Times are UTC. DuckSpan {session.version}, DuckDB {session.duckdb}.
      </p>
    </div>
  );
}

function Lost({ message }: { message: string }) {
  return (
    <main>
      <section class="panel">
        <div class="failure" role="alert">
          <pre>{message}</pre>
        </div>
      </section>
    </main>
  );
}

applyTheme();
const root = document.getElementById("page")!;
fetchSession().then(
  (session) => {
    // What arrives is followed where it does; files stay as they are.
    live.set(session.live !== null);
    render(<App session={session} />, root);
  },
  (error: unknown) => render(<Lost message={error instanceof Error ? error.message : String(error)} />, root),
);
