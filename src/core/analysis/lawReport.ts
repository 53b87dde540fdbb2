/**
 * A law through a sweep's points, as it is shown: constants, curve and band inside and beyond the data, residuals, what
 * was held out, what ten times more would buy, and how to split a budget.
 *
 * Intervals: a hierarchical bootstrap where the points say how they vary: seeds drawn anew within each size, then a query
 * error of the width that each seed's own interval has (the sizes stay: with five to eight of them, drawing sizes would
 * lose the law). Points without either: the residual bootstrap of core/scaling.
 */
import { LabError } from "../errors";
import { quantile } from "../quantile";
import { random } from "../random";
import { bestFit, logPoints } from "../scaling/bestFit";
import { doubts, refusal } from "../scaling/doubts";
import { type FitOptions, fitLaw, type LawFit } from "../scaling/fit";
import { intervals, resampled } from "../scaling/intervals";
import { LAWS, type Law, type LawName, type LogPoints, type ScalingPoint } from "../scaling/laws";
import { better, type Fitted, minimise } from "../scaling/minimise";
import type { SizedPoint } from "./scalingPoints";

export interface Predicted {
  value: number;
  low: number;
  high: number;
}

export interface LawPoint {
  /** Place among the points that were given. */
  index: number;
  n: number;
  d: number;
  loss: number;
  predicted: number;
  /** ln(measured / predicted). */
  residual: number;
  heldOut: boolean;
}

/** Along one variable, the other (where the law has it) fixed. */
export interface LawCurve {
  along: "n" | "d";
  /** The fixed variable's value; null where the law has one variable. */
  at: number | null;
  points: { x: number; y: number; low: number; high: number }[];
}

export interface Purchase {
  /** "10 times the parameters" */
  what: string;
  n: number | null;
  d: number | null;
  predicted: Predicted;
  /** Loss at the largest size measured, by the curve. */
  now: number;
  /** A plain warning: how far outside the data this lies. */
  warning: string;
}

export interface Split {
  compute: number;
  n: Predicted;
  d: Predicted;
  loss: Predicted;
  /** Training FLOPs a parameter and pair: median over the points. */
  perParameterPair: number;
  warning: string | null;
}

export interface LawReport {
  fit: LawFit;
  method: "hierarchical bootstrap: seeds, then queries" | "hierarchical bootstrap: queries only" | "residual bootstrap";
  samples: number;
  curves: LawCurve[];
  points: LawPoint[];
  /** Mean and largest |predicted/measured - 1| of the held-out points; null where none is. */
  heldOutError: { mean: number; max: number; sizes: number; times: number } | null;
  purchases: Purchase[];
}

export interface LawOptions {
  samples: number;
  seed: number;
  /** How many of the largest sizes are kept out of the fit. */
  holdOut: number;
}

const Z = 1.959964;

/** Standard error in ln L of one seed's loss from its own interval; null where it has none. */
function queryError(seed: SizedPoint["seeds"][number]): number | null {
  const { loss, low, high } = seed;
  if (low === null || high === null || !(low > 0) || !(high >= low) || !(loss > 0)) return null;
  return Math.log(high / low) / (2 * Z);
}

/** Coefficients of the law on resampled points: seeds within each size, then queries. */
function hierarchical(
  law: Law,
  logs: LogPoints,
  points: readonly SizedPoint[],
  fitted: Fitted,
  { samples, seed }: LawOptions,
): Float64Array[] {
  const from = [fitted.theta, ...law.awayFromZero(fitted.theta, Math.min(...logs.y))];
  return Array.from({ length: samples }, (_, sample) => {
    const source = random(seed, "sizes", points.length, sample);
    const y = Float64Array.from(points, ({ seeds }) => {
      let sum = 0;
      for (let slot = 0; slot < seeds.length; slot++) {
        const drawn = seeds[seeds.length === 1 ? 0 : source.int(seeds.length)]!;
        sum += drawn.loss * Math.exp((queryError(drawn) ?? 0) * source.normal());
      }
      return Math.log(sum / seeds.length);
    });
    const again = { ...logs, y };
    return from.map((theta) => minimise(law, again, theta, false)).reduce(better).theta;
  });
}

const toPoint = ({ n, d, loss }: SizedPoint): ScalingPoint => ({ n, d, loss });

/** Which of the points are of the largest sizes, in the law's variables. */
export function largest(form: LawName, points: readonly SizedPoint[], sizes: number): boolean[] {
  const size = (p: SizedPoint) => LAWS[form].uses.reduce((product, key) => product * p[key], 1);
  const all = [...new Set(points.map(size))].sort((a, b) => a - b);
  const from =
    sizes > 0 ? (all[Math.max(0, all.length - sizes)] ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  return points.map((p) => size(p) >= from);
}

interface Solved {
  law: Law;
  logs: LogPoints;
  theta: Float64Array;
  thetas: Float64Array[];
}

function predict({ law, logs }: Solved, theta: Float64Array, n: number, d: number): number {
  const gradient = new Float64Array(law.size);
  return Math.exp(law.predict(theta, Math.log(n) - logs.centreU, Math.log(d) - logs.centreV, gradient));
}

function spread(values: Float64Array, value: number): Predicted {
  const sorted = values.filter(Number.isFinite).sort();
  if (sorted.length === 0) return { value, low: value, high: value };
  return { value, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
}

const at = (solved: Solved, n: number, d: number): Predicted =>
  spread(
    Float64Array.from(solved.thetas, (theta) => predict(solved, theta, n, d)),
    predict(solved, solved.theta, n, d),
  );

const STEPS = 48;
const MOST_CURVES = 6;

function curvesOf(solved: Solved, points: readonly SizedPoint[]): LawCurve[] {
  const { law } = solved;
  const along = law.uses.includes("n") ? "n" : "d";
  const other = along === "n" ? "d" : "n";
  const xs = points.map((p) => p[along]);
  const [low, high] = [Math.min(...xs) / 1.5, Math.max(...xs) * 3];
  const fixed = law.uses.length === 2 ? [...new Set(points.map((p) => p[other]))].sort((a, b) => a - b) : [null];
  const some =
    fixed.length <= MOST_CURVES
      ? fixed
      : Array.from({ length: MOST_CURVES }, (_, i) => fixed[Math.round((i * (fixed.length - 1)) / (MOST_CURVES - 1))]!);
  return some.map((value) => ({
    along,
    at: value,
    points: Array.from({ length: STEPS }, (_, i) => {
      const x = low * (high / low) ** (i / (STEPS - 1));
      const [n, d] = along === "n" ? [x, value ?? 1] : [value ?? 1, x];
      const { value: y, ...band } = at(solved, n, d);
      return { x, y, ...band };
    }),
  }));
}

const NAMES = { n: "parameters", d: "training pairs" } as const;
const factor = (x: number) => (x >= 10 ? String(Math.round(x)) : x.toFixed(1));

function purchasesOf(solved: Solved, points: readonly SizedPoint[]): Purchase[] {
  const { uses } = solved.law;
  const top = { n: Math.max(...points.map((p) => p.n)), d: Math.max(...points.map((p) => p.d)) };
  const now = at(solved, top.n, top.d).value;
  const wanted: ("n" | "d")[][] = uses.length === 2 ? [["n"], ["d"], ["n", "d"]] : [[...uses]];
  return wanted.map((more) => {
    const n = top.n * (more.includes("n") ? 10 : 1);
    const d = top.d * (more.includes("d") ? 10 : 1);
    // Of what is multiplied; of both, the shorter one is what the extrapolation hangs on.
    const span = Math.min(...more.map((key) => top[key] / Math.min(...points.map((p) => p[key]))));
    return {
      what: `10 times the ${more.map((key) => NAMES[key]).join(" and ")}`,
      n: uses.includes("n") ? n : null,
      d: uses.includes("d") ? d : null,
      predicted: at(solved, n, d),
      now,
      warning: `This is 10 times beyond the largest size measured, from data that span a factor of ${factor(span)}: an extrapolation, not a measurement. The interval holds only if the law goes on.`,
    };
  });
}

/** Beyond this ratio between points, compute does not go as N times D: with a fixed number of steps it does not know D. */
const MOST_APART = 5;

/**
 * The points' training FLOPs a parameter and pair, their median; in `problem` why there is no such figure.
 */
export function flopsPerParameterPair(points: readonly SizedPoint[]): { value: number | null; problem: string } {
  const found = points.map((p) => p.compute / (p.n * p.d)).sort((a, b) => a - b);
  if (found.length === 0 || !found.every((k) => Number.isFinite(k) && k > 0))
    return { value: null, problem: "The records do not say how many operations each training took." };
  const apart = found.at(-1)! / found[0]!;
  if (apart > MOST_APART)
    return {
      value: null,
      problem: `The trainings' operations a parameter and pair differ by a factor of ${factor(apart)}: compute does not go as N times D here (steps that do not grow with the data, or small towers). A budget cannot be split by these runs.`,
    };
  return { value: quantile(Float64Array.from(found), 0.5), problem: "" };
}

/** N that minimises the law's loss under compute = k N D, in closed form. */
function optimalSize(form: LawName, c: Record<string, number>, budget: number): number {
  const { A, B, alpha, beta } = c as { A: number; B: number; alpha: number; beta: number };
  if (form === "chinchilla") return (((alpha * A) / (beta * B)) * budget ** beta) ** (1 / (alpha + beta));
  const r = alpha / beta;
  return ((r * A ** r * budget) / B) ** (1 / (r + 1));
}

/**
 * How a compute budget is best split between parameters and pairs, by the law.
 * @returns null for a law of one variable, and where the points' compute is unknown
 */
export function optimalSplit(
  form: LawName,
  points: readonly SizedPoint[],
  compute: number,
  options: LawOptions,
): Split | null {
  const k = flopsPerParameterPair(points).value;
  if (LAWS[form].uses.length < 2 || k === null || !(compute > 0)) return null;
  const solved = solve(form, points, options);
  if (!solved) return null;
  const one = (theta: Float64Array) => {
    const n = optimalSize(form, solved.law.publish(theta, solved.logs), compute / k);
    const d = compute / k / n;
    return { n, d, loss: predict(solved, theta, n, d) };
  };
  const best = one(solved.theta);
  const others = solved.thetas.map(one);
  const of = (key: "n" | "d" | "loss") =>
    spread(
      Float64Array.from(others, (o) => o[key]),
      best[key],
    );
  const outside = (["n", "d"] as const).flatMap((key) => {
    const values = points.map((p) => p[key]);
    const above = best[key] / Math.max(...values);
    const below = Math.min(...values) / best[key];
    if (above > 1.05) return [`${factor(above)} times the largest number of ${NAMES[key]}`];
    return below > 1.05 ? [`${factor(below)} times below the smallest number of ${NAMES[key]}`] : [];
  });
  return {
    compute,
    n: of("n"),
    d: of("d"),
    loss: of("loss"),
    perParameterPair: k,
    warning: outside.length > 0 ? `Outside the data: ${outside.join(" and ")} that was measured.` : null,
  };
}

function checked(form: LawName, points: readonly SizedPoint[]): void {
  const { uses } = LAWS[form];
  for (const [i, point] of points.entries())
    for (const key of [...uses, "loss"] as const)
      if (!(Number.isFinite(point[key]) && point[key] > 0))
        throw new LabError(
          "bad-input",
          `Point ${i + 1}: ${key === "loss" ? "the loss" : NAMES[key]} is ${point[key]}.`,
          "A scaling law lives on logarithms: every value has to be a number above 0.",
        );
}

function solve(
  form: LawName,
  points: readonly SizedPoint[],
  options: LawOptions,
): (Solved & { fitted: Fitted; method: LawReport["method"] }) | null {
  const law = LAWS[form];
  const logs = logPoints(law, points.map(toPoint));
  if (refusal(law, logs)) return null;
  const fitted = bestFit(law, logs);
  const varied = points.every((p) => p.seeds.length > 1);
  const measured = points.every((p) => p.seeds.length > 0 && p.seeds.every((seed) => queryError(seed) !== null));
  const method: LawReport["method"] = varied
    ? "hierarchical bootstrap: seeds, then queries"
    : measured
      ? "hierarchical bootstrap: queries only"
      : "residual bootstrap";
  const thetas =
    method === "residual bootstrap"
      ? resampled(law, logs, fitted, options)
      : hierarchical(law, logs, points, fitted, options);
  return { law, logs, theta: fitted.theta, thetas, fitted, method };
}

/** Why there is no law, where sizes are held out: the reader sees all of the points, and counts them. */
function withheld(form: LawName, points: readonly SizedPoint[], out: number, flags: string[]): string[] {
  if (out === 0) return flags;
  if (out < points.length)
    return [
      ...flags,
      `${out} more ${out === 1 ? "is" : "are"} held out and not fitted: hold out fewer to fit them too.`,
    ];
  const sizes = new Set(points.map((p) => LAWS[form].uses.map((key) => p[key]).join())).size;
  const what = sizes === 1 ? "points are of one size" : `${sizes} sizes are held out`;
  return [`All ${what}: a law wants 4 sizes or more to be fitted to.`];
}

/**
 * @throws LabError "bad-input" where a value is no number above 0. Points without a law are no error: `fit.flags` says why
 * there is none, and curves are empty.
 */
export function lawReport(form: LawName, points: readonly SizedPoint[], options: LawOptions): LawReport {
  checked(form, points);
  const held = largest(form, points, options.holdOut);
  const kept = points.filter((_, i) => !held[i]);
  // Its own intervals and its own check on held-out sizes are not used: both are made below, of these points.
  const bare: FitOptions = { samples: 1, seed: options.seed, holdOut: 0 };
  const solved = solve(form, kept, options);
  // The words of a refusal are those of the fit itself.
  const fit = fitLaw(form, kept.map(toPoint), bare);
  if (!solved || !fit.parameters) {
    return {
      fit: { ...fit, heldOut: null, flags: withheld(form, points, points.length - kept.length, fit.flags) },
      method: "residual bootstrap",
      samples: 0,
      curves: [],
      points: [],
      heldOutError: null,
      purchases: [],
    };
  }
  const constants = intervals(solved.law, solved.logs, solved.thetas);
  const flags = doubts(solved.law, solved.logs, fit.parameters, fit.r2 ?? 0, constants);
  if (solved.method === "hierarchical bootstrap: queries only")
    flags.push("One seed a size: the intervals show the choice of queries only, not the luck of a seed.");
  const shown = points.map((p, index): LawPoint => {
    const predicted = predict(solved, solved.theta, p.n, p.d);
    return {
      index,
      n: p.n,
      d: p.d,
      loss: p.loss,
      predicted,
      residual: Math.log(p.loss / predicted),
      heldOut: held[index]!,
    };
  });
  const out = shown.filter((p) => p.heldOut);
  const errors = out.map((p) => Math.abs(p.predicted / p.loss - 1));
  const size = (p: { n: number; d: number }) => solved.law.uses.reduce((product, key) => product * p[key], 1);
  return {
    fit: { ...fit, intervals: constants, heldOut: null, flags },
    method: solved.method,
    samples: options.samples,
    curves: curvesOf(solved, points),
    points: shown,
    heldOutError:
      out.length > 0
        ? {
            mean: errors.reduce((sum, e) => sum + e, 0) / errors.length,
            max: Math.max(...errors),
            sizes: new Set(out.map(size)).size,
            times: Math.max(...out.map(size)) / Math.max(...kept.map(size)),
          }
        : null,
    purchases: purchasesOf(solved, points),
  };
}
