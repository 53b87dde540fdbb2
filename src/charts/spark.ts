/** The small curves inside stage cards and the whiskers inside table cells. */
import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import type { Figure } from "../core/evaluation/types";
import { bucket, extent, type Point, smooth } from "./series";
import { el, type SvgNode } from "./svg";

/**
 * A sparkline: raw faint, smoothed on top. Log y where asked and all values allow it. An empty series gives an empty
 * picture of the same size.
 */
export function sparkline(points: readonly Point[], { width = 62, height = 28, log = false, span = 0 } = {}): SvgNode {
  const root = (children: SvgNode[]) =>
    el("svg", { class: "spark", width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, children);
  const raw = bucket(points, 90);
  const usable = log && raw.every((p) => p.y > 0) ? raw.map((p) => ({ x: p.x, y: Math.log(p.y) })) : raw;
  const xs = extent(usable.map((p) => p.x));
  const ys = extent(usable.map((p) => p.y));
  if (!xs || !ys) return root([]);
  const x = scaleLinear([xs[0], xs[1] === xs[0] ? xs[0] + 1 : xs[1]], [1, width - 3]);
  const y = scaleLinear(ys[0] === ys[1] ? [ys[0] - 1, ys[1] + 1] : ys, [height - 2, 2]);
  const path = line<Point>()
    .x((p) => x(p.x))
    .y((p) => y(p.y))
    .digits(1);
  const last = usable.at(-1)!;
  if (usable.length === 1) return root([el("circle", { class: "dot", cx: x(last.x), cy: y(last.y), r: 2 })]);
  const children = [el("path", { d: path(smooth(usable, span)) ?? "" })];
  if (span > 0) children.unshift(el("path", { class: "gh", d: path(usable) ?? "" }));
  return root(children);
}

/** A figure with its interval on [low, high]: a line, two ends and a dot. Empty where the figure has no value. */
export function whisker(figure: Figure, domain: [number, number], { width = 160, height = 12 } = {}): SvgNode {
  const x = scaleLinear(domain, [3, width - 3]).clamp(true);
  const mid = height / 2;
  const children = [el("path", { class: "track", d: `M0 ${mid + 0.5}H${width}` })];
  // Where the range goes to both sides of 0, 0 is what the eye looks for.
  if (domain[0] < 0 && domain[1] > 0)
    children.push(el("path", { class: "zero", d: `M${Number(x(0).toFixed(1))} 0V${height}` }));
  if (figure.value !== null && Number.isFinite(figure.value)) {
    const low = x(figure.low ?? figure.value);
    const high = x(figure.high ?? figure.value);
    const n = (v: number) => Number(v.toFixed(1));
    children.push(
      el("path", { class: "whisk", d: `M${n(low)} ${mid}H${n(high)}M${n(low)} ${mid - 3}v6M${n(high)} ${mid - 3}v6` }),
      el("circle", { class: "dot", cx: n(x(figure.value)), cy: mid, r: 2.5 }),
    );
  }
  return el(
    "svg",
    { class: "whisker", width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
    children,
  );
}
