/**
 * What the analysis of a sweep needs of one trial: which settings it had, its seed, and each system's figures. The
 * records that a sweep writes hold more; `readTrials` takes what stands here out of them.
 */
import type { SettingValue } from "../config/paths";
import type { Figure } from "../evaluation/types";
import type { SystemName } from "../formats/result";
import type { Ranking } from "../pipeline/sweep/record";

/** Which entropy: inner products as they are, or divided by the temperature. Never put into one picture or fit. */
export const ENTROPY_KINDS = ["scaled", "raw"] as const;
export type EntropyKind = (typeof ENTROPY_KINDS)[number];

export interface TrialEntropy {
  raw: Figure;
  scaled: Figure;
  /** Where the negatives came from; figures of different pools do not compare. */
  pool: string | null;
  /** Values by query, as `perQuery`, each of so many pairs of the query with a relevant document. */
  byQuery?: { raw: (number | null)[]; scaled: (number | null)[]; pairs: number[] };
}

export interface TrialSystem {
  /** By measure: "recall@10", ... and whatever else the record has. */
  metrics: Record<string, Figure>;
  /** Values by test query, in the order of `queryIds` where there are any; null: not defined. */
  perQuery?: Record<string, (number | null)[]>;
  /** Parameters of one tower without token embeddings. */
  queryParams: number;
  documentParams: number;
  /** Labelled (query, document) pairs of the training set: a law's D. */
  trainingPairs: number;
  /** Floating-point operations of its training. */
  trainingFlops: number;
  /** Floating-point operations to encode one query. */
  queryFlops: number;
  /** One query from text to ranked list, p50; absent where it was not measured or would be a CPU's. */
  latencyMs?: number;
  contrastiveEntropy?: TrialEntropy;
  /** Of a distilled student, at the end of its training: norm of each loss term's gradient on its vectors. */
  gradientNorms?: Record<string, number>;
}

export interface Trial {
  /** The swept settings by dotted path. */
  assignments: Record<string, SettingValue>;
  seed: number;
  /** Only trials of equal hashes have the same queries: only those are paired. */
  testSetHash: string;
  systems: Partial<Record<SystemName, TrialSystem>>;
  queryIds?: string[];
  /** The record's name, by which it is found where it is stored. */
  key?: string;
  /** The name of the sweep that made it. */
  sweep?: string;
  /** Where systems lose most against the teacher. */
  rankings?: Ranking[];
  /** What was not swept, for a report: the whole experiment, where the record has it. */
  config?: Record<string, unknown>;
  adapter?: string;
  /** True where a CPU stood in for the GPU: its times are no latencies. */
  software?: boolean;
  codeVersion?: string;
  seconds?: number;
}

/** Measures of which less is better. */
const LESS = /^(irrelevant@|contrastive entropy|loss)/;

/** Names under which entropy is listed among the measures. */
export const ENTROPY_MEASURES: Record<EntropyKind, string> = {
  scaled: "contrastive entropy, scaled",
  raw: "contrastive entropy, raw",
};

export const lessIsBetter = (metric: string): boolean => LESS.test(metric);

const entropyKind = (metric: string): EntropyKind | null =>
  ENTROPY_KINDS.find((kind) => ENTROPY_MEASURES[kind] === metric) ?? null;

/** A system's figure of a measure; null where it was not measured. */
export function figureOf(system: TrialSystem | undefined, metric: string): Figure | null {
  const kind = entropyKind(metric);
  if (kind) return system?.contrastiveEntropy?.[kind] ?? null;
  return system?.metrics[metric] ?? null;
}

/** A measure's values by test query, and how much each counts in the mean; null: all alike. */
export interface QueryValues {
  values: readonly (number | null)[];
  weights: readonly number[] | null;
}

/** A system's values of a measure by test query; null where the record has none. */
export function valuesOf(system: TrialSystem | undefined, metric: string): QueryValues | null {
  const kind = entropyKind(metric);
  const values = kind ? system?.contrastiveEntropy?.byQuery?.[kind] : system?.perQuery?.[metric];
  if (!values || values.length === 0) return null;
  return { values, weights: kind ? (system?.contrastiveEntropy?.byQuery?.pairs ?? null) : null };
}

/** The measures that any trial has of a system: in the order in which they are first met, entropies last. */
export function metricsOf(trials: readonly Trial[], system: SystemName): string[] {
  const names = new Set<string>();
  for (const trial of trials)
    for (const [name, figure] of Object.entries(trial.systems[system]?.metrics ?? {}))
      if (figure.value !== null) names.add(name);
  for (const kind of ENTROPY_KINDS)
    if (trials.some((trial) => trial.systems[system]?.contrastiveEntropy?.[kind].value != null))
      names.add(ENTROPY_MEASURES[kind]);
  return [...names];
}

/** The systems that any trial has, in their usual order. */
export function systemsOf(trials: readonly Trial[], order: readonly SystemName[]): SystemName[] {
  return order.filter((name) => trials.some((trial) => trial.systems[name]));
}
