// SQL is put together as people would write it, since it is shown.

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** `WHERE a AND b`, or nothing. */
export function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? "" : `\nWHERE ${conditions.join("\n  AND ")}`;
}

const TERM = /^(!?)(resource\.)?([^\s=!~<>"]+|"[^"]+")(?:(=|!=|~|>=|<=|>|<)(.*))?$/;

/**
 * Conditions on attributes: `http.route=/cart`, `retry>2`, `user.id` (is there), `!user.id` (is not),
 * `resource.host.name~web` (contains). A value may stand in quotes. Returns what is not understood as an error.
 */
export function attributeConditions(text: string): { conditions: string[]; error: string | null } {
  const conditions: string[] = [];
  for (const term of text.match(/(?:[^\s"]|"[^"]*")+/g) ?? []) {
    const match = TERM.exec(term);
    if (!match) return { conditions, error: `“${term}” is none of key=value, key!=value, key~part, key>number, key, !key` };
    const [, not, resource, key = "", operator, quoted = ""] = match;
    const value = unquote(quoted);
    const member = `${resource ? "resource_attributes" : "attributes"}->>${literal(unquote(key))}`;
    if (operator === undefined) conditions.push(`(${member}) IS ${not ? "NULL" : "NOT NULL"}`);
    else if (operator === "=") conditions.push(`${not ? "NOT " : ""}${member} = ${literal(value)}`);
    else if (operator === "!=") conditions.push(`(${member}) IS DISTINCT FROM ${literal(value)}`);
    else if (operator === "~") conditions.push(`${not ? "NOT " : ""}contains(lower(${member}), ${literal(value.toLowerCase())})`);
    else if (value === "" || !Number.isFinite(Number(value))) return { conditions, error: `“${term}” compares with no number` };
    else conditions.push(`TRY_CAST(${member} AS DOUBLE) ${operator} ${Number(value)}`);
  }
  return { conditions, error: null };
}

function unquote(text: string): string {
  return text.startsWith('"') && text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text;
}

/** A term that `attributeConditions` reads as equality. */
export function attributeTerm(key: string, value: string, resource: boolean): string {
  const quote = (part: string) => (/[\s"=!~<>]/.test(part) ? `"${part.replaceAll('"', "")}"` : part);
  return `${resource ? "resource." : ""}${quote(key)}=${quote(value)}`;
}

/** Nanoseconds of what people write as a duration: `250ms`, `1.5 s`, `80µs`; a bare number is of milliseconds. */
export function parseDuration(text: string): number | null {
  const match = /^\s*([0-9]*\.?[0-9]+)\s*(ns|us|µs|ms|s|m|h)?\s*$/.exec(text);
  if (!match) return null;
  const unit = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12 }[match[2] ?? "ms"];
  return unit === undefined ? null : Math.round(Number(match[1]) * unit);
}
