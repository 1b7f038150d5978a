// Telemetry is whatever somebody sent. It becomes text nodes only, shows what it would hide, and cannot
// reorder what stands beside it.
import { useState } from "preact/hooks";

/** What a terminal would obey: colours, cursor movements, titles and links. */
// eslint-disable-next-line no-control-regex
const ANSI = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])/g;

/** Characters that turn text around or are not seen. They are shown as ⟨name⟩. */
const INVISIBLE = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Control characters as pictures of themselves, but for tabs and ends of lines. */
const CONTROL = /[\0-\x08\x0b-\x1f\x7f]/g;

export function visible(text: string): string {
  return text
    .replace(ANSI, "")
    .replace(/\r\n/g, "\n")
    .replace(CONTROL, (character) => (character === "\x7f" ? "␡" : String.fromCharCode(0x2400 + character.charCodeAt(0))))
    .replace(INVISIBLE, (character) => `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}

const ROW_LENGTH = 400;

/** A value in a row of its own height: one line, cut where no screen is wide enough. */
export function Line({ text }: { text: string }) {
  const cut = text.length > ROW_LENGTH ? `${text.slice(0, ROW_LENGTH)}…` : text;
  return <bdi class="line">{visible(cut).replace(/\s+/g, " ")}</bdi>;
}

const FOLD_LENGTH = 2_000;
const FOLD_LINES = 30;

/** A value as a whole, folded where it is long. */
export function Whole({ text }: { text: string }) {
  const [open, setOpen] = useState(false);
  const long = text.length > FOLD_LENGTH || text.split("\n", FOLD_LINES + 1).length > FOLD_LINES;
  const shown = long && !open ? text.slice(0, FOLD_LENGTH).split("\n").slice(0, FOLD_LINES).join("\n") : text;
  return (
    <>
      <bdi class={open ? "whole open" : "whole"}>{visible(shown)}</bdi>
      {long && (
        <button type="button" class="fold" onClick={() => setOpen(!open)}>
          {open ? "Fold" : `… all ${size(text.length)}`}
        </button>
      )}
    </>
  );
}

function size(characters: number): string {
  if (characters < 10_000) return `${characters.toLocaleString("en-US")} characters`;
  return characters < 1e6 ? `${Math.round(characters / 1e3)} KB` : `${(characters / 1e6).toFixed(1)} MB`;
}
