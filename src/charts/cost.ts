/** Retention against cost: one mark a system, cost on a log axis. */
import { scaleLinear, scaleLog } from "d3-scale";
import type { Figure } from "../core/evaluation/types";
import type { SystemName } from "../core/formats/result";
import { placeLabels } from "./labels";
import { extent } from "./series";
import { el, type SvgNode } from "./svg";
import { LOOKS, markPath } from "./systems";
import { linearAxis, logAxis } from "./ticks";
import { compact, percent, tick } from "./words";

export interface CostPoint {
  system: SystemName;
  /** FLOPs a query or milliseconds; 0 or null cannot stand on a log axis. */
  cost: number | null;
  retention: Figure;
}

/**
 * The picture, and in `left` the systems that have no place on it (no cost, or no retention).
 * @param width,height CSS pixels; texts keep their size whatever the width.
 */
export function costChart(
  points: readonly CostPoint[],
  { width, height, title }: { width: number; height: number; title: string },
): { svg: SvgNode; left: SystemName[] } {
  const shown = points.filter(
    (p) => p.cost !== null && p.cost > 0 && Number.isFinite(p.cost) && p.retention.value !== null,
  );
  const left = points.filter((p) => !shown.includes(p)).map((p) => p.system);
  const box = { left: 48, right: width - 96, top: 14, bottom: height - 34 };
  const xAxis = logAxis(shown.map((p) => p.cost!));
  const values = shown.flatMap((p) => [p.retention.value!, p.retention.low ?? NaN, p.retention.high ?? NaN]);
  // Room below the lowest: a mark on the axis itself would be half hidden, and its label pushed away from it.
  const [low, high] = extent([...values, 1])!;
  const yAxis = linearAxis([Math.max(0, low - 0.08 * (high - low)), high], { count: 4 });
  const x = scaleLog(xAxis.domain, [box.left + 10, box.right]);
  const y = scaleLinear(yAxis.domain, [box.bottom, box.top]);
  const n = (v: number) => Number(v.toFixed(1));
  const children: SvgNode[] = [];
  for (const t of yAxis.ticks) {
    children.push(
      el("path", { class: "grid", d: `M${box.left} ${n(y(t))}H${box.right}` }),
      el("text", { x: box.left - 8, y: n(y(t) + 4), "text-anchor": "end" }, [percent(t, 0)]),
    );
  }
  children.push(el("path", { class: "axis", d: `M${box.left} ${box.bottom}H${box.right}` }));
  for (const t of xAxis.ticks) {
    children.push(
      el("path", { class: "axis", d: `M${n(x(t))} ${box.bottom}v4` }),
      el("text", { x: n(x(t)), y: box.bottom + 16, "text-anchor": "middle" }, [t >= 10_000 ? compact(t) : tick(t)]),
    );
  }
  children.push(el("text", { x: box.right, y: height - 4, "text-anchor": "end" }, [title]));
  const labels = placeLabels(
    shown.map((p) => ({ key: p.system, y: y(p.retention.value!) + 4 })),
    14,
    box.top,
    box.bottom,
  );
  for (const p of shown) {
    const look = LOOKS[p.system];
    const px = x(p.cost!);
    const py = y(p.retention.value!);
    const parts: SvgNode[] = [];
    if (p.retention.low !== null && p.retention.high !== null)
      parts.push(el("path", { class: "whisk", d: `M${n(px)} ${n(y(p.retention.low))}V${n(y(p.retention.high))}` }));
    parts.push(el("path", { class: p.system === "bm25" ? "hollow" : "mark", d: markPath(p.system, px, py, 5) }));
    parts.push(el("text", { class: "lab", x: n(px + 10), y: n(labels.get(p.system)!) }, [look.label]));
    children.push(el("g", { class: look.className }, parts));
  }
  if (shown.length === 0)
    children.push(
      el("text", { x: (box.left + box.right) / 2, y: height / 2, "text-anchor": "middle" }, ["No figures yet"]),
    );
  const label = shown.length
    ? `Retention against ${title}: ${shown
        .map((p) => `${LOOKS[p.system].label} keeps ${percent(p.retention.value)} at ${tick(p.cost!)}`)
        .join(", ")}.`
    : `Retention against ${title}: no figures yet.`;
  const svg = el(
    "svg",
    { class: "chart", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
    children,
  );
  return { svg, left };
}
