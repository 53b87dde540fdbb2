/** Keys of the page. None acts while something is being typed. */
import { VIEWS } from "./route";

export const KEYS = [
  { key: "Space", does: "pause or go on" },
  { key: "S", does: "one step, while paused" },
  { key: "1 to 5", does: "Lab, Scaling, Ablation, Search, Runs" },
  { key: "/", does: "to the search box" },
  { key: "?", does: "this list" },
] as const;

export type KeyAction =
  | { do: "pause" }
  | { do: "step" }
  | { do: "view"; view: string }
  | { do: "search" }
  | { do: "help" };

/** What a key press asks for; null where it belongs to a field, a button or the browser. */
export function keyAction(
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "target">,
): KeyAction | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const target = event.target as { closest?: (selector: string) => unknown } | null;
  const inside = (selector: string) => Boolean(target?.closest?.(selector));
  if (
    inside("input:not([type=range]), textarea, select, [contenteditable], [role=listbox], [role=menu], [role=dialog]")
  )
    return null;
  // Space presses what has the focus.
  if (event.key === " ")
    return inside("button, a, summary, [role=button], [role=radio], label") ? null : { do: "pause" };
  if (event.key === "s" || event.key === "S") return { do: "step" };
  if (event.key === "/") return { do: "search" };
  if (event.key === "?") return { do: "help" };
  const view = VIEWS[Number(event.key) - 1];
  return view ? { do: "view", view } : null;
}
