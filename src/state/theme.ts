/** Light, dark, or what the system says. Kept in this browser. */
import { createStore } from "zustand/vanilla";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export interface ThemeState {
  theme: Theme;
  set(theme: Theme): void;
}

const KEY = "scalingnote-lab-theme";

/** Storage may be closed to the page (private windows, settings): then the choice lasts as long as the page. */
export function createThemeStore(storage: Pick<Storage, "getItem" | "setItem"> | null, root: HTMLElement | null) {
  const apply = (theme: Theme) => {
    if (!root) return;
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
  };
  let first: Theme = "system";
  try {
    const kept = storage?.getItem(KEY);
    if (THEMES.includes(kept as Theme)) first = kept as Theme;
  } catch {
    // Closed storage: the system's setting.
  }
  apply(first);
  return createStore<ThemeState>((set) => ({
    theme: first,
    set(theme) {
      apply(theme);
      set({ theme });
      try {
        storage?.setItem(KEY, theme);
      } catch {
        // Closed storage: nothing to keep.
      }
    },
  }));
}
