// Light, dark, or as the system has it. Pictures that are painted are told when it changes.
import { useLayoutEffect, useState } from "preact/hooks";

const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

let theme: Theme = THEMES.find((name) => name === localStorage.getItem("theme")) ?? "auto";
const listeners = new Set<() => void>();
const dark = window.matchMedia("(prefers-color-scheme: dark)");
dark.addEventListener("change", () => tell());

function tell(): void {
  for (const listener of listeners) listener();
}

export function applyTheme(): void {
  document.documentElement.dataset["theme"] = theme;
}

export function nextTheme(): void {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
  localStorage.setItem("theme", theme);
  applyTheme();
  tell();
}

export function useTheme(): { theme: Theme; isDark: boolean } {
  const state = () => ({ theme, isDark: theme === "dark" || (theme === "auto" && dark.matches) });
  const [shown, setShown] = useState(state);
  useLayoutEffect(() => {
    const follow = () => setShown(state());
    listeners.add(follow);
    return () => void listeners.delete(follow);
  }, []);
  return shown;
}
