// The editor is the largest part of the page, so it is read when the first one is opened.
import { useEffect, useRef } from "preact/hooks";
import { useSession } from "./session.ts";

export interface EditorProps {
  /** What to show until something is typed, and again when `typed` is no longer. */
  value: string;
  typed: boolean;
  label: string;
  onChange: (text: string) => void;
  onRun: () => void;
  autofocus?: boolean;
}

export function Editor(props: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const session = useSession();
  const latest = useRef(props);
  latest.current = props;
  const setValue = useRef<((text: string) => void) | null>(null);

  useEffect(() => {
    let remove: (() => void) | undefined;
    let gone = false;
    void import("./editor.ts").then(({ createEditor }) => {
      if (gone || !host.current) return;
      const editor = createEditor(host.current, session, () => latest.current);
      setValue.current = editor.setValue;
      remove = editor.remove;
    });
    return () => {
      gone = true;
      remove?.();
    };
  }, []);
  // What a person types is never overwritten: it goes out by `onChange`, and does not come back.
  useEffect(() => {
    if (!props.typed) setValue.current?.(props.value);
  }, [props.value, props.typed]);
  return <div class="editor" ref={host} />;
}
