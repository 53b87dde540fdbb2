/** Two axes and one figure: a cell each, with the mean, its interval and where the seeds lie. */
import { scaleLinear } from "d3-scale";
import { dotsPath, finite, fitted, nothing, picture, px, type Size, text, twoLines } from "./frame";
import { extent } from "./series";
import { el, type SvgNode } from "./svg";
import { share } from "./words";

export interface HeatCell {
  /** Places on the axes, from 0; y from the bottom. */
  x: number;
  y: number;
  value: number | null;
  low?: number | null;
  high?: number | null;
  /** One figure a seed. */
  seeds?: readonly number[];
  /** Words where there is no value: "queued", "61 %". */
  state?: string;
  /** The best is outlined, what is tied with it is outlined faintly. */
  mark?: "best" | "tied" | undefined;
}

export interface HeatData {
  xs: readonly string[];
  ys: readonly string[];
  xTitle: string;
  yTitle: string;
  metric: string;
  cells: readonly HeatCell[];
  /** Less is better: the scale is turned round, so that dark is good. */
  less?: boolean;
  words?: (v: number) => string;
}

const STEPS = 7;
/** More rows or columns than this are put together. */
const MOST = 32;

/** Neighbours put together until no side has more than MOST. */
function coarse(data: HeatData): HeatData {
  const [fx, fy] = [Math.ceil(data.xs.length / MOST), Math.ceil(data.ys.length / MOST)];
  if (fx <= 1 && fy <= 1) return data;
  const sums = new Map<number, { x: number; y: number; sum: number; count: number }>();
  for (const { x, y, value } of data.cells) {
    if (!finite(value)) continue;
    const [cx, cy] = [Math.floor(x / fx), Math.floor(y / fy)];
    const at = sums.get(cy * MOST + cx) ?? { x: cx, y: cy, sum: 0, count: 0 };
    sums.set(cy * MOST + cx, { ...at, sum: at.sum + value, count: at.count + 1 });
  }
  const every = (list: readonly string[], f: number) => list.filter((_, i) => i % f === 0);
  const cells = [...sums.values()].map(({ x, y, sum, count }) => ({ x, y, value: sum / count }));
  return { ...data, xs: every(data.xs, fx), ys: every(data.ys, fy), cells };
}

export function heatMap(raw: HeatData, size: Size): SvgNode {
  if (raw.xs.length === 0 || raw.ys.length === 0 || raw.cells.length === 0) return nothing(size, "No trials yet");
  const data = coarse(raw);
  const words = data.words ?? ((v: number) => share(v));
  const longest = Math.max(...data.ys.map((words) => words.length));
  const left = Math.min(0.4 * size.width, Math.max(48, 32 + 6.2 * longest));
  const across = (size.width - 8 - left) / data.xs.length;
  const everyX = Math.ceil(data.xs.length / Math.max(1, Math.floor((size.width - 8 - left) / 44)));
  const room = everyX * across - 6;
  // Long words stand in two lines: cut short, "first layers" and "first and last layers" would be one.
  const lines = data.xs.some((label) => twoLines(label, room)) ? 2 : 1;
  const box = { left, right: size.width - 8, top: 8, bottom: size.height - 32 - 12 * lines };
  const x = scaleLinear([0, data.xs.length], [box.left, box.right]);
  const y = scaleLinear([0, data.ys.length], [box.bottom, box.top]);
  const [w, h] = [x(1) - x(0), y(0) - y(1)];
  const values = data.cells.map((c) => c.value).filter(finite);
  const range = extent(values);
  const step = (v: number) => {
    if (!range || range[1] === range[0]) return 3;
    const part = (v - range[0]) / (range[1] - range[0]);
    return Math.min(STEPS - 1, Math.floor((data.less ? 1 - part : part) * STEPS));
  };
  const children: SvgNode[] = [];
  const tiny = w < 34 || h < 18;
  const tones = Array.from({ length: STEPS }, () => "");
  const outlines: SvgNode[] = [];
  const seedRange = extent(data.cells.flatMap((c) => c.seeds ?? []));
  const strip = scaleLinear(seedRange ?? [0, 1], [8, Math.max(9, w - 10)]);
  for (const cell of data.cells) {
    const [from, top] = [x(cell.x) + 1, y(cell.y + 1) + 1];
    const at = {
      x: px(from),
      y: px(top),
      width: px(Math.max(0.5, w - 2)),
      height: px(Math.max(0.5, h - 2)),
      rx: w > 12 ? 2 : 0,
    };
    const middle = from + (w - 2) / 2;
    if (!finite(cell.value)) {
      children.push(el("rect", { class: "cell none", ...at }));
      if (cell.state && w > 40) children.push(text(middle, top + h / 2 + 3, cell.state, { "text-anchor": "middle" }));
      continue;
    }
    const tone = step(cell.value);
    if (tiny && !cell.mark) {
      tones[tone] += `M${at.x} ${at.y}h${at.width}v${at.height}h${-at.width}z`;
      continue;
    }
    const ink = tone > 3 ? "on-dark" : "on-light";
    children.push(el("rect", { class: `cell seq-${tone}`, ...at }));
    const seeds = (cell.seeds ?? []).filter(finite);
    const roomy = w >= 52 && h >= 44;
    const lines = roomy && finite(cell.low) && finite(cell.high);
    if (w >= 34 && h >= 18)
      children.push(
        text(middle, top + h / 2 + (lines ? -3 : 3.5), words(cell.value), {
          class: `value ${ink}`,
          "text-anchor": "middle",
        }),
      );
    if (lines)
      children.push(
        text(middle, top + h / 2 + 10, `±${words((cell.high! - cell.low!) / 2)}`, {
          class: ink,
          "text-anchor": "middle",
        }),
      );
    if (roomy && seeds.length > 1 && seedRange && h >= 52)
      children.push(
        el("path", {
          class: ink,
          "fill-opacity": 0.75,
          d: dotsPath(
            seeds.slice(0, 12).map((v) => ({ x: from + strip(v), y: top + h - 9 })),
            1.8,
          ),
        }),
      );
    if (cell.mark)
      outlines.push(
        el("rect", {
          class: `outline ${cell.mark}`,
          ...at,
          x: px(from - 1),
          y: px(top - 1),
          width: px(w),
          height: px(h),
          rx: 3,
        }),
      );
  }
  // Without room for words a path for each tone is enough.
  for (const [tone, d] of tones.entries()) if (d) children.push(el("path", { class: `cell seq-${tone}`, d }));
  const everyY = Math.ceil(data.ys.length / Math.max(1, Math.floor((box.bottom - box.top) / 18)));
  for (const [i, label] of data.xs.entries())
    if (i % everyX === 0) {
      const middle = { "text-anchor": "middle" };
      const [first, second] = twoLines(label, room) ?? [label, ""];
      children.push(fitted(x(i + 0.5), box.bottom + 16, first, room, middle));
      if (second) children.push(text(x(i + 0.5), box.bottom + 28, second, middle));
    }
  for (const [i, label] of data.ys.entries())
    if (i % everyY === 0)
      children.push(fitted(box.left - 8, y(i + 0.5) + 4, label, box.left - 28, { "text-anchor": "end" }));
  children.push(
    ...outlines,
    text(box.right, box.bottom + 22 + 12 * lines, data.xTitle, { "text-anchor": "end", class: "dim" }),
    el(
      "text",
      {
        class: "dim",
        "text-anchor": "middle",
        transform: `translate(12 ${px((box.top + box.bottom) / 2)}) rotate(-90)`,
      },
      [data.yTitle],
    ),
  );
  const best = data.cells.find((c) => c.mark === "best");
  const label = `Heat map of ${data.metric} over ${data.yTitle} and ${data.xTitle}: ${
    best && finite(best.value)
      ? `best ${words(best.value)} at ${data.yTitle} ${data.ys[best.y] ?? ""}, ${data.xTitle} ${data.xs[best.x] ?? ""}`
      : range
        ? `from ${words(range[0])} to ${words(range[1])}`
        : "no values yet"
  }${data === raw ? "" : "; neighbouring values put together"}.`;
  return picture(size, label, children);
}
