/** What the charts of sweeps share: a frame with axes, numbers short enough for a file, words where there is no data. */
import { scaleLinear, scaleLog } from "d3-scale";
import { el, type SvgNode } from "./svg";
import type { Axis } from "./ticks";
import { compact, tick } from "./words";

export interface Size {
  /** CSS pixels; texts keep their size whatever the width. */
  width: number;
  height: number;
}

export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** A coordinate to a tenth of a pixel. */
export const px = (v: number): number => Number(v.toFixed(1));

export const finite = (v: number | null | undefined): v is number => typeof v === "number" && Number.isFinite(v);

export function text(x: number, y: number, words: string, attrs: SvgNode["attrs"] = {}): SvgNode {
  return el("text", { x: px(x), y: px(y), ...attrs }, [words]);
}

/** Advance of a letter of 11 px, from measured labels: upright, and bold. */
const LETTER = 6.8;
const BOLD = 7;

/** Words of so many letters at most. */
export function cut(words: string, most: number): string {
  const letters = [...words];
  if (letters.length <= most) return words;
  return `${letters
    .slice(0, most - 1)
    .join("")
    .trimEnd()}…`;
}

/** A list such as "first and last layers, 80" of so many letters at most: its longest parts are cut, the others stay whole. */
export function cutList(words: string, most: number): string {
  const parts = words.split(", ");
  let over = words.length - most;
  const lengths = parts.map((part) => part.length);
  while (over > 0) {
    const longest = Math.max(...lengths);
    if (longest <= 3) break;
    lengths[lengths.indexOf(longest)] = longest - 1;
    over--;
  }
  return parts.map((part, i) => cut(part, lengths[i]!)).join(", ");
}

/** Words in two lines at most, so that each fits a width; null where one line is enough. */
export function twoLines(words: string, width: number): [string, string] | null {
  const most = Math.max(2, Math.floor(width / LETTER));
  if (words.length <= most) return null;
  const gap = words.lastIndexOf(" ", most);
  return gap > 0 ? [words.slice(0, gap), cut(words.slice(gap + 1), most)] : null;
}

/** Words cut to a width, which a pointer held over them shows whole. */
export function fitted(
  x: number,
  y: number,
  words: string,
  width: number,
  attrs: SvgNode["attrs"] = {},
  shorten = cut,
): SvgNode {
  const most = Math.max(2, Math.floor(width / (attrs["class"] === "strong" ? BOLD : LETTER)));
  const short = shorten(words, most);
  const node = text(x, y, short, attrs);
  if (short === words) return node;
  return { ...node, children: [...node.children, el("title", {}, [words])] };
}

/** The chart's root: `label` states the finding, for those who do not see the picture. */
export function picture({ width, height }: Size, label: string, children: SvgNode[]): SvgNode {
  const attrs = { class: "chart", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label };
  return el("svg", attrs, children);
}

/** A picture of words alone. */
export function nothing(size: Size, words: string): SvgNode {
  return picture(size, words, [text(size.width / 2, size.height / 2, words, { "text-anchor": "middle" })]);
}

export function scaleOf(axis: Axis, range: [number, number]): (v: number) => number {
  return axis.log ? scaleLog(axis.domain, range) : scaleLinear(axis.domain, range);
}

/** A tick's words: 100k from ten thousand on, for wide numbers run into each other. */
export const tickWords = (v: number): string => (Math.abs(v) >= 10_000 ? compactUp(v) : tick(v));

function compactUp(v: number): string {
  if (Math.abs(v) < 1e9) return compact(v);
  const e = Math.floor(Math.log10(v));
  return `${Number((v / 10 ** e).toPrecision(2))}e${e}`;
}

/** Hairlines and words of a vertical axis; its title stands above it. */
export function yAxis(axis: Axis, scale: (v: number) => number, box: Box, title = "", words = tickWords): SvgNode[] {
  const nodes = axis.ticks.flatMap((t) => [
    el("path", { class: "grid", d: `M${box.left} ${px(scale(t))}H${box.right}` }),
    text(box.left - 8, scale(t) + 4, words(t), { "text-anchor": "end" }),
  ]);
  if (title) nodes.push(text(Math.max(0, box.left - 28), 10, title, { class: "dim" }));
  return nodes;
}

/** A horizontal axis with its title at the end, below the words. Ticks that would run into the one before are left out. */
export function xAxis(axis: Axis, scale: (v: number) => number, box: Box, title = "", words = tickWords): SvgNode[] {
  const nodes = [el("path", { class: "axis", d: `M${box.left} ${px(box.bottom)}H${box.right}` })];
  let free = Number.NEGATIVE_INFINITY;
  for (const t of axis.ticks) {
    const at = scale(t);
    const half = words(t).length * 3.2;
    nodes.push(el("path", { class: "axis", d: `M${px(at)} ${px(box.bottom)}v4` }));
    if (at - half < free) continue;
    free = at + half + 6;
    nodes.push(text(at, box.bottom + 16, words(t), { "text-anchor": "middle" }));
  }
  if (title) nodes.push(text(box.right, box.bottom + 31, title, { "text-anchor": "end" }));
  return nodes;
}

/** A polyline through points; "" for none. */
export function linePath(points: readonly { x: number; y: number }[]): string {
  return points.map((p, i) => `${i === 0 ? "M" : "L"}${px(p.x)} ${px(p.y)}`).join("");
}

/** The area between two lines over the same x. */
export function bandPath(points: readonly { x: number; low: number; high: number }[]): string {
  if (points.length < 2) return "";
  const there = points.map((p) => ({ x: p.x, y: p.high }));
  const back = points.toReversed().map((p) => `L${px(p.x)} ${px(p.low)}`);
  return `${linePath(there)}${back.join("")}Z`;
}

/** Diagonal strokes that fill a rectangle: what lies beyond the data. Drawn, not a pattern: ids would clash in a page. */
export function hatch({ left, right, top, bottom }: Box, gap = 9): string {
  const [w, h] = [right - left, bottom - top];
  if (!(w > 1 && h > 1)) return "";
  let d = "";
  for (let c = gap; c < w + h; c += gap) {
    const [x1, y1] = c <= w ? [c, 0] : [w, c - w];
    const [x2, y2] = c <= h ? [0, c] : [c - h, h];
    d += `M${px(left + x1)} ${px(top + y1)}L${px(left + x2)} ${px(top + y2)}`;
  }
  return d;
}

/** Small dots, as one path: thousands of circles would weigh too much. */
export function dotsPath(points: readonly { x: number; y: number }[], r: number): string {
  return points
    .map((p) => `M${px(p.x - r)} ${px(p.y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`)
    .join("");
}

/** At most `most` of a list, evenly taken, first and last among them. */
export function evenly<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, i) => list[Math.round((i * (list.length - 1)) / (most - 1))]!);
}
