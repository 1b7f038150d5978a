// A result as it is.
import { useState } from "preact/hooks";
import type { Column, Result, Value } from "./query.ts";
import { link } from "./route.ts";
import { Rows } from "./rows.tsx";
import { Line, Whole } from "./text.tsx";

const HEIGHT = 26;
const NUMBERS = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL)/;

export function Table({ result }: { result: Result }) {
  const [chosen, setChosen] = useState<number | null>(null);
  const { columns, rows } = result;
  const widths = columns.map((column, place) => width(column, rows, place));
  const layout = { gridTemplateColumns: widths.map((size) => `${size}ch`).join(" ") };
  const whole = chosen === null ? undefined : rows[chosen];
  return (
    <div class="table" role="table" aria-rowcount={rows.length + 1} aria-colcount={columns.length}>
      <Rows
        count={rows.length}
        height={HEIGHT}
        attributes={{ style: { height: `min(${(rows.length + 1) * HEIGHT + 18}px, 65vh)` }, role: "presentation", tabIndex: 0 }}
        header={
          <div class="table-row" role="row" style={layout}>
            {columns.map((column, place) => (
              <span key={place} role="columnheader" class={NUMBERS.test(column.type) ? "number" : ""} title={column.type}>
                <Line text={column.name} />
              </span>
            ))}
          </div>
        }
        row={(place) => (
          <div
            key={place}
            class={place === chosen ? "table-row chosen" : "table-row"}
            role="row"
            aria-rowindex={place + 2}
            style={layout}
            onClick={() => setChosen(place === chosen ? null : place)}
          >
            {columns.map((column, at) => (
              <Cell key={at} column={column} value={rows[place]?.[at] ?? null} />
            ))}
          </div>
        )}
      />
      {whole && (
        <dl class="record" aria-label="The row as a whole">
          {columns.map((column, at) => (
            <div key={at}>
              <dt>
                <Line text={column.name} />
              </dt>
              <dd>{whole[at] === null || whole[at] === undefined ? <i>NULL</i> : <Whole text={String(whole[at])} />}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

function Cell({ column, value }: { column: Column; value: Value }) {
  if (value === null) {
    return (
      <span role="cell" class="null">
        NULL
      </span>
    );
  }
  const text = String(value);
  return (
    <span role="cell" class={NUMBERS.test(column.type) ? "number" : ""}>
      {column.name === "trace_id" && /^[0-9a-f]{32}$/.test(text) ? <a href={link(["trace", text])}>{text}</a> : <Line text={text} />}
    </span>
  );
}

/** As wide as the first rows want, within reason. */
function width(column: Column, rows: Result["rows"], place: number): number {
  let most = column.name.length;
  for (const row of rows.slice(0, 100)) most = Math.max(most, Math.min(String(row[place] ?? "NULL").length, 60));
  return Math.max(5, most) + 2;
}
