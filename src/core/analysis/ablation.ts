/** Everything the Ablation view and a report say of a sweep in one metric of one system. */
import type { SettingValue } from "../config/paths";
import type { Figure } from "../evaluation/types";
import type { SystemName } from "../formats/result";
import { type Best, bestOf } from "./best";
import { type Gaps, studentGaps } from "./gaps";
import { type Axis, axesOf, groupTrials } from "./groups";
import { type Estimate, type ResampleOptions, resampleGroups } from "./hierarchical";
import { idleAxes, unmoved } from "./idleAxes";
import { type ImportanceReport, importanceOf, seedSpread } from "./importance";
import { commonPool } from "./scalingPoints";
import { type SystemGap, systemGap } from "./systemGap";
import { ENTROPY_MEASURES, figureOf, lessIsBetter, type Trial, valuesOf } from "./trial";

export interface ConfigurationSummary {
  key: string;
  assignments: Record<string, SettingValue>;
  seeds: number[];
  estimate: Estimate;
}

export interface AblationReport {
  system: SystemName;
  metric: string;
  less: boolean;
  axes: Axis[];
  configurations: ConfigurationSummary[];
  best: Best | null;
  importance: ImportanceReport;
  /** Axes that cannot change anything, or did not, in words. */
  idle: { path: string; words: string }[];
  /** Of the best configuration, against the teacher; null without values by query. */
  gaps: Gaps | null;
  /** Against the nearest other system of the same trials; null where none was measured beside it. */
  against: SystemGap | null;
  samples: number;
}

/** @param options resamples of the hierarchical bootstrap */
export function ablationReport(
  all: readonly Trial[],
  system: SystemName,
  metric: string,
  options: ResampleOptions,
): AblationReport {
  const trials = ofOnePool(all, system, metric);
  const groups = groupTrials(trials);
  const axes = axesOf(groups);
  const resampled = resampleGroups(groups, system, metric, options);
  const less = lessIsBetter(metric);
  const best = bestOf(resampled, less, options);
  const valued = groups.flatMap((_, i) => (resampled[i]!.estimate.value === null ? [] : [i]));
  const idle = idleAxes(
    axes.map(({ path }) => path),
    trials,
    system,
  );
  const measured = trials.map((trial) => ({
    ...trial,
    values: valuesOf(trial.systems[system], metric)?.values ?? one(figureOf(trial.systems[system], metric)?.value),
  }));
  for (const path of unmoved(
    axes.map((axis) => axis.path),
    measured,
  ))
    if (!idle.some((axis) => axis.path === path))
      idle.push({
        path,
        words: "it made no difference here: trials that differ in it alone have equal values to the last digit.",
      });
  return {
    system,
    metric,
    less,
    axes,
    configurations: groups.map((group, i) => ({
      key: group.key,
      assignments: group.assignments,
      seeds: group.trials.map((trial) => trial.seed),
      estimate: resampled[i]!.estimate,
    })),
    best,
    importance: importanceOf(
      valued.map((i) => groups[i]!),
      axes,
      Float64Array.from(valued, (i) => resampled[i]!.estimate.value!),
      seedSpread(resampled.map(({ estimate }) => estimate.seeds)),
      options.seed,
    ),
    idle,
    gaps: best && system !== "teacher" ? studentGaps(groups[best.group]!.trials, system, metric) : null,
    against: systemGap(groups, axes, system, metric, less, options),
    samples: options.samples,
  };
}

/**
 * Entropies of different negatives do not compare: those that are not of the pool that most trials have are taken away.
 */
function ofOnePool(trials: readonly Trial[], system: SystemName, metric: string): readonly Trial[] {
  if (!Object.values(ENTROPY_MEASURES).includes(metric)) return trials;
  const pool = commonPool(trials, system);
  const none: Figure = { value: null, low: null, high: null, reason: OTHER_POOL };
  return trials.map((trial) => {
    const own = trial.systems[system];
    if (!own?.contrastiveEntropy || own.contrastiveEntropy.pool === pool) return trial;
    const { byQuery: _, ...entropy } = own.contrastiveEntropy;
    const taken = { ...own, contrastiveEntropy: { ...entropy, raw: none, scaled: none } };
    return { ...trial, systems: { ...trial.systems, [system]: taken } };
  });
}

const OTHER_POOL = "Its negatives come from another pool, and such entropies do not compare.";

const one = (value: number | null | undefined) => (value == null ? undefined : [value]);
