/**
 * Points for a law out of a sweep's trials: one a configuration, its loss the mean over seeds. Entropies of one kind and
 * one pool only: those of another scale or other negatives do not compare, and are counted as left out.
 */
import type { SystemName } from "../formats/result";
import { type Group, groupTrials } from "./groups";
import { ENTROPY_MEASURES, type EntropyKind, figureOf, type Trial } from "./trial";

export interface SizedPoint {
  /** The group's key. */
  key: string;
  assignments: Group["assignments"];
  /** Parameters without token embeddings of ONE tower. */
  n: number;
  /** Training pairs. */
  d: number;
  /** Training FLOPs, mean over seeds. */
  compute: number;
  queryFlops: number;
  loss: number;
  seeds: { seed: number; loss: number; low: number | null; high: number | null }[];
}

/** Which of a system's towers N counts: they may differ. */
export type SizeOf = "both towers, equal" | "query tower" | "document tower";

export interface PointSet {
  system: SystemName;
  measure: string;
  size: SizeOf;
  /** Where the entropies' negatives came from; null for another measure. */
  pool: string | null;
  points: SizedPoint[];
  /** What was left out and why, in words. */
  left: string[];
}

const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** The pool that most trials have. */
export function commonPool(trials: readonly Trial[], system: SystemName): string | null {
  const counts = new Map<string, number>();
  for (const trial of trials) {
    const pool = trial.systems[system]?.contrastiveEntropy?.pool;
    if (pool) counts.set(pool, (counts.get(pool) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}

export function scalingPoints(
  trials: readonly Trial[],
  system: SystemName,
  measure: string,
  wanted?: "query" | "document",
): PointSet {
  const entropy = (["scaled", "raw"] as EntropyKind[]).some((kind) => ENTROPY_MEASURES[kind] === measure);
  const pool = entropy ? commonPool(trials, system) : null;
  const has = trials.filter((trial) => figureOf(trial.systems[system], measure)?.value != null);
  const left: string[] = [];
  const tell = (count: number, why: string) => {
    if (count > 0) left.push(`${count} ${count === 1 ? "trial" : "trials"} left out: ${why}.`);
  };
  tell(trials.length - has.length, `no ${measure}`);
  const used = entropy ? has.filter((t) => t.systems[system]!.contrastiveEntropy!.pool === pool) : has;
  tell(has.length - used.length, "its negatives come from another pool, and such entropies do not compare");
  const equal = used.every(({ systems }) => systems[system]!.queryParams === systems[system]!.documentParams);
  const size: SizeOf = equal ? "both towers, equal" : wanted === "document" ? "document tower" : "query tower";
  const points = groupTrials(used).map((group): SizedPoint => {
    const of = (pick: (s: NonNullable<Trial["systems"][SystemName]>) => number) =>
      mean(group.trials.map((trial) => pick(trial.systems[system]!)));
    const seeds = group.trials.map((trial) => {
      const { value, low, high } = figureOf(trial.systems[system], measure)!;
      return { seed: trial.seed, loss: value!, low, high };
    });
    return {
      key: group.key,
      assignments: group.assignments,
      n: of((s) => (size === "document tower" ? s.documentParams : s.queryParams)),
      d: of((s) => s.trainingPairs),
      compute: of((s) => s.trainingFlops),
      queryFlops: of((s) => s.queryFlops),
      loss: mean(seeds.map((s) => s.loss)),
      seeds,
    };
  });
  return { system, measure, size, pool, points: points.sort((a, b) => a.n - b.n || a.d - b.d), left };
}
