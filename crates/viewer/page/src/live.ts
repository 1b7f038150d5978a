// Following what arrives: panels ask again while this counts.
import { useLayoutEffect, useState } from "preact/hooks";

type Listener = () => void;

class Live {
  on = false;
  tick = 0;
  readonly #listeners = new Set<Listener>();
  #timer: ReturnType<typeof setInterval> | undefined;

  set(on: boolean): void {
    this.on = on;
    clearInterval(this.#timer);
    if (on) this.#timer = setInterval(() => this.#count(), 1_000);
    this.#tell();
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #count(): void {
    // A page that nobody sees asks nothing.
    if (document.visibilityState === "hidden") return;
    this.tick += 1;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

export const live = new Live();

export function useLive(): { on: boolean; tick: number } {
  const [state, setState] = useState({ on: live.on, tick: live.tick });
  useLayoutEffect(() => live.listen(() => setState({ on: live.on, tick: live.tick })), []);
  return state;
}
