// JSON of telemetry, without losing digits: integers that a double cannot hold are bigint.

export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };

export function parseJson(text: string): Json {
  try {
    return JSON.parse(text, ((_key: string, value: Json, context?: { source?: string }) => {
      if (typeof value !== "number" || Number.isSafeInteger(value) || !context?.source) return value;
      return /^-?\d+$/.test(context.source) ? BigInt(context.source) : value;
    }) as (key: string, value: unknown) => unknown) as Json;
  } catch {
    return text;
  }
}

export function object(json: Json): { [key: string]: Json } {
  return typeof json === "object" && json !== null && !Array.isArray(json) ? json : {};
}

export function list(json: Json): Json[] {
  return Array.isArray(json) ? json : [];
}

/** A value as people read it: texts as they are, all else as JSON. */
export function plain(json: Json | undefined): string {
  if (json === undefined) return "";
  if (typeof json === "string") return json;
  if (typeof json !== "object" || json === null) return String(json);
  if (Array.isArray(json)) return `[${json.map(quoted).join(", ")}]`;
  return `{${Object.entries(json)
    .map(([key, value]) => `${JSON.stringify(key)}: ${quoted(value)}`)
    .join(", ")}}`;
}

function quoted(json: Json): string {
  return typeof json === "string" ? JSON.stringify(json) : plain(json);
}
