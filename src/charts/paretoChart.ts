/** Quality against cost: one mark a configuration and system, and the front that nothing beats. */
import { SYSTEMS, type SystemName } from "../core/formats/result";
import { cut, evenly, finite, nothing, picture, px, type Size, scaleOf, text, xAxis, yAxis } from "./frame";
import { MAX_POINTS } from "./series";
import { el, type SvgNode } from "./svg";
import { LOOKS, markPath } from "./systems";
import { linearAxis, logAxis } from "./ticks";
import { share, tick } from "./words";

export interface ParetoPoint {
  system: SystemName;
  cost: number;
  quality: number | null;
  low?: number | null;
  high?: number | null;
  label?: string;
}

export interface ParetoData {
  points: readonly ParetoPoint[];
  /** Places of the points on the front, by rising cost. */
  front: readonly number[];
  xTitle: string;
  yTitle: string;
}

/** Letters of a point's label. */
const LABEL = 28;

/** Where a label may stand: from left to right, and its baseline. */
interface LabelBox {
  from: number;
  to: number;
  y: number;
}

/** Places for a mark's label: right of it before left, above before below. */
const spotsOf = (cx: number, cy: number, label: string): LabelBox[] =>
  [cy - 7, cy + 17].flatMap((y) => [
    { from: cx + 9, to: cx + 9 + label.length * 6.6, y },
    { from: cx - 9 - label.length * 6.6, to: cx - 9, y },
  ]);

export function paretoChart(data: ParetoData, size: Size): SvgNode {
  const shows = (p: ParetoPoint) => finite(p.cost) && p.cost > 0 && finite(p.quality);
  const front = data.front.map((i) => data.points[i]).filter((p): p is ParetoPoint => p !== undefined && shows(p));
  const all = data.points.filter(shows);
  if (all.length === 0) return nothing(size, "No points yet");
  const points = [...new Set([...evenly(all, MAX_POINTS), ...evenly(front, MAX_POINTS)])];
  const box = { left: 44, right: size.width - 24, top: 22, bottom: size.height - 38 };
  const ax = logAxis(points.map((p) => p.cost));
  const ay = linearAxis(points.flatMap((p) => [p.quality, p.low, p.high]).filter(finite));
  const x = scaleOf(ax, [box.left + 8, box.right]);
  const y = scaleOf(ay, [box.bottom, box.top]);
  const children = [...yAxis(ay, y, box, data.yTitle), ...xAxis(ax, x, box, data.xTitle)];
  if (front.length > 0) {
    let d = `M${px(x(front[0]!.cost))} ${px(y(front[0]!.quality!))}`;
    for (const p of evenly(front, MAX_POINTS).slice(1)) d += `H${px(x(p.cost))}V${px(y(p.quality!))}`;
    children.push(el("path", { class: "front", d: `${d}H${box.right}` }));
  }
  const many = points.length > 60;
  const onFront = new Set(front);
  if (many)
    for (const system of SYSTEMS) {
      const d = points.flatMap((p) =>
        p.system === system ? [markPath(system, px(x(p.cost)), px(y(p.quality!)), 2.5)] : [],
      );
      if (d.length > 0)
        children.push(
          el("g", { class: LOOKS[system].className }, [el("path", { class: "mark small", d: d.join("") })]),
        );
    }
  const places = points.map((p): [number, number] => [x(p.cost), y(p.quality!)]);
  const taken: LabelBox[] = [];
  for (const p of (many ? [] : points).toSorted((a, b) => a.cost - b.cost)) {
    const [cx, cy] = [x(p.cost), y(p.quality!)];
    const parts: SvgNode[] = [];
    if (finite(p.low) && finite(p.high))
      parts.push(el("path", { class: "whisk", d: `M${px(cx)} ${px(y(p.low))}V${px(y(p.high))}` }));
    parts.push(
      el("path", {
        class: p.system === "bm25" ? "hollow" : "mark",
        d: markPath(p.system, px(cx), px(cy), 5),
      }),
    );
    const label = cut(p.label ?? LOOKS[p.system].label, LABEL);
    if (onFront.has(p) && front.length <= 24) {
      const spot = spotsOf(cx, cy, label).find(
        ({ from, to, y }) =>
          from > 4 &&
          to < size.width - 4 &&
          y < box.bottom &&
          !places.some(([mx, my]) => mx > from - 4 && mx < to + 4 && my > y - 14 && my < y + 5) &&
          !taken.some((other) => other.from < to + 4 && other.to > from - 4 && Math.abs(other.y - y) < 13),
      );
      // Where none is free the chart's words and table say it.
      if (spot) {
        taken.push(spot);
        const start = spot.from > cx;
        parts.push(
          text(start ? spot.from : spot.to, spot.y, label, { class: "lab", "text-anchor": start ? "start" : "end" }),
        );
      }
    }
    children.push(el("g", { class: LOOKS[p.system].className }, parts));
  }
  const label = `${data.yTitle} against ${data.xTitle}, ${points.length} ${points.length === 1 ? "point" : "points"}. On the Pareto front: ${front
    .slice(0, 6)
    .map((p) => `${p.label ?? LOOKS[p.system].label} with ${share(p.quality)} at ${tick(p.cost)}`)
    .join(", ")}${front.length > 6 ? ` and ${front.length - 6} more` : ""}.`;
  return picture(size, label, children);
}
