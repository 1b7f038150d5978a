// The state of the page is in the fragment of its address, which no browser sends to the server:
// #/traces?service=storefront. Going back undoes the last thing.
import { useLayoutEffect, useState } from "preact/hooks";
import { queriesIn, trust } from "./trust.ts";

export interface Route {
  path: readonly string[];
  params: URLSearchParams;
}

function parse(fragment: string): Route {
  const [path = "", search = ""] = fragment.replace(/^#\/?/, "").split(/\?(.*)/s);
  return { path: path.split("/").filter(Boolean).map(decode), params: new URLSearchParams(search) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export type Changes = Record<string, string | null | undefined>;

/** An address of this page. What it writes itself it may run. */
export function link(path: readonly string[], params: Changes | URLSearchParams = {}): string {
  const search = params instanceof URLSearchParams ? new URLSearchParams(params) : new URLSearchParams();
  if (!(params instanceof URLSearchParams)) for (const [name, value] of Object.entries(params)) if (value) search.set(name, value);
  trust(queriesIn(search));
  const text = search.toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

export function current(): Route {
  return parse(window.location.hash);
}

export function go(address: string): void {
  window.location.hash = address;
}

/** Changes parameters of the page that is shown; `null` and nothing remove one. */
export function change(changes: Changes, replace = false): void {
  const { path, params } = current();
  for (const [name, value] of Object.entries(changes)) {
    if (value) params.set(name, value);
    else params.delete(name);
  }
  const address = link(path, params);
  if (address === window.location.hash) return;
  if (replace) {
    history.replaceState(null, "", address);
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  } else go(address);
}

export function useRoute(): Route {
  const [route, setRoute] = useState(current);
  // Not once it was painted: what changes between is missed.
  useLayoutEffect(() => {
    const follow = () => setRoute(current());
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, []);
  return route;
}
