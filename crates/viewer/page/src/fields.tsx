// Fields of search forms: what is typed goes to the address of the page, once a person pauses.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { change, useRoute } from "./route.ts";

const PAUSE = 300;

interface FieldProps {
  name: string;
  label: string;
  placeholder?: string;
  suggestions?: readonly string[];
  search?: boolean;
  error?: string | null;
  class?: string;
}

export function Field({ name, label, placeholder, suggestions, search, error, class: kind }: FieldProps) {
  const { params } = useRoute();
  const value = params.get(name) ?? "";
  const [draft, setDraft] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => setDraft(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const set = (text: string, now: boolean) => {
    setDraft(text);
    clearTimeout(timer.current);
    if (now) change({ [name]: text });
    else timer.current = setTimeout(() => change({ [name]: text }, value !== ""), PAUSE);
  };
  return (
    <div class={`field ${kind ?? ""}`}>
      <label for={`field-${name}`}>{label}</label>
      <input
        id={`field-${name}`}
        type={search ? "search" : "text"}
        value={draft}
        placeholder={placeholder ?? ""}
        list={suggestions ? `list-${name}` : undefined}
        spellcheck={false}
        autocomplete="off"
        data-search={search ? "" : undefined}
        aria-invalid={error ? true : undefined}
        title={error ?? undefined}
        onInput={(event) => set(event.currentTarget.value, false)}
        onKeyDown={(event) => {
          if (event.key === "Enter") set(event.currentTarget.value, true);
          else if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
      {suggestions && (
        <datalist id={`list-${name}`}>
          {suggestions.map((text) => (
            <option key={text} value={text} />
          ))}
        </datalist>
      )}
      {error && <em class="field-error">{error}</em>}
    </div>
  );
}

interface ChoiceProps {
  name: string;
  label: string;
  /** What there is to choose, with the words for it. */
  options: readonly (readonly [value: string, text: string])[];
}

export function Choice({ name, label, options }: ChoiceProps) {
  const { params } = useRoute();
  const value = params.get(name) ?? "";
  const known = options.some(([key]) => key === value);
  return (
    <div class="field">
      <label for={`field-${name}`}>{label}</label>
      <select id={`field-${name}`} value={value} onChange={(event) => change({ [name]: event.currentTarget.value })}>
        {!known && <option value={value}>{value}</option>}
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

export function Form({ children }: { children: ComponentChildren }) {
  return (
    <form class="search" role="search" onSubmit={(event) => event.preventDefault()}>
      {children}
    </form>
  );
}
