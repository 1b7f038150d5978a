// One endpoint answers every query of the page: a line of JSON per piece of the result.

export type Value = null | boolean | number | string;
export type Row = readonly Value[];

export interface Column {
  name: string;
  type: string;
}

export interface Result {
  columns: readonly Column[];
  rows: readonly Row[];
  /** There are more rows than were asked for. */
  limited: boolean;
  milliseconds: number;
  /** How many values were too long to be sent whole. */
  cutValues: number;
}

export class QueryError extends Error {
  constructor(
    message: string,
    /** Where in the SQL, in code units from 0, if DuckDB says so. */
    readonly position: number | null = null,
  ) {
    super(message);
  }
}

export interface Options {
  signal?: AbortSignal;
  limit?: number | undefined;
  onProgress?: (share: number) => void;
}

type Piece =
  | { columns: Column[] }
  | { rows: Value[][] }
  | { progress: number }
  | { end: { rows: number; limited: boolean; milliseconds: number; cut_values: number } }
  | { error: { message: string; position: number | null } };

/** Runs `sql`; aborting `signal` interrupts it in DuckDB too. */
export async function query(sql: string, options: Options = {}): Promise<Result> {
  const response = await fetch("query", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ sql, ...(options.limit === undefined ? {} : { limit: options.limit }) }),
    signal: options.signal ?? null,
  }).catch((error: unknown) => {
    if (options.signal?.aborted) throw error;
    throw new QueryError("DuckDB does not answer. Does its process still run? If so, CALL otlp_viewer() again.");
  });
  if (!response.ok || !response.body) throw new QueryError(await response.text());

  let columns: Column[] = [];
  const rows: Value[][] = [];
  for await (const line of lines(response.body)) {
    const piece = JSON.parse(line) as Piece;
    if ("columns" in piece) columns = piece.columns;
    else if ("rows" in piece) for (const row of piece.rows) rows.push(row);
    else if ("progress" in piece) options.onProgress?.(piece.progress);
    else if ("error" in piece) throw new QueryError(piece.error.message, piece.error.position);
    else {
      const { limited, milliseconds, cut_values } = piece.end;
      return { columns, rows, limited, milliseconds, cutValues: cut_values };
    }
  }
  throw new QueryError("The answer broke off.");
}

async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const pieces = (rest + value).split("\n");
      rest = pieces.pop() ?? "";
      for (const piece of pieces) if (piece) yield piece;
    }
    if (rest) yield rest;
  } finally {
    reader.releaseLock();
  }
}

/** Reads rows by the names of their columns. */
export class Reader {
  readonly #places: Map<string, number>;

  constructor(readonly result: Result) {
    this.#places = new Map(result.columns.map((column, place) => [column.name, place]));
  }

  has(name: string): boolean {
    return this.#places.has(name);
  }

  value(row: Row, name: string): Value {
    const place = this.#places.get(name);
    return place === undefined ? null : (row[place] ?? null);
  }

  text(row: Row, name: string): string {
    const value = this.value(row, name);
    return value === null ? "" : String(value);
  }

  /** NULL and what is no number are NaN. */
  number(row: Row, name: string): number {
    const value = this.value(row, name);
    return value === null || typeof value === "boolean" ? NaN : Number(value);
  }
}
