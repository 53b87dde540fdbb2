/** From the analysis of a scaling sweep to what its charts draw. */

import { axesOf, groupTrials } from "../core/analysis/groups";
import { paretoFront } from "../core/analysis/pareto";
import type { ScalingReport } from "../core/analysis/scaling";
import type { SizedPoint } from "../core/analysis/scalingPoints";
import { ENTROPY_MEASURES, figureOf, lessIsBetter, type Trial } from "../core/analysis/trial";
import type { SettingValue } from "../core/config/paths";
import { SYSTEMS } from "../core/formats/result";
import { listedValue } from "./ablationWords";
import type { ParetoData, ParetoPoint } from "./paretoChart";
import type { ScalingPlotData } from "./scalingPlot";
import { settingWords } from "./settingWords";
import { LOOKS } from "./systems";
import { compact, loss, share, tick } from "./words";

/** ln(256 + 1): the entropy of a tower pair that tells nothing apart. */
const CHANCE = Math.log(257);

/** What tells the sizes of a sweep apart. */
export interface SizeNames {
  /** "64 × 1" where width and layers differ, else the values of the settings that differ. */
  of(assignments: SizedPoint["assignments"]): string;
  /** Which settings these are, in words; "" where none differs. */
  settings: string;
}

export function sizeNames(all: readonly { assignments: SizedPoint["assignments"] }[]): SizeNames {
  const axes = axesOf(all);
  const value = (v: SettingValue | undefined, path: string) =>
    v === undefined ? "–" : typeof v === "number" && v >= 10_000 ? compact(v) : listedValue(path, v);
  const tower = (["teacher", "student"] as const).find(
    (name) => axes.some((a) => a.path === `${name}.width`) && axes.some((a) => a.path === `${name}.layers`),
  );
  const shape = tower ? [`${tower}.width`, `${tower}.layers`] : [];
  const rest = axes.map((a) => a.path).filter((path) => !shape.includes(path));
  return {
    of: (assignments) =>
      [
        ...(shape.length > 0 ? [shape.map((path) => String(assignments[path] ?? "–")).join(" × ")] : []),
        ...rest.map((path) => value(assignments[path], path)),
      ].join(", "),
    settings: [
      ...(shape.length > 0 ? [`${tower} width × layers`] : []),
      ...rest.map((path) => settingWords(path)),
    ].join(", "),
  };
}

/** 27600 -> "2.76 × 10⁴"; .48 -> ".48". */
export function constantWords(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e4 || size < 1e-3) {
    const e = Math.floor(Math.log10(size));
    return `${(value / 10 ** e).toFixed(2)} × 10${superscript(e)}`;
  }
  if (size >= 1) return tick(Number(value.toPrecision(size >= 1000 ? 4 : 3)));
  return share(value).replace(/\.?0+$/, "");
}

const superscript = (n: number) => [...String(n)].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]!)).join("");

/** Points that are labelled in a picture of a law. */
const MOST_LABELLED = 12;

/** "Labels: teacher width.": what the labels of a law's picture are; "" where there are none. */
export function labelWords({ set }: ScalingReport): string {
  const { settings } = sizeNames(set.points);
  return settings && set.points.length <= MOST_LABELLED ? `Labels: ${settings}.` : "";
}

/** Measured points and the law through them. */
export function lawPlotData(report: ScalingReport, log: { x: boolean; y: boolean }): ScalingPlotData {
  const { set, law } = report;
  const along = law.fit.form === "D" ? "d" : "n";
  const two = law.curves.length > 1;
  const short = set.points.length <= MOST_LABELLED;
  const names = sizeNames(set.points);
  const { delta, E } = law.fit.parameters ?? {};
  const floor = delta ?? E ?? 0;
  const least = Math.min(...set.points.map((p) => p.loss));
  return {
    points: set.points.map((p, i) => {
      const shown = law.points.find((q) => q.index === i);
      return {
        x: p[along],
        y: p.loss,
        seeds: p.seeds.map((s) => s.loss),
        ...(short ? { label: names.of(p.assignments) } : {}),
        heldOut: shown?.heldOut ?? false,
        predicted: shown?.predicted ?? null,
      };
    }),
    curves: law.curves.map((c) => ({
      points: c.points,
      ...(two && c.at !== null ? { label: `${compact(c.at)} ${along === "n" ? "pairs" : "parameters"}` } : {}),
    })),
    xTitle: along === "n" ? "parameters without embeddings, N" : "training pairs, D",
    yTitle: `${set.measure}${set.measure.startsWith("contrastive") ? ", nats" : ""}`,
    logX: log.x,
    logY: log.y,
    className: LOOKS[set.system].className,
    references: [
      ...(set.measure.startsWith("contrastive") ? [{ y: CHANCE, label: "chance, ln 257" }] : []),
      // Far below the data a floor says nothing, and on a log axis it would press the points together.
      ...(!two && floor > 0.2 * least ? [{ y: floor, label: `floor ${constantWords(floor)}` }] : []),
    ],
  };
}

export const COSTS = {
  queryFlops: "FLOPs a query",
  n: "parameters of the query tower",
  compute: "training FLOPs",
  d: "training pairs",
  latency: "query latency p50, ms",
} as const;
export type Cost = keyof typeof COSTS;

const COST_OF: Record<Cost, "queryFlops" | "queryParams" | "trainingFlops" | "trainingPairs" | "latencyMs"> = {
  queryFlops: "queryFlops",
  n: "queryParams",
  compute: "trainingFlops",
  d: "trainingPairs",
  latency: "latencyMs",
};

/** The costs that the trials know. */
export const costsOf = (trials: readonly Trial[]): Cost[] =>
  (Object.keys(COSTS) as Cost[]).filter((cost) =>
    trials.some((t) => SYSTEMS.some((system) => (t.systems[system]?.[COST_OF[cost]] ?? 0) > 0)),
  );

/** Every configuration and system (means over seeds) by what it costs, and the front that nothing beats. */
export function qualityData(trials: readonly Trial[], metric: string, cost: Cost): ParetoData {
  const names = sizeNames(trials);
  const groups = new Map<string, { system: ParetoPoint["system"]; costs: number[]; values: number[]; label: string }>();
  for (const { key, assignments, trials: seeds } of groupTrials(trials))
    for (const trial of seeds)
      for (const system of SYSTEMS) {
        const value = figureOf(trial.systems[system], metric)?.value;
        if (value == null) continue;
        const of = trial.systems[system]![COST_OF[cost]] ?? Number.NaN;
        const id = `${system} ${key}`;
        const group = groups.get(id) ?? { system, costs: [], values: [], label: names.of(assignments) };
        group.costs.push(of);
        group.values.push(value);
        groups.set(id, group);
      }
  const alone = new Set([...groups.values()].map((g) => g.system)).size === 1;
  const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  // A system that the swept settings do not reach is one and the same in many trials: equal with every seed.
  const points = new Map<string, ParetoPoint>();
  for (const { system, costs, values, label } of groups.values()) {
    const same = `${system} ${costs.join(" ")} ${values.join(" ")}`;
    const shown = alone && system !== "bm25" ? label : `${LOOKS[system].label} ${label}`;
    points.set(same, {
      system,
      cost: mean(costs),
      quality: mean(values),
      ...(values.length > 1 ? { low: Math.min(...values), high: Math.max(...values) } : {}),
      label: points.has(same) || system === "bm25" ? LOOKS[system].label : shown,
    });
  }
  const front = paretoFront(
    [...points.values()].map((p) => ({ cost: p.cost, quality: p.quality ?? Number.NaN })),
    lessIsBetter(metric),
  );
  return { points: [...points.values()], front, xTitle: COSTS[cost], yTitle: metric };
}

/** What the held-out sizes said of the law, in a sentence. */
export function heldOutWords({ law }: ScalingReport): string {
  const { heldOutError: held } = law;
  if (!held) return "Nothing is held out: the fit has not been tested on a size that it has not seen.";
  return `Held-out error ${(held.max * 100).toFixed(1)}\u2009% at ${tick(Number(held.times.toPrecision(held.times < 2 ? 3 : 2)))} times the largest fitted size.`;
}

/** Labels of the kinds of loss that a law may be fitted to. */
export const LAW_MEASURES = Object.values(ENTROPY_MEASURES);

export const predictedWords = (p: { value: number; low: number; high: number }): string =>
  `${loss(p.value)} [${loss(p.low)}, ${loss(p.high)}]`;
