// CodeMirror, with completion of our tables, columns and macros.
import { type Completion, type CompletionContext, acceptCompletion, autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { StandardSQL, sql } from "@codemirror/lang-sql";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { Annotation, EditorState } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { EditorProps } from "./editor_lazy.tsx";
import type { Session } from "./session.ts";

const highlight = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: tags.typeName, color: "var(--code-number)" },
]);

const look = EditorView.theme({
  "&": { fontSize: "13px", backgroundColor: "transparent", color: "var(--text)" },
  "&.cm-focused": { outline: "none" },
  ".cm-content": { fontFamily: "var(--mono)", padding: "8px 0", caretColor: "var(--text)" },
  ".cm-line": { padding: "0 10px" },
  ".cm-scroller": { maxHeight: "var(--editor-height, 320px)", lineHeight: "1.5" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--text)", border: "1px solid var(--line)", borderRadius: "6px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionInfo": { maxWidth: "320px", padding: "6px 8px", whiteSpace: "pre-wrap" },
  ".cm-completionDetail": { color: "var(--muted)", fontStyle: "normal" },
});

/** A change that nobody typed. */
const fromOutside = Annotation.define<boolean>();

function completions(session: Session): Completion[] {
  const found: Completion[] = [];
  const columns = new Map<string, string>();
  for (const [relation, list] of Object.entries(session.columns)) {
    found.push({ label: relation, type: "class", detail: session.relations[relation as keyof Session["relations"]] ?? "", boost: 2 });
    for (const [name, type] of list) columns.set(name, type);
  }
  for (const [name, type] of columns) found.push({ label: name, type: "property", detail: type.length > 24 ? `${type.slice(0, 23)}…` : type, boost: 1 });
  for (const [name, parameters, description] of session.macros) {
    found.push({ label: name, type: "function", apply: `${name}(`, detail: `(${parameters})`, ...(description === null ? {} : { info: description }), boost: 1 });
  }
  return found;
}

export function createEditor(host: HTMLElement, session: Session, props: () => EditorProps): { setValue: (text: string) => void; remove: () => void } {
  const ours = completions(session);
  const complete = (context: CompletionContext) => {
    const word = context.matchBefore(/\w+/);
    return word || context.explicit ? { from: word?.from ?? context.pos, options: ours, validFor: /^\w*$/ } : null;
  };
  const language = sql({ dialect: StandardSQL, upperCaseKeywords: true });
  // In a shadow root CodeMirror adopts its style sheets; elsewhere it writes a <style>, which the page's
  // Content-Security-Policy refuses.
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const parent = document.createElement("div");
  root.append(parent);
  const view = new EditorView({
    parent,
    root,
    state: EditorState.create({
      doc: props().value,
      extensions: [
        history(),
        language,
        language.language.data.of({ autocomplete: complete }),
        autocompletion(),
        syntaxHighlighting(highlight),
        look,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": props().label }),
        keymap.of([
          {
            key: "Mod-Enter",
            run: () => {
              props().onRun();
              return true;
            },
          },
          { key: "Tab", run: acceptCompletion },
          ...completionKeymap,
          ...historyKeymap,
          ...defaultKeymap,
        ]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !update.transactions.some((change) => change.annotation(fromOutside))) props().onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  if (props().autofocus) view.focus();
  return {
    setValue: (text) => {
      const now = view.state.doc.toString();
      if (text !== now) view.dispatch({ changes: { from: 0, to: now.length, insert: text }, annotations: fromOutside.of(true) });
    },
    remove: () => {
      view.destroy();
      parent.remove();
    },
  };
}
