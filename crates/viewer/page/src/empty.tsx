// What to do where there is nothing to see.
import { useState } from "preact/hooks";
import { useSession, type Relation } from "./session.ts";
import { literal } from "./sql.ts";
import { useQuery } from "./use_query.ts";

const WORDS: Record<Relation, string> = { spans: "spans", log_records: "log records", data_points: "data points" };

/** Shown where a query of `relation` finds no rows: with conditions that leave none, or because nothing came yet. */
export function Empty({ relation, filtered }: { relation: Relation; filtered: boolean }) {
  const { live } = useSession();
  if (filtered) return <p>No {WORDS[relation]} match. Take back a condition, or choose a longer time.</p>;
  if (live === null) return <p>There are no {WORDS[relation]} in what is shown.</p>;
  return <Send relation={relation} live={live} />;
}

function Send({ relation, live }: { relation: Relation; live: string }) {
  const [language, setLanguage] = useState<keyof typeof COMMANDS>("Python");
  const { result } = useQuery(`SELECT path FROM duckdb_databases() WHERE database_name = ${literal(live)}`, { follow: false });
  const path = result?.rows[0]?.[0];
  const endpoint = typeof path === "string" ? path.replace(/^otlp:(\/\/)?/, "http://").replace(/\?.*$/, "") : "http://localhost:4317";
  return (
    <div class="send">
      <h3>No {WORDS[relation]} yet</h3>
      <p>
        Send some to <code>{endpoint}</code>, over gRPC or HTTP. They are shown as they arrive.
      </p>
      <p class="tabs" role="group" aria-label="Language">
        {Object.keys(COMMANDS).map((name) => (
          <button type="button" key={name} aria-pressed={name === language} onClick={() => setLanguage(name as keyof typeof COMMANDS)}>
            {name}
          </button>
        ))}
      </p>
      <pre>{COMMANDS[language](endpoint)}</pre>
    </div>
  );
}

const COMMANDS = {
  Python: (endpoint: string) => `pip install opentelemetry-distro opentelemetry-exporter-otlp
opentelemetry-bootstrap --action=install
OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint} OTEL_SERVICE_NAME=my-app opentelemetry-instrument python app.py`,
  "Node.js": (endpoint: string) => `npm install @opentelemetry/auto-instrumentations-node
OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint} OTEL_SERVICE_NAME=my-app OTEL_EXPORTER_OTLP_PROTOCOL=grpc \\
  node --require @opentelemetry/auto-instrumentations-node/register app.js`,
  Java: (endpoint: string) => `OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint} OTEL_SERVICE_NAME=my-app OTEL_EXPORTER_OTLP_PROTOCOL=grpc \\
  java -javaagent:opentelemetry-javaagent.jar -jar app.jar`,
  Collector: (endpoint: string) => `exporters:
  otlp:
    endpoint: ${endpoint.replace("http://", "")}
    tls:
      insecure: true`,
};

/** A page whose relation was not named. */
export function Missing({ relation }: { relation: Relation }) {
  return (
    <section class="panel">
      <div class="empty">
        <h3>No relation of {WORDS[relation]}</h3>
        <p>This viewer was started without one. Name a table or view that has them:</p>
        <pre>{`CALL otlp_viewer(${relation} := my_${relation});`}</pre>
      </div>
    </section>
  );
}
