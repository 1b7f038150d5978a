// What the server says of itself once: which relations there are, and what one can write.
import { createContext } from "preact";
import { useContext } from "preact/hooks";

export type Relation = "spans" | "log_records" | "data_points";

export interface Session {
  version: string;
  duckdb: string;
  /** The names that the views `spans`, … stand for; only those that exist. */
  relations: Partial<Record<Relation, string>>;
  /** The attached receiver, if that is what is shown. */
  live: string | null;
  write: boolean;
  row_limit: number;
  columns: Partial<Record<Relation, [name: string, type: string][]>>;
  macros: [name: string, parameters: string, description: string | null][];
}

export async function fetchSession(): Promise<Session> {
  const response = await fetch("session");
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Session;
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("no session");
  return session;
}
