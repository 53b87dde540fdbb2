/** How ranks move from one list to another: links between the lists, and words for each place. */
import { el, type SvgNode } from "./svg";

export interface Move {
  /** Rank in the second list, from 0. */
  to: number;
  /** Rank in the first; null: not in it. */
  from: number | null;
}

/** For each document of `list`, where it stood in `reference`. */
export function moves(reference: readonly string[], list: readonly string[]): Move[] {
  const at = new Map(reference.map((id, i) => [id, i]));
  return list.map((id, to) => ({ to, from: at.get(id) ?? null }));
}

/** "↑2", "↓1", "=" or "new". */
export function moveWords({ from, to }: Move): string {
  if (from === null) return "new";
  if (from === to) return "=";
  return from > to ? `↑${from - to}` : `↓${to - from}`;
}

/** The same for those who hear it. */
export function moveSpoken({ from, to }: Move): string {
  if (from === null) return "not in the teacher's list";
  if (from === to) return "same place as in the teacher's";
  const places = Math.abs(from - to);
  return `${places} ${places === 1 ? "place" : "places"} ${from > to ? "higher" : "lower"} than in the teacher's`;
}

/** The links between two lists of rows of equal height. `kept` counts those of the first list that the second has. */
export function linkChart(
  reference: readonly string[],
  list: readonly string[],
  { width, rowHeight, color }: { width: number; rowHeight: number; color: string },
): SvgNode {
  const rows = Math.max(reference.length, list.length);
  const height = rows * rowHeight;
  const y = (i: number) => (i + 0.5) * rowHeight;
  const all = moves(reference, list);
  const children: SvgNode[] = [];
  for (const { from, to } of all) {
    if (from === null) continue;
    const moved = from !== to;
    children.push(
      el("path", {
        d: `M6 ${y(from)}C${width / 2} ${y(from)} ${width / 2} ${y(to)} ${width - 6} ${y(to)}`,
        fill: "none",
        stroke: moved ? color : "var(--ink-3)",
        "stroke-width": moved ? 1.75 : 1.25,
        "stroke-opacity": moved ? 1 : 0.55,
      }),
      el("circle", { cx: 6, cy: y(from), r: 2, fill: "var(--ink-3)" }),
      el("circle", { cx: width - 6, cy: y(to), r: 2, fill: "var(--ink-3)" }),
    );
  }
  const kept = new Set(list);
  for (const [i, id] of reference.entries())
    if (!kept.has(id))
      children.push(
        el("path", { d: `M6 ${y(i)}h10`, stroke: "var(--ink-3)", "stroke-width": 1.25, "stroke-dasharray": "2 2" }),
        el("text", { x: 20, y: y(i) + 4, fill: "var(--ink-3)", "font-size": 11 }, ["out"]),
      );
  const same = all.filter((m) => m.from === m.to).length;
  const stay = all.filter((m) => m.from !== null).length;
  return el(
    "svg",
    {
      class: "links",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": `Of the teacher's ${reference.length} documents ${stay} are in the student's list, ${same} at the same place.`,
    },
    children,
  );
}
