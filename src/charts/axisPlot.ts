/** One axis and one figure: means joined by a line, a band for the interval, a dot for each seed. */
import { scalePoint } from "d3-scale";
import {
  bandPath,
  dotsPath,
  evenly,
  finite,
  fitted,
  linePath,
  nothing,
  picture,
  px,
  type Size,
  scaleOf,
  text,
  xAxis,
  yAxis,
} from "./frame";
import { placeLabels } from "./labels";
import { extent, MAX_POINTS } from "./series";
import { el, type SvgNode } from "./svg";
import { linearAxis, logAxis } from "./ticks";
import { share } from "./words";

export interface AxisPoint {
  /** A number, or the place of a word. */
  x: number;
  label: string;
  value: number | null;
  low?: number | null;
  high?: number | null;
  seeds?: readonly number[];
  mark?: "best" | "tied" | undefined;
}

export interface Reference {
  value: number;
  label: string;
  className: string;
  /** By `AxisPoint.x`, ascending. */
  points?: readonly { x: number; value: number }[];
}

export interface AxisPlotData {
  points: readonly AxisPoint[];
  xTitle: string;
  metric: string;
  /** Words stand at equal distances and are not joined. */
  numeric: boolean;
  /** The points differ in more than this setting: they are not joined. */
  scattered?: boolean;
  /** Class that sets the colour: "c-student". */
  className: string;
  logY?: boolean;
  /** Levels to compare with; with points, lines along the axis that end at `value`. */
  references?: readonly Reference[];
  words?: (v: number) => string;
}

/** Numbers over more than a factor of ten, all above 0: equal ratios deserve equal distances. */
export function wantsLog(values: readonly number[]): boolean {
  const range = extent(values);
  return range !== null && range[0] > 0 && range[1] / range[0] > 10;
}

export function axisPlot(data: AxisPlotData, size: Size): SvgNode {
  const usable = (v: number | null | undefined): v is number => finite(v) && (!data.logY || v > 0);
  const all = data.points
    .filter((p) => Number.isFinite(p.x) && usable(p.value))
    .toSorted((a, b) => a.x - b.x)
    .map((p) => ({ ...p, value: p.value! }));
  if (all.length === 0) return nothing(size, "No trials yet");
  const points = evenly(all, MAX_POINTS);
  const words = data.words ?? ((v: number) => share(v));
  const references = (data.references ?? []).filter((r) => usable(r.value));
  const levels = references.flatMap((r) => [r.value, ...(r.points ?? []).map((p) => p.value)]).filter(usable);
  const box = { left: 44, right: size.width - (references.length > 0 ? 96 : 16), top: 22, bottom: size.height - 38 };
  const values = points.flatMap((p) => [p.value, p.low, p.high, ...(p.seeds ?? [])]).filter(usable);
  const yTicks = data.logY ? logAxis([...values, ...levels]) : linearAxis([...values, ...levels]);
  const y = scaleOf(yTicks, [box.bottom, box.top]);
  const children = yAxis(yTicks, y, box, data.metric);
  let x: (p: { x: number }) => number;
  if (data.numeric) {
    const xs = points.map((p) => p.x);
    const axis = wantsLog(xs) ? logAxis(xs) : linearAxis(xs, { exact: true });
    const scale = scaleOf(axis, [box.left + 12, box.right - 12]);
    x = (p) => scale(p.x);
    children.push(...xAxis(axis, scale, box, data.xTitle));
  } else {
    const scale = scalePoint(
      points.map((p) => p.x),
      [box.left, box.right],
    ).padding(0.6);
    x = (p) => scale(p.x)!;
    children.push(el("path", { class: "axis", d: `M${box.left} ${box.bottom}H${box.right}` }));
    const words = new Map(points.map((p) => [p.x, p]));
    const every = Math.ceil(words.size / Math.max(1, Math.floor((box.right - box.left) / 72)));
    const room = every * scale.step() - 6;
    for (const [i, p] of [...words.values()].entries())
      if (i % every === 0) children.push(fitted(x(p), box.bottom + 16, p.label, room, { "text-anchor": "middle" }));
    children.push(text(box.right, box.bottom + 31, data.xTitle, { "text-anchor": "end" }));
  }
  // A line's values are those at the points that are shown; between words nothing is joined, so a step stands at each.
  const referencePath = ({ value, points: along }: Reference): string => {
    if (!along) return `M${box.left} ${px(y(value))}H${box.right}`;
    const shown = along.filter((p) => usable(p.value) && points.some((own) => own.x === p.x));
    if (data.numeric) return linePath(shown.map((p) => ({ x: x(p), y: y(p.value) })));
    return shown.map((p) => `M${px(x(p) - 14)} ${px(y(p.value))}h28`).join("");
  };
  const labels = placeLabels(
    references.map((r) => ({ key: r.label, y: y(r.value) + 4 })),
    13,
    box.top,
    box.bottom,
  );
  for (const r of references)
    children.push(
      el("g", { class: r.className }, [
        el("path", { class: "ref", d: referencePath(r) }),
        text(box.right + 6, labels.get(r.label)!, r.label, { class: "lab" }),
      ]),
    );
  const own: SvgNode[] = [];
  const banded = points.filter((p) => usable(p.low) && usable(p.high));
  if (data.numeric && !data.scattered) {
    const band = bandPath(banded.map((p) => ({ x: x(p), low: y(p.low!), high: y(p.high!) })));
    if (band) own.push(el("path", { class: "band", d: band }));
    if (points.length > 1)
      own.push(el("path", { class: "ln", d: linePath(points.map((p) => ({ x: x(p), y: y(p.value) }))) }));
  }
  if (points.length <= 60) {
    if (!data.numeric || data.scattered || banded.length === 1)
      for (const p of banded)
        own.push(el("path", { class: "whisk", d: `M${px(x(p))} ${px(y(p.low!))}V${px(y(p.high!))}` }));
    const seeds = points.flatMap((p) =>
      ((p.seeds?.length ?? 0) > 1 ? p.seeds! : []).filter(usable).map((v) => ({ x: x(p) + 7, y: y(v) })),
    );
    own.push(el("path", { class: "seed", d: dotsPath(evenly(seeds, MAX_POINTS), 2) }));
    for (const p of points) own.push(el("circle", { class: "mark", cx: px(x(p)), cy: px(y(p.value)), r: 4.5 }));
    for (const p of points)
      if (p.mark === "best")
        own.push(
          text(x(p), y(p.value) - 10, `best, ${words(p.value)}`, { class: "lab", "text-anchor": anchor(x(p), box) }),
        );
  } else if (data.scattered)
    own.push(
      el("path", {
        class: "mark small",
        d: dotsPath(
          points.map((p) => ({ x: x(p), y: y(p.value) })),
          3,
        ),
      }),
    );
  children.push(el("g", { class: data.className }, own));
  const best = points.find((p) => p.mark === "best");
  const [low, high] = extent(points.map((p) => p.value))!;
  const label = `${data.metric} against ${data.xTitle}: ${
    best ? `best ${words(best.value)} at ${best.label}` : `from ${words(low)} to ${words(high)}`
  }.`;
  return picture(size, label, children);
}

const anchor = (x: number, box: { left: number; right: number }) =>
  x > box.right - 40 ? "end" : x < box.left + 40 ? "start" : "middle";
