/** Paired differences, one a row, around 0: what two intervals side by side cannot tell. */
import { cutList, finite, fitted, nothing, picture, px, type Size, scaleOf, text, xAxis } from "./frame";
import { el, type SvgNode } from "./svg";
import { linearAxis } from "./ticks";
import { signed } from "./words";

export interface ForestRow {
  label: string;
  value: number | null;
  low: number | null;
  high: number | null;
  /** "tied", "worse" */
  verdict?: string;
  className?: string;
}

const ROW = 24;
const MOST = 40;

/** Height for so many rows. */
export const forestHeight = (rows: number): number => 52 + Math.max(1, Math.min(MOST, rows)) * ROW;

export function forestPlot(rows: readonly ForestRow[], title: string, size: Size): SvgNode {
  const usable = rows.filter((r) => finite(r.value));
  if (usable.length === 0) return nothing(size, "Nothing to compare yet");
  const shown = usable.slice(0, MOST);
  const letters = Math.max(...shown.map((r) => r.label.length));
  const left = Math.max(110, Math.min(letters * 7.2 + 14, 280, size.width / 2));
  const longest = Math.max(...shown.map((r) => r.verdict?.length ?? 0));
  const box = { left, right: size.width - (longest > 6 ? 140 : 104), top: 8, bottom: 12 + shown.length * ROW };
  const ends = shown.flatMap((r) => [r.value, r.low, r.high]).filter(finite);
  const axis = linearAxis([0, ...ends], { count: 3 });
  const x = scaleOf(axis, [box.left, box.right]);
  const children = [
    ...xAxis(axis, x, box, title, (v) => signed(v, 2).replace(/^\+?\.00$/, "0")),
    el("path", { class: "zero", d: `M${px(x(0))} ${box.top}V${box.bottom}` }),
  ];
  for (const [i, r] of shown.entries()) {
    const y = box.top + (i + 0.5) * ROW;
    const parts: SvgNode[] = [];
    if (finite(r.low) && finite(r.high))
      parts.push(el("path", { class: "whisk", d: `M${px(x(r.low))} ${y}H${px(x(r.high))}` }));
    parts.push(el("circle", { class: "mark", cx: px(x(r.value!)), cy: y, r: 4 }));
    children.push(
      fitted(left - 10, y + 4, r.label, left - 12, { "text-anchor": "end", class: "strong" }, cutList),
      el("g", { class: r.className ?? "" }, parts),
      text(box.right + 10, y + 4, `${signed(r.value)}${r.verdict ? ` ${r.verdict}` : ""}`),
    );
  }
  if (usable.length > MOST) children.push(text(4, box.bottom + 31, `and ${usable.length - MOST} more`));
  const label = `Paired differences, ${title}: ${shown
    .slice(0, 4)
    .map((r) => `${r.label} ${signed(r.value)}${r.verdict ? `, ${r.verdict}` : ""}`)
    .join("; ")}${usable.length > 4 ? `; and ${usable.length - 4} more` : ""}.`;
  return picture(size, label, children);
}
