/**
 * Parallel coordinates: every setting an axis at equal distances, every configuration a line, the figure on the last axis.
 * A brush on an axis is part of it, from 0 (bottom) to 1; what lies within all brushes is shown strong.
 */
import { scaleLinear, scaleLog } from "d3-scale";
import { wantsLog } from "./axisPlot";
import { evenly, finite, fitted, nothing, picture, px, type Size, text } from "./frame";
import { extent, MAX_POINTS } from "./series";
import { el, type SvgNode } from "./svg";
import { linearAxis, logAxis } from "./ticks";
import { counted, tick } from "./words";

export interface ParallelAxis {
  title: string;
  /** The words of a setting that is no number: a line's value is a place among them. */
  words?: readonly string[];
  /** What was measured: its ticks are round, not the values themselves. */
  measured?: boolean;
}

export interface ParallelLine {
  /** One value an axis, the figure last; null: has none. */
  values: readonly (number | null)[];
  best?: boolean;
}

export interface ParallelData {
  axes: readonly ParallelAxis[];
  lines: readonly ParallelLine[];
  less?: boolean;
}

export type Brushes = Partial<Record<number, readonly [number, number]>>;

interface PlacedAxis {
  place(value: number | null): number | null;
  ticks: { at: number; words: string }[];
}

/** Where the values of an axis stand, from 0 at the bottom to 1. Numbers over more than a decade stand on a log scale. */
export function placeAxis(axis: ParallelAxis, values: readonly (number | null)[], most = 6): PlacedAxis {
  const { words } = axis;
  if (words) {
    const last = Math.max(1, words.length - 1);
    const every = Math.ceil(words.length / 12);
    const place = (v: number | null) => (finite(v) ? (words.length === 1 ? 0.5 : v / last) : null);
    return { place, ticks: words.flatMap((w, i) => (i % every === 0 ? [{ at: place(i)!, words: w }] : [])) };
  }
  const numbers = values.filter(finite);
  const above = numbers.filter((v) => v > 0);
  const log = wantsLog(above) && numbers.every((v) => v >= 0);
  // A weight of 0 has no logarithm: it stands at the bottom, apart from the smallest that is not 0.
  const foot = log && above.length < numbers.length ? ZERO_ROOM : 0;
  const ticks = log ? logAxis(above) : linearAxis(numbers, { count: most - 1 });
  const inner = (log ? scaleLog : scaleLinear)(ticks.domain, [foot, 1]);
  const scale = (v: number) => (log && v === 0 ? 0 : inner(v));
  const distinct = [...new Set(numbers)].sort((a, b) => a - b);
  const place = (v: number | null) => (finite(v) && (!log || v >= 0) ? scale(v) : null);
  // Few values are what was swept: they are the ticks.
  const shown =
    !axis.measured && distinct.length > 0 && distinct.length <= 8 && spaced(distinct.map((v) => scale(v)))
      ? distinct
      : ticks.ticks;
  return { place, ticks: shown.map((v) => ({ at: scale(v), words: tick(v) })) };
}

const ZERO_ROOM = 0.14;

/** Whether words at these places would not run into each other. */
const spaced = (places: readonly number[]) => places.every((p, i) => i === 0 || Math.abs(p - places[i - 1]!) > 0.05);

function placed(data: ParallelData): PlacedAxis[] {
  return data.axes.map((axis, a) =>
    placeAxis(
      axis,
      data.lines.map((l) => l.values[a] ?? null),
    ),
  );
}

/** Which lines lie within all brushes; all of them where there is none. */
export function brushed(data: ParallelData, brushes: Brushes): boolean[] {
  const axes = placed(data);
  return data.lines.map((line) =>
    Object.entries(brushes).every(([a, range]) => {
      const at = axes[Number(a)]?.place(line.values[Number(a)] ?? null) ?? null;
      return !range || (at !== null && at >= range[0] - 1e-9 && at <= range[1] + 1e-9);
    }),
  );
}

/** A brush on the last axis that holds about the best share of the lines. */
export function topBrush(data: ParallelData, share: number): Brushes {
  const last = data.axes.length - 1;
  const axis = placed(data)[last];
  const at = data.lines.map((l) => axis?.place(l.values[last] ?? null) ?? null).filter(finite);
  if (at.length === 0) return {};
  const sorted = at.toSorted((a, b) => (data.less ? a - b : b - a));
  const edge = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
  return { [last]: data.less ? [0, edge] : [edge, 1] };
}

/** Room for a number such as .00025 before the first axis. */
const LEFT = 52;
const TOP = 48;
const BOTTOM = 28;

/** Where the axes stand in the picture: for the pointer. */
export function parallelLayout(count: number, { width, height }: Size) {
  const [left, right] = [LEFT, width - 44];
  const x = (a: number) => (count < 2 ? (left + right) / 2 : left + (a * (right - left)) / (count - 1));
  return { x, top: TOP, bottom: height - BOTTOM, y: (at: number) => height - BOTTOM - at * (height - BOTTOM - TOP) };
}

/** @param chosen the axis that keys move a brush on */
export function parallelChart(data: ParallelData, brushes: Brushes, size: Size, chosen?: number): SvgNode {
  if (data.axes.length === 0 || data.lines.length === 0) return nothing(size, "No trials yet");
  const axes = placed(data);
  const layout = parallelLayout(axes.length, size);
  const inside = brushed(data, brushes);
  const some = Object.values(brushes).some((b) => b !== undefined);
  const path = (line: ParallelLine) => {
    let d = "";
    let pen = false;
    for (const [a, axis] of axes.entries()) {
      const at = axis.place(line.values[a] ?? null);
      if (at !== null) d += `${pen ? "L" : "M"}${px(layout.x(a))} ${px(layout.y(at))}`;
      pen = at !== null;
    }
    return d;
  };
  const kept = evenly(
    data.lines.flatMap((line, i) => (some && inside[i] ? [line] : [])),
    MAX_POINTS,
  );
  const others = evenly(
    data.lines.flatMap((line, i) => (some && inside[i] ? [] : [line])),
    MAX_POINTS,
  );
  // One path for each: a brush that moves redraws two elements, not hundreds.
  const children: SvgNode[] = [el("path", { class: some ? "ghosts" : "lines", d: others.map(path).join("") })];
  if (kept.length > 0) children.push(el("path", { class: "kept", d: kept.map(path).join("") }));
  const best = data.lines.find((line) => line.best);
  if (best) children.push(el("path", { class: "first", d: path(best) }));
  // Where titles would run into each other every other one stands lower.
  const gap = axes.length > 1 ? layout.x(1) - layout.x(0) : size.width;
  const stagger = gap < 7 * Math.max(...data.axes.map((a) => a.title.length));
  const rows = stagger ? 2 : 1;
  for (const [a, { title, words }] of data.axes.entries()) {
    const x = layout.x(a);
    const edge = a === 0 ? "start" : a === axes.length - 1 ? "end" : "middle";
    const last = a > 0 && a === axes.length - 1;
    const shift = a === 0 ? 4 - LEFT : a === axes.length - 1 ? 40 : 0;
    children.push(
      el("path", { class: a === chosen ? "axis chosen" : "axis", d: `M${px(x)} ${layout.top}V${layout.bottom}` }),
      // A title in the middle reaches half of the way to its neighbours in the row, one at an edge half and its margin.
      fitted(
        x + shift,
        stagger && a % 2 === 1 ? 30 : 14,
        title,
        shift === 0 ? rows * gap - 12 : (rows * gap) / 2 + 36,
        {
          class: "strong",
          "text-anchor": axes.length > 1 ? edge : "middle",
        },
      ),
    );
    for (const t of axes[a]!.ticks) {
      const at = layout.y(t.at);
      // Words of the first axis have little room on its left: on its right, where the next axis leaves some.
      const right = last || (a === 0 && words !== undefined && gap > 100);
      const room = last || a > 0 ? gap - 14 : right ? gap - 48 : LEFT - 14;
      if (words && words.length <= 3 && (t.at === 0 || t.at === 1))
        children.push(
          fitted(x + (a === 0 ? 4 - LEFT : 0), at + (t.at === 0 ? 16 : -6), t.words, a === 0 ? gap / 2 + 36 : gap - 4, {
            class: "lab plain",
            "text-anchor": a === 0 ? "start" : "middle",
          }),
        );
      else {
        const attrs = { class: "lab plain", "text-anchor": right ? "start" : "end" };
        const from = x + (right ? 10 : -9);
        // Words may be cut; a number without its end would be another one.
        children.push(words ? fitted(from, at + 4, t.words, room, attrs) : text(from, at + 4, t.words, attrs));
      }
    }
    const brush = brushes[a];
    if (brush)
      children.push(
        el("rect", {
          class: "brush",
          x: px(x - 6),
          y: px(layout.y(brush[1])),
          width: 12,
          height: px(Math.max(3, layout.y(brush[0]) - layout.y(brush[1]))),
          rx: 3,
        }),
      );
  }
  const count = inside.filter(Boolean).length;
  const range = extent(data.lines.map((l) => l.values.at(-1) ?? Number.NaN));
  const label = `${counted(data.lines.length, "configuration")} over ${counted(data.axes.length - 1, "setting")}${
    range ? `, ${data.axes.at(-1)!.title} from ${tick(range[0])} to ${tick(range[1])}` : ""
  }${some ? `; ${count} within the brush` : ""}.`;
  return picture(size, label, children);
}
