/** Loss against size: measured points, the fitted curve with its band, what was held out, residuals underneath. */
import {
  bandPath,
  cut,
  dotsPath,
  evenly,
  finite,
  hatch,
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
import { MAX_POINTS } from "./series";
import { el, type SvgNode } from "./svg";
import { type Axis, linearAxis, logAxis } from "./ticks";
import { percent, tick } from "./words";

export interface ScalingPlotPoint {
  x: number;
  y: number;
  /** Figures of the seeds. */
  seeds?: readonly number[];
  label?: string;
  heldOut?: boolean;
  /** What the curve says here; residuals are ln(measured / predicted). */
  predicted?: number | null;
}

export interface ScalingPlotCurve {
  points: readonly { x: number; y: number; low: number; high: number }[];
  label?: string;
}

export interface ScalingPlotData {
  points: readonly ScalingPlotPoint[];
  curves: readonly ScalingPlotCurve[];
  xTitle: string;
  yTitle: string;
  logX: boolean;
  logY: boolean;
  className: string;
  /** Levels such as chance or the floor. */
  references?: readonly { y: number; label: string }[];
}

const RESIDUALS = 76;
/** Letters of a point's label: beside a picture of 350 px there is no room for more. */
const LABEL = 20;

export function scalingPlot(data: ScalingPlotData, size: Size): SvgNode {
  const shows = (p: { x: number; y: number }) =>
    Number.isFinite(p.x) && Number.isFinite(p.y) && (!data.logX || p.x > 0) && (!data.logY || p.y > 0);
  const all = data.points.filter(shows);
  if (all.length === 0) return nothing(size, "No points yet");
  const points = evenly(
    all.toSorted((a, b) => a.x - b.x),
    MAX_POINTS,
  );
  const curves = data.curves.map((c) => ({ ...c, points: c.points.filter(shows) })).filter((c) => c.points.length > 1);
  const fitted = points.filter((p) => finite(p.predicted) && p.predicted > 0 && p.y > 0);
  const below = fitted.length > 0 ? RESIDUALS : 0;
  const references = (data.references ?? []).filter((r) => finite(r.y) && (!data.logY || r.y > 0));
  const labelled = references.length > 0 || curves.length > 1;
  const box = { left: 44, right: size.width - (labelled ? 92 : 16), top: 22, bottom: size.height - 40 - below };
  const xs = [...points.map((p) => p.x), ...curves.flatMap((c) => c.points.map((p) => p.x))];
  const top = Math.max(...points.map((p) => p.y));
  // References far above the data would press it flat: on a linear axis they are left out.
  const levels = data.logY ? references : references.filter((r) => r.y <= 1.5 * top);
  const ys = [
    ...points.flatMap((p) => [p.y, ...(p.seeds ?? []).slice(0, 12)]),
    ...curves.flatMap((c) => c.points.map((p) => p.y)),
    ...levels.map((r) => r.y),
  ].filter((v) => Number.isFinite(v) && (!data.logY || v > 0));
  const ax: Axis = data.logX ? logAxis(xs) : linearAxis(xs, { exact: true });
  const ay: Axis = data.logY ? logAxis(ys) : linearAxis(ys);
  const x = scaleOf(ax, [box.left, box.right]);
  const y = scaleOf(ay, [box.bottom, box.top]);
  const clamp = (v: number) => Math.max(box.top - 6, Math.min(box.bottom + 6, v));
  const children = yAxis(ay, y, box, data.yTitle);
  const measured = points.filter((p) => !p.heldOut);
  const beyond = measured.length > 0 ? x(Math.max(...measured.map((p) => p.x))) : box.right;
  if (curves.length > 0)
    children.push(el("path", { class: "hatch", d: hatch({ ...box, left: Math.min(beyond + 6, box.right) }) }));
  children.push(...xAxis(ax, x, { ...box, bottom: size.height - 40 }, data.xTitle));
  for (const r of levels)
    children.push(
      el("path", { class: "ref", d: `M${box.left} ${px(y(r.y))}H${box.right}` }),
      text(box.right + 6, y(r.y) + 4, r.label, { class: "dim" }),
    );
  const own: SvgNode[] = [];
  for (const [i, curve] of curves.entries()) {
    const band = curve.points.filter((p) => finite(p.low) && finite(p.high) && (!data.logY || p.low > 0));
    const d = bandPath(band.map((p) => ({ x: x(p.x), low: clamp(y(p.low)), high: clamp(y(p.high)) })));
    if (d) own.push(el("path", { class: "band", d }));
    const line = curve.points.map((p) => ({ x: x(p.x), y: clamp(y(p.y)) }));
    const inside = line.filter((p) => p.x <= beyond);
    const outside = line.filter((p) => p.x >= (inside.at(-1)?.x ?? 0));
    own.push(el("path", { class: "ln", d: linePath(inside) }));
    if (outside.length > 1) own.push(el("path", { class: "ln beyond", d: linePath(outside) }));
    const end = line.at(-1)!;
    if (curve.label) own.push(text(end.x + 6, end.y + 4 + (i % 2), curve.label, { class: "lab" }));
  }
  const seeds = points.flatMap((p) =>
    ((p.seeds?.length ?? 0) > 1 ? p.seeds!.slice(0, 12) : [])
      .filter((v) => !data.logY || v > 0)
      .map((v) => ({ x: x(p.x) + 7, y: y(v) })),
  );
  if (seeds.length > 0) own.push(el("path", { class: "seed", d: dotsPath(evenly(seeds, MAX_POINTS), 1.8) }));
  const sparse = points.length <= 40;
  if (!sparse)
    own.push(
      el("path", {
        class: "mark small",
        d: dotsPath(
          points.map((p) => ({ x: x(p.x), y: y(p.y) })),
          2.5,
        ),
      }),
    );
  for (const p of sparse ? points : []) {
    const at = { cx: px(x(p.x)), cy: px(y(p.y)) };
    own.push(el("circle", p.heldOut ? { class: "hollow", r: 5.5, ...at } : { class: "mark", r: 5, ...at }));
  }
  /** Where words stand that say what was held out: sizes leave them free. */
  const words: { from: number; to: number; y: number }[] = [];
  for (const p of sparse ? points : [])
    if (p.heldOut) {
      const at = x(p.x);
      // Beside the curve there is no room: the words stand above it.
      const said = `held out${p.label ? `, ${cut(p.label, LABEL)}` : ""}`;
      const up = Math.max(box.top + 12, y(p.y) - 34);
      const half = said.length * 3.2;
      const edge = at + half > size.width - 8 ? "end" : "middle";
      words.push({ from: at - (edge === "end" ? 2 * half - 8 : half), to: at + (edge === "end" ? 8 : half), y: up });
      own.push(
        el("path", { class: "ref", d: `M${px(at)} ${px(y(p.y) - 8)}V${px(up + 6)}` }),
        text(at + (edge === "end" ? 8 : 0), up, said, { class: "lab", "text-anchor": edge }),
      );
    }
  let free = Number.NEGATIVE_INFINITY;
  for (const p of sparse ? points : []) {
    const at = x(p.x);
    if (p.heldOut || !p.label || at < free) continue;
    const label = cut(p.label, LABEL);
    const wide = label.length * 6;
    const right = at + 10 + wide < box.right;
    // Seeds stand right of their point: a dot before "48" would read as .48.
    const aside = (p.seeds?.length ?? 0) > 1 ? 13 : 9;
    const [from, to] = right ? [at + aside, at + aside + wide] : [at - 2 - wide, at - 2];
    if (from < box.left || words.some((w) => w.from < to && w.to > from && Math.abs(w.y - (y(p.y) - 8)) < 13)) continue;
    free = at + (right ? wide + 4 : 8);
    own.push(
      text(at + (right ? aside : -2), y(p.y) - 8, label, { class: "dim", "text-anchor": right ? "start" : "end" }),
    );
  }
  children.push(el("g", { class: data.className }, own));
  if (fitted.length > 0)
    children.push(
      ...residualPanel(fitted, x, data.className, { ...box, top: box.bottom + 26, bottom: size.height - 40 }),
    );
  return picture(size, labelOf(data, points), children);
}

function residualPanel(
  points: readonly ScalingPlotPoint[],
  x: (v: number) => number,
  className: string,
  box: { left: number; right: number; top: number; bottom: number },
): SvgNode[] {
  const residuals = points.map((p) => Math.log(p.y / p.predicted!));
  const most = Math.max(0.01, ...residuals.map(Math.abs)) * 1.1;
  const y = scaleOf({ domain: [-most, most], ticks: [], log: false }, [box.bottom - 6, box.top]);
  const zero = px(y(0));
  // The mark of a tick that the eye can read: about half of the range.
  const step = linearAxis([0, most], { count: 2 }).ticks.find((t) => t > 0 && t <= most) ?? most;
  const nodes = [
    text(Math.max(0, box.left - 28), box.top - 4, "measured over curve", { class: "dim" }),
    el("path", { class: "axis", d: `M${box.left} ${zero}H${box.right}` }),
  ];
  for (const t of [step, -step])
    nodes.push(
      el("path", { class: "grid", d: `M${box.left} ${px(y(t))}H${box.right}` }),
      text(box.left - 4, y(t) + 4, `${t > 0 ? "+" : "−"}${percent(step, step < 0.02 ? 1 : 0)}`, {
        "text-anchor": "end",
      }),
    );
  const stems = points.map((p, i) => `M${px(x(p.x))} ${zero}V${px(y(residuals[i]!))}`).join("");
  const own: SvgNode[] = [el("path", { class: "whisk", d: stems })];
  for (const [out, name] of [
    [false, "mark small"],
    [true, "hollow"],
  ] as const) {
    const some = points.flatMap((p, i) => (Boolean(p.heldOut) === out ? [{ x: x(p.x), y: y(residuals[i]!) }] : []));
    if (some.length > 0) own.push(el("path", { class: name, d: dotsPath(some, some.length > 40 ? 2 : 3.5) }));
  }
  nodes.push(el("g", { class: className }, own));
  return nodes;
}

function labelOf(data: ScalingPlotData, points: readonly ScalingPlotPoint[]): string {
  const first = points[0]!;
  const last = points.at(-1)!;
  const held = points.filter((p) => p.heldOut && finite(p.predicted) && p.predicted > 0);
  const off = held.map((p) => Math.abs(p.predicted! / p.y - 1));
  return `${data.yTitle} against ${data.xTitle}: ${points.length} ${points.length === 1 ? "point" : "points"}, ${tick(first.y)} at ${tick(first.x)}${
    points.length > 1 ? ` to ${tick(last.y)} at ${tick(last.x)}` : ""
  }${data.curves.length > 0 ? ", with a fitted curve" : ""}${
    off.length > 0 ? `; held out, the curve is off by ${percent(Math.max(...off))} at most` : ""
  }.`;
}
