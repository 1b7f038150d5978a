// The editor is the largest part of the page, so it is read when the first one is opened.
import { useEffect, useRef } from "preact/hooks";
import { useSession } from "./session.ts";

export interface EditorProps {
  value: string;
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
  useEffect(() => setValue.current?.(props.value), [props.value]);
  return <div class="editor" ref={host} />;
}
