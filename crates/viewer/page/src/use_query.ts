// A query's answer as state: the last one stays while the next is on its way.
import { useEffect, useRef, useState } from "preact/hooks";
import { useLive } from "./live.ts";
import { type Result, QueryError, query } from "./query.ts";

export interface Answer {
  /** The text that `result` or `error` is of; another one may be running. */
  sql: string | null;
  result: Result | null;
  error: QueryError | null;
  running: boolean;
  progress: number | null;
}

const NOTHING: Answer = { sql: null, result: null, error: null, running: false, progress: null };

/** How long the server may rest between two answers that are only asked again, as a multiple of what one took. */
const REST = 4;

/** Runs `sql` whenever it changes, and again while the page follows what arrives. */
export function useQuery(sql: string | null, options: { limit?: number | undefined; follow?: boolean | undefined } = {}): Answer {
  const { on, tick } = useLive();
  const [answer, setAnswer] = useState(NOTHING);
  const running = useRef<{ sql: string; abort: AbortController } | null>(null);
  const notBefore = useRef(0);
  const again = options.follow !== false && on ? tick : 0;

  useEffect(() => {
    const busy = running.current;
    const isAnswered = sql === answer.sql;
    if (busy?.sql === sql && !isAnswered) return;
    if (again !== 0 && isAnswered && (busy?.sql === sql || performance.now() < notBefore.current)) return;
    busy?.abort.abort();
    running.current = null;
    if (sql === null) return setAnswer(NOTHING);
    // The page follows no longer: what is shown stays.
    if (again === 0 && isAnswered) return setAnswer((last) => ({ ...last, running: false, progress: null }));
    const mine = { sql, abort: new AbortController() };
    running.current = mine;
    const started = performance.now();
    const finish = (change: Partial<Answer>) => {
      if (running.current !== mine) return;
      running.current = null;
      const ended = performance.now();
      notBefore.current = ended + REST * (ended - started);
      setAnswer((last) => ({ ...last, sql, running: false, progress: null, ...change }));
    };
    setAnswer((last) => ({ ...last, running: true, progress: null }));
    query(sql, {
      signal: mine.abort.signal,
      limit: options.limit,
      onProgress: (progress) => running.current === mine && setAnswer((last) => ({ ...last, progress })),
    }).then(
      (result) => finish({ result, error: null }),
      (error: unknown) => finish({ error: error instanceof QueryError ? error : new QueryError(String(error)) }),
    );
  }, [sql, again]);

  useEffect(() => () => running.current?.abort.abort(), []);
  return answer;
}
