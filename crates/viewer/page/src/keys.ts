// Keys that are not typed into a field.
import { useLayoutEffect, useRef } from "preact/hooks";

export type Keys = Record<string, (event: KeyboardEvent) => void>;

function typing(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Calls what `keys` has for a key, until the component goes. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  // As soon as the page can be seen, or what is typed at once is lost.
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event)) return;
      const act = latest.current[event.key];
      // Enter on a button or link is theirs.
      if (!act || (event.key === "Enter" && event.composedPath()[0] instanceof HTMLElement && (event.composedPath()[0] as HTMLElement).closest("a, button"))) return;
      event.preventDefault();
      act(event);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}

export const HELP: [keys: string, what: string][] = [
  ["1 … 5", "Traces, Logs, Metrics, Services, SQL"],
  ["j  k", "next, previous row"],
  ["Enter", "open the row"],
  ["h  l", "fold, unfold a span"],
  ["/", "search"],
  ["Esc", "close, or back to the list"],
  ["s", "follow what arrives, or stay"],
  ["t", "light, dark, or as the system"],
  ["?", "this help"],
];
