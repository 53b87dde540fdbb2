/**
 * What the loss weights of distillation mean, and which axes of a sweep cannot change anything.
 *
 * With both vectors of length 1, |s-t|^2 = 2(1-cos): MSE on normalised vectors and cosine are ONE loss, with weight
 * 2 w_mse/d + w_cos (mean over d dimensions) or 2 w_mse + w_cos (sum). AdamW divides each gradient by its own size, so
 * that a factor before the whole loss changes next to nothing either.
 */
import type { SettingValue } from "../config/paths";

export interface LossWeights {
  mseWeight: number;
  cosineWeight: number;
  mseOn: "raw" | "normalised";
  mseReduce: "mean" | "sum";
  embeddingSize: number;
}

export interface Algebra {
  /** Weight of the loss in units of (1 - cos); on raw vectors at `length`. */
  total: number;
  /** MSE's share of the gradient on the vector's direction; null where both weights are 0. */
  mseShare: number | null;
  /** Cosine-term gradients that the MSE term amounts to, at weights of 1 each. */
  perUnit: number;
  /** Whether the two terms are the same function but for a factor. */
  one: boolean;
}

/**
 * @param length length of the raw vectors; without it each dimension is taken to be about 1. On vectors of length L the
 * squared distance counts L^2 times as much for the direction.
 */
export function lossAlgebra(w: LossWeights, length?: number): Algebra {
  const size = w.mseOn === "raw" ? (length ?? Math.sqrt(w.embeddingSize)) : 1;
  const perUnit = (2 * size ** 2) / (w.mseReduce === "mean" ? w.embeddingSize : 1);
  const mse = perUnit * w.mseWeight;
  const total = mse + w.cosineWeight;
  return { total, mseShare: total > 0 ? mse / total : null, perUnit, one: w.mseOn === "normalised" };
}

const KEYS = ["mseWeight", "cosineWeight", "mseOn", "mseReduce"] as const;

/** What is known of a trial's weights: what was swept, over the rest of its experiment where the record has that. */
export function weightsOf(
  assignments: Record<string, SettingValue>,
  config?: Record<string, unknown>,
): Partial<LossWeights> {
  const stage2 = (config?.["stage2"] ?? {}) as Record<string, SettingValue>;
  const values = KEYS.flatMap((key) => {
    const value = assignments[`stage2.${key}`] ?? stage2[key];
    return value === undefined ? [] : [[key, value]];
  });
  const size = assignments["embeddingSize"] ?? config?.["embeddingSize"];
  return Object.fromEntries(size === undefined ? values : [...values, ["embeddingSize", size]]) as Partial<LossWeights>;
}

/** Whether nothing is missing. */
export const allKnown = (w: Partial<LossWeights>): w is LossWeights =>
  [...KEYS, "embeddingSize"].every((key) => w[key as keyof LossWeights] !== undefined);

interface Swept {
  assignments: Record<string, SettingValue>;
  config?: Record<string, unknown>;
}

const all = (trials: readonly Swept[], holds: (w: Partial<LossWeights>) => boolean) =>
  trials.every((trial) => holds(weightsOf(trial.assignments, trial.config)));

/** Settings of how a step is computed: equal but for rounding. */
const ROUNDING = new Set(["training.step", "training.matmul", "training.reductions", "stage1.pieces", "stage2.pieces"]);
/** Settings that nothing of the outcome depends on. */
const NOTHING = new Set(["training.saveEvery", "training.memoryLimit"]);
/** Systems that a group of settings does not reach. */
const UNTOUCHED: [RegExp, readonly string[], string][] = [
  [/^stage2\./, ["teacher", "scalingdoc", "twinbert", "bm25"], "stage 2 trains ScalingNote's student alone"],
  [/^student\./, ["teacher", "bm25"], "the student comes after the teacher"],
  [/^baselines\./, ["teacher", "scalingnote", "bm25"], "the baselines are trained apart"],
  [/^(teacher|stage1|training)\./, ["bm25"], "BM25 is not trained"],
];

/**
 * Axes that cannot change the figures of a system, each with the reason in words.
 * @param axes paths of the swept settings
 */
export function idleAxes(
  axes: readonly string[],
  trials: readonly Swept[],
  system: string,
): { path: string; words: string }[] {
  if (trials.length === 0) return [];
  const told: { path: string; words: string }[] = [];
  const tell = (path: string, words: string) => {
    if (axes.includes(path) && !told.some((t) => t.path === path)) told.push({ path, words });
  };
  for (const path of axes) {
    if (NOTHING.has(path)) tell(path, "nothing of the outcome depends on it.");
    if (ROUNDING.has(path)) tell(path, "it says how a step is computed: the outcome is the same but for rounding.");
    const untouched = UNTOUCHED.find(([pattern, systems]) => pattern.test(path) && systems.includes(system));
    if (untouched) tell(path, `${untouched[2]}: this system is the same at every value but for what the GPU rounds.`);
  }
  if (all(trials, (w) => w.mseWeight === 0))
    for (const path of ["stage2.mseOn", "stage2.mseReduce"]) tell(path, "the MSE weight is 0, so there is no MSE.");
  if (all(trials, (w) => w.cosineWeight === 0 || w.mseOn === "normalised"))
    tell("stage2.mseReduce", "it only scales the one loss there is, and AdamW takes no notice of a loss's scale.");
  if (all(trials, (w) => w.mseOn === "normalised"))
    for (const path of ["stage2.mseWeight", "stage2.cosineWeight"])
      tell(
        path,
        "after normalisation MSE and cosine are one loss: both weights only scale it, and AdamW takes no notice of a loss's scale (clipping and rounding do, a little).",
      );
  if (all(trials, (w) => w.mseWeight === 0))
    tell("stage2.cosineWeight", "it is the only term: it scales the loss alone.");
  if (all(trials, (w) => w.cosineWeight === 0))
    tell("stage2.mseWeight", "it is the only term: it scales the loss alone.");
  const lookup = trials.every(
    ({ assignments, config }) =>
      (assignments["student.kind"] ?? (config?.["student"] as Record<string, unknown> | undefined)?.["kind"]) ===
      "lookup",
  );
  if (lookup)
    for (const path of ["student.layers", "student.heads"])
      tell(path, "a lookup table has no layers and no attention.");
  return told;
}

/**
 * Axes whose value made no difference in what was measured: pairs of trials that differ in this setting alone have the
 * same values, query by query, to the last digit.
 */
export function unmoved(
  axes: readonly string[],
  trials: readonly (Swept & { seed: number; values: readonly (number | null)[] | undefined })[],
): string[] {
  return axes.filter((path) => {
    const rest = new Map<string, string>();
    let pairs = 0;
    for (const { assignments, seed, values } of trials) {
      if (!values) continue;
      const others = Object.entries(assignments).filter(([key]) => key !== path);
      const key = JSON.stringify([seed, others.sort(([a], [b]) => (a < b ? -1 : 1))]);
      const now = values.join(" ");
      const before = rest.get(key);
      if (before === undefined) rest.set(key, now);
      else if (before !== now) return false;
      else pairs++;
    }
    return pairs > 0;
  });
}
