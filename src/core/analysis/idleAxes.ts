/** Axes of a sweep that cannot change what is measured, and those that did not. */
import { idleReason } from "../config/matters";
import type { SettingValue } from "../config/paths";
import { withSetting } from "../config/paths";
import { readExperiment } from "../config/read";
import { lossWeights } from "../config/rules";
import type { Experiment } from "../config/schema";
import { LabError } from "../errors";
import { keyOf } from "./groups";

export interface Swept {
  assignments: Record<string, SettingValue>;
  /** The rest of its experiment. */
  config?: Record<string, unknown>;
}

/** Settings of how a step is computed: equal but for rounding. */
const ROUNDING = new Set(["training.step", "training.matmul", "training.reductions", "stage1.pieces", "stage2.pieces"]);
/** Settings that nothing of the outcome depends on. */
const NOTHING = new Set(["training.saveEvery", "training.memoryLimit"]);

/** Systems that a group of settings does not reach, whatever the others are. */
const UNTOUCHED: [RegExp, readonly string[], string][] = [
  [/^stage2\./, ["teacher", "bm25"], "stage 2 trains ScalingNote's student alone"],
  [/^student\./, ["teacher", "bm25"], "the student comes after the teacher"],
  [/^baselines\./, ["teacher", "scalingnote", "bm25"], "the baselines are trained apart"],
  [/^baselines\.twinbert/, ["scalingdoc"], "it is TwinBERT's"],
  [/^baselines\.scalingdoc/, ["twinbert"], "it is ScalingDoc's"],
  [/^(?!data\.|evaluation\.)/, ["bm25"], "BM25 is not trained"],
];
/** The same where the baselines' length does not follow from the operations of the others. */
const OWN_LENGTH: typeof UNTOUCHED = [
  [/^stage2\.(?!steps$|refineSteps$)/, ["scalingdoc", "twinbert"], "stage 2 trains ScalingNote's student alone"],
  [/^stage1\.(learningRate|embeddingRate)$/, ["scalingdoc", "twinbert"], "the baselines have rates of their own"],
  [
    /^teacher\.(width|layers|sharedTowers|pooling|vocabulary|queryTokens|docTokens|prompt|docPrompt)$/,
    ["twinbert"],
    "TwinBERT has no teacher",
  ],
];

/** Experiments that were read: the same trials are asked about again and again, and a sweep's all have one base. */
const known = new WeakMap<Record<string, unknown>, Experiment>();

function read(config: Record<string, unknown>): Experiment {
  const experiment = known.get(config) ?? readExperiment(config).experiment;
  known.set(config, experiment);
  return experiment;
}

/** The trials' experiments; null where a record does not say one. */
function experimentsOf(trials: readonly Swept[]): Experiment[] | null {
  try {
    return trials.map(({ assignments, config }) => {
      if (!config) throw new LabError("bad-setting", "The record has no experiment.", "");
      let experiment = read(config);
      for (const [path, value] of Object.entries(assignments)) experiment = withSetting(experiment, path, value);
      return experiment;
    });
  } catch (error) {
    // A setting of another version: nothing is claimed of it.
    if (error instanceof LabError) return null;
    throw error;
  }
}

/**
 * Axes that cannot change the figures of a system, each with the reason in words. Where the trials do not say their whole
 * experiment, only what holds whatever it is.
 * @param axes paths of the swept settings
 */
export function idleAxes(
  axes: readonly string[],
  trials: readonly Swept[],
  system: string,
): { path: string; words: string }[] {
  if (trials.length === 0) return [];
  const experiments = experimentsOf(trials);
  return axes.flatMap((path) => {
    const words = always(path, system, experiments) ?? (experiments && asTheyAre(path, experiments, system));
    return words === null ? [] : [{ path, words }];
  });
}

function always(path: string, system: string, experiments: readonly Experiment[] | null): string | null {
  if (NOTHING.has(path)) return "nothing of the outcome depends on it.";
  if (path === "evaluation.bootstrap") return "it makes intervals steadier, and changes no figure.";
  if (ROUNDING.has(path)) return "it says how a step is computed: the outcome is the same but for rounding.";
  const ownLength = experiments?.every(({ baselines }) => baselines.equalise !== "flops") ?? false;
  const untouched = [...UNTOUCHED, ...(ownLength ? OWN_LENGTH : [])].find(
    ([pattern, systems]) => systems.includes(system) && pattern.test(path),
  );
  return untouched ? `${untouched[2]}: this system is the same at every value but for what the GPU rounds.` : null;
}

function asTheyAre(path: string, experiments: readonly Experiment[], system: string): string | null {
  const reasons = new Set(experiments.map((e) => idleReason(path, e)));
  if (!reasons.has(null)) return lower([...reasons].join(" "));
  // Of ScalingNote's student; TwinBERT's document tower reads documents in any case.
  if (
    path === "student.docTokens" &&
    system === "scalingnote" &&
    experiments.every((e) => e.stage2.documentShare === 0)
  )
    return "the student learns no documents.";
  return scaleOnly(path, experiments);
}

const lower = (words: string) => words[0]!.toLowerCase() + words.slice(1);

/** A weight that only scales the whole loss: AdamW divides each gradient by its own size. */
function scaleOnly(path: string, experiments: readonly Experiment[]): string | null {
  const weight = /^stage2\.(\w+Weight)$/.exec(path)?.[1];
  if (weight === undefined && path !== "stage2.mseReduce") return null;
  const active = experiments.map((e) => lossWeights(e).flatMap(([name, value]) => (value > 0 ? [name] : [])));
  // Without a loss the student stays as it is: that is a difference.
  if (active.some((names) => names.length === 0)) return null;
  const qkd = active.every((names) => names.every((name) => name === "mseWeight" || name === "cosineWeight"));
  // Each prefix has a factor of its own, in a mean.
  const one =
    qkd &&
    experiments.every(
      ({ stage2 }) => stage2.mseOn === "normalised" && (stage2.matryoshka === 0 || stage2.mseReduce === "sum"),
    );
  if (path === "stage2.mseReduce") {
    const alone = active.every((names) => names.join() === "mseWeight") && unprefixed(experiments);
    return alone || (one && unprefixed(experiments))
      ? "it only scales the one loss there is, and AdamW takes no notice of a loss's scale."
      : null;
  }
  if (one && (weight === "mseWeight" || weight === "cosineWeight"))
    return "after normalisation MSE and cosine are one loss: both weights only scale it, and AdamW takes no notice of a loss's scale (clipping and rounding do, a little).";
  return active.every((names) => names.join() === weight) ? "it is the only term: it scales the loss alone." : null;
}

const unprefixed = (experiments: readonly Experiment[]) => experiments.every(({ stage2 }) => stage2.matryoshka === 0);

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
      const { [path]: _, ...others } = assignments;
      const key = `${seed} ${keyOf(others)}`;
      const now = values.join(" ");
      const before = rest.get(key);
      if (before === undefined) rest.set(key, now);
      else if (before !== now) return false;
      else pairs++;
    }
    return pairs > 0;
  });
}
