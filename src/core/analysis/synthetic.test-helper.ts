/** For tests: trials whose truth is known. */
import type { SettingValue } from "../config/paths";
import { type Figure, METRIC_KEYS } from "../evaluation/types";
import { type TrialRecord, trialRecordSchema } from "../pipeline/sweep/record";
import { random } from "../random";
import type { Trial, TrialEntropy, TrialSystem } from "./trial";

export const figure = (value: number | null, half = 0.02): Figure =>
  value === null
    ? { value, low: null, high: null, reason: "Not measured." }
    : { value, low: value - half, high: value + half };

export function entropy(scaled: number, pool: string | null = "relevant to no test query"): TrialEntropy {
  return {
    raw: { value: 5.2, low: 5.1, high: 5.3 },
    scaled: { value: scaled, low: scaled * 0.98, high: scaled * 1.02 },
    pool,
  };
}

export function system(
  part: Partial<TrialSystem> & { recall?: number | null; column?: (number | null)[] } = {},
): TrialSystem {
  const { recall = 0.7, column, ...rest } = part;
  return {
    metrics: { "recall@10": figure(recall) },
    ...(column ? { perQuery: { "recall@10": column } } : {}),
    queryParams: 15_392,
    documentParams: 15_392,
    trainingPairs: 20_000,
    trainingFlops: 1e12,
    queryFlops: 690_000,
    ...rest,
  };
}

const QUERIES = 120;

/** Hits of each query: the same queries are hard for all, so that pairs of trials go together. */
function columnOf(seed: number, level: number, noise: (i: number) => number): number[] {
  const difficulty = random(seed, "difficulty");
  return Array.from({ length: QUERIES }, (_, i) => Number(difficulty.next() + 0.05 * noise(i) < level));
}

const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** A grid over the axes, each trial with teacher and student, whose recall is `truth` and luck. */
export function gridTrials(
  axes: Record<string, readonly SettingValue[]>,
  truth: (assignments: Record<string, SettingValue>) => number,
  seeds: readonly number[] = [7, 8, 9],
): Trial[] {
  const combinations = Object.entries(axes).reduce<Record<string, SettingValue>[]>(
    (list, [path, values]) => list.flatMap((a) => values.map((value) => ({ ...a, [path]: value }))),
    [{}],
  );
  return combinations.flatMap((assignments, c) =>
    seeds.map((seed): Trial => {
      const luck = random(seed, "luck", c);
      const level = truth(assignments) + 0.01 * luck.normal();
      const student = columnOf(seed, level, () => luck.normal());
      const teacher = columnOf(seed, 0.87, () => 0);
      return {
        assignments,
        seed,
        testSetHash: `hash-${seed}`,
        queryIds: student.map((_, i) => `q${i}`),
        config: {
          embeddingSize: 64,
          stage2: { mseWeight: 50, cosineWeight: 1, mseOn: "raw", mseReduce: "mean" },
          student: { kind: "encoder" },
        },
        adapter: "Example GPU",
        codeVersion: "test",
        systems: {
          teacher: system({ recall: mean(teacher), column: teacher, queryFlops: 5_600_000, queryParams: 105_280 }),
          scalingnote: system({ recall: mean(student), column: student }),
        },
      };
    }),
  );
}

/** Sizes by amounts of data by seeds, entropies by the law of both and 2 % noise. */
export function scalingTrials(
  sizes: readonly number[] = [1_592, 4_656, 9_256, 15_392, 32_272, 55_296, 105_280],
  pairs: readonly number[] = [20_000],
  seeds: readonly number[] = [7, 8, 9],
  loss: (n: number, d: number) => number = (n, d) => 0.25 + 120 / n ** 0.48 + 900 / d ** 0.72,
): Trial[] {
  return sizes.flatMap((n, i) =>
    pairs.flatMap((d) =>
      seeds.map((seed): Trial => {
        const noise = random(seed, "entropy", n, d);
        const scaled = loss(n, d) * Math.exp(0.02 * noise.normal());
        const recall = Math.min(0.98, 0.95 - 0.15 * scaled + 0.01 * noise.normal());
        return {
          assignments: { "teacher.width": 8 * (i + 1), ...(pairs.length > 1 ? { "data.notes.trainQueries": d } : {}) },
          seed,
          testSetHash: `hash-${seed}`,
          adapter: "Example GPU",
          systems: {
            teacher: system({
              recall,
              queryParams: n,
              documentParams: n,
              trainingPairs: d,
              trainingFlops: 6 * 40 * n * d,
              queryFlops: 2 * 24 * n,
              contrastiveEntropy: entropy(scaled),
            }),
          },
        };
      }),
    ),
  );
}

/** A trial as a sweep would have written it, by the record's own shape; measures that it lacks are null. */
export function recordOf(trial: Trial): TrialRecord {
  const none: Figure = { value: null, low: null, high: null, reason: "Not measured." };
  return trialRecordSchema.parse({
    version: 1,
    key: trial.key ?? `${JSON.stringify(trial.assignments)} ${trial.seed}`,
    sweep: "test",
    assignments: trial.assignments,
    seed: trial.seed,
    changes: [],
    ...(trial.config ? { experiment: trial.config } : {}),
    adapter: {
      description: trial.adapter ?? "",
      vendor: "",
      architecture: "",
      software: trial.software ?? false,
      host: "node",
    },
    codeVersion: trial.codeVersion ?? "",
    seconds: 1,
    status: "done",
    testSetHash: trial.testSetHash,
    ...(trial.rankings ? { rankings: trial.rankings } : {}),
    collection: {
      name: "test",
      documents: 4000,
      testQueries: 120,
      trainingPairs: Object.values(trial.systems)[0]?.trainingPairs ?? 0,
      trainingQueries: 20_000,
    },
    systems: Object.fromEntries(
      Object.entries(trial.systems).map(([name, s]) => [
        name,
        {
          metrics: { ...Object.fromEntries(METRIC_KEYS.map((key) => [key, none])), ...s.metrics },
          retention: null,
          perQuery: s.perQuery ?? {},
          queryParams: s.queryParams,
          documentParams: s.documentParams,
          queryParamsWithEmbeddings: s.queryParams,
          queryFlops: s.queryFlops,
          trainingFlops: s.trainingFlops,
          steps: 100,
          pairsSeen: 12_800,
          loss: null,
          validation: s.gradientNorms
            ? Object.fromEntries(Object.entries(s.gradientNorms).map(([term, norm]) => [`gradNorm.${term}`, norm]))
            : null,
          entropy: s.contrastiveEntropy
            ? { ...s.contrastiveEntropy, temperature: 0.05, fitted: false, pairs: 200 }
            : null,
          cost: null,
        },
      ]),
    ),
  });
}
