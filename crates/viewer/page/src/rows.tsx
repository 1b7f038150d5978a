// Long lists: only the rows that can be seen are in the document, with some more on either side, so that none is
// blank while one scrolls.
import type { ComponentChildren, HTMLAttributes } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const BEYOND = 24;

export interface RowsProps {
  count: number;
  height: number;
  row: (place: number) => ComponentChildren;
  /** A row to bring into view when it changes. */
  focus?: number | undefined;
  header?: ComponentChildren;
  class?: string;
  attributes?: HTMLAttributes<HTMLDivElement>;
}

export function Rows({ count, height, row, focus, header, class: name, attributes }: RowsProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ first: 0, last: 80 });

  const look = () => {
    const element = frame.current;
    if (!element) return;
    const first = Math.max(0, Math.floor(element.scrollTop / height) - BEYOND);
    const last = Math.ceil((element.scrollTop + element.clientHeight) / height) + BEYOND;
    setView((old) => (old.first === first && old.last === last ? old : { first, last }));
  };
  useLayoutEffect(look, [count, height]);
  useEffect(() => {
    const observer = new ResizeObserver(look);
    if (frame.current) observer.observe(frame.current);
    return () => observer.disconnect();
  }, [height]);
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element || focus === undefined || focus < 0) return;
    const head = element.querySelector<HTMLElement>(":scope > .rows-head")?.offsetHeight ?? 0;
    const top = focus * height;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + height > element.scrollTop + element.clientHeight - head) element.scrollTop = top + height - element.clientHeight + head;
    look();
  }, [focus]);

  const last = Math.min(count, view.last);
  const shown: ComponentChildren[] = [];
  for (let place = Math.min(view.first, last); place < last; place += 1) shown.push(row(place));
  return (
    <div class={`rows ${name ?? ""}`} ref={frame} onScroll={look} {...attributes}>
      {header !== undefined && <div class="rows-head">{header}</div>}
      <div class="rows-all" role="presentation" style={{ height: `${count * height}px` }}>
        <div class="rows-shown" role="presentation" style={{ transform: `translateY(${Math.min(view.first, last) * height}px)` }}>
          {shown}
        </div>
      </div>
    </div>
  );
}
