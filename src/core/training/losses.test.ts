/**
 * Training steps with further losses and negatives: captured as eager, as tfjs' operations have it, side by side as alone,
 * in pieces as whole. Lookup towers, for the losses' sake: what towers do is tested beside this. tfjs' operations run on
 * the CPU.
 */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import type { Gpu } from "../../gpu/device";
import { fusedOps } from "../../gpu/fusedOps";
import type { TowerOps } from "../../gpu/ops";
import { plainOps } from "../../gpu/plainOps";
import { disposeOwn, ownTensor } from "../../gpu/step";
import { useGpu } from "../../gpu/testGpu";
import { useWasm } from "../../gpu/testWasm";
import { random } from "../random";
import { initTower } from "../towers";
import { disposeTower, downloadParameters, downloadStudents, uploadStudents, uploadTower } from "../towers/device";
import type { HostParameters, TowerConfig } from "../towers/types";
import { contrastiveStep, type SharedContrastiveParts, stackedContrastiveStep } from "./contrastiveStep";
import { type DistilStep, type DistilStudent, distilStep, PROJECTION, stackedDistilStep } from "./distilStep";
import { pairOrder, type TrainingPairs } from "./pairs";
import { scoredDocuments } from "./scoredDocuments";
import { madeUpTexts } from "./testTexts";
import { type Carried, logRow, type SharedRecipe, type TrainingStep } from "./trainingStep";

const cpu = useWasm();
const gpu = useGpu();
const deviceOf = (ops: TowerOps): Gpu => (ops === plainOps ? cpu() : gpu());
/** What the GPU is held against. */
async function onCpu<T>(work: () => Promise<T>): Promise<T> {
  const before = tf.getBackend();
  await tf.setBackend("wasm");
  try {
    return await work();
  } finally {
    await tf.setBackend(before);
  }
}
const [VOCABULARY, BATCH, STEPS, SIZE] = [40, 6, 6, 8];
const [QUERIES, DOCUMENTS] = [20, 30];

const config = (embeddingSize = SIZE): TowerConfig => ({
  ...{ kind: "lookup", vocabulary: VOCABULARY, width: 8, layers: 0, heads: 1, kvHeads: 1, hidden: 8 },
  ...{ maxTokens: 8, pooling: "mean", embeddingSize },
});
const recipe = (captured: boolean, pieces = 1): SharedRecipe => ({
  ...{ steps: STEPS, batch: BATCH, warmup: 0.1, weightDecay: 0.05, beta1: 0.9, beta2: 0.98, clip: 0.5 },
  ...{ captured, dropout: 0, pieces },
});
const RATES = { learningRate: 3e-3, embeddingRate: 2e-2, seed: 5 };
const normals = (name: string, count: number) => {
  const r = random(8, name);
  return Float32Array.from({ length: count }, () => r.normal());
};
/** Every third query has no known answer; document 3 q is query q's, and 3 q + 1 is graded for it too. */
const pairs: TrainingPairs = (() => {
  const known = Array.from({ length: QUERIES }, (_, q) => q).filter((q) => q % 3 !== 2);
  const own = (q: number) => (3 * q) % DOCUMENTS;
  return {
    query: Int32Array.from(known),
    document: Int32Array.from(known, own),
    graded: Array.from({ length: QUERIES }, (_, q) => new Set(q % 3 === 2 ? [] : [own(q), own(q) + 1])),
    hard: Array.from({ length: QUERIES }, (_, q) => Int32Array.of((q * 7) % DOCUMENTS)),
    documents: DOCUMENTS,
  };
})();
const frozen = normals("frozen", DOCUMENTS * SIZE);

const ALL: DistilStudent = {
  ...RATES,
  ...{ mseWeight: 0.5, cosineWeight: 1, klWeight: 3, klTeacherTemperature: 0.3, klStudentTemperature: 0.2 },
  ...{ marginWeight: 2, infoNceWeight: 0.7, infoNceTemperature: 0.25 },
};
/** Students that differ in all that they may. */
const STUDENTS: DistilStudent[] = [
  ALL,
  { ...ALL, seed: 6, learningRate: 1e-3, klWeight: 0, infoNceWeight: 2, infoNceTemperature: 0.1 },
  { ...ALL, seed: 7, mseWeight: 0, cosineWeight: 0, klTeacherTemperature: 0.5, marginWeight: 0 },
];

interface Options {
  which?: "batch" | "sampled" | "both";
  matryoshka?: number;
  /** The students' own size. */
  ownSize?: number;
}

interface Trained {
  rows: number[][];
  parameters: HostParameters;
}

function distilParts({ which = "both", matryoshka = 1 }: Options) {
  return {
    ...{
      queryTokens: madeUpTexts(1, QUERIES, VOCABULARY),
      queryLength: 8,
      teacher: normals("teacher", QUERIES * SIZE),
    },
    order: (n: number) => Int32Array.from({ length: BATCH }, (_, i) => (n * 5 + i * 3) % QUERIES),
    ...{ mseOn: "raw" as const, mseReduce: "mean" as const, matryoshka },
    scored: scoredDocuments(pairs, frozen, { which, sampled: 5, seed: 3, queryOf: (text) => text }),
  };
}

async function distil(
  students: readonly DistilStudent[],
  ops: TowerOps,
  shared: SharedRecipe,
  options: Options,
  also: (step: DistilStep) => Promise<void> = async () => {},
): Promise<Trained[]> {
  const device = deviceOf(ops);
  const own = config(options.ownSize);
  const alone = students.length === 1;
  const hosts = students.map(({ seed }) => initTower(own, seed, "query", true));
  const student = alone ? uploadTower(device, own, hosts[0]!) : uploadStudents(device, own, hosts);
  const shape = [...(alone ? [] : [students.length]), SIZE, own.embeddingSize];
  const start = students.map(({ seed }) => normals(`projection ${seed}`, SIZE * own.embeddingSize));
  const projection = options.ownSize
    ? ownTensor(device, { shape, dtype: "float32" }, Float32Array.from(start.flatMap((one) => [...one])))
    : undefined;
  const parts = { ...distilParts(options), student, projection };
  const step = alone
    ? distilStep(device, ops, { ...shared, ...students[0]! }, { ...parts, ...students[0]! })
    : stackedDistilStep(device, ops, shared, parts, students);
  for (let n = 1; n <= STEPS; n++) step.run(n);
  const log = await step.log.read();
  const found = (await downloadStudents(device, step)).map((parameters, k) => ({
    rows: Array.from({ length: STEPS }, (_, i) => [...logRow(step, log, i + 1, k)]),
    parameters,
  }));
  await also(step);
  step.dispose();
  disposeTower(student);
  if (projection) disposeOwn(device, projection);
  device.check();
  return found;
}

function expectClose(found: Trained, expected: Trained, tolerance: number): void {
  expected.rows.forEach((row, i) => {
    row.forEach((value, k) => {
      expect(Math.abs(found.rows[i]![k]! - value), `step ${i + 1}, number ${k}`).toBeLessThan(
        tolerance * Math.max(1, Math.abs(value)),
      );
    });
  });
  for (const [name, { values }] of expected.parameters)
    values.forEach((value, i) => {
      expect(Math.abs(found.parameters.get(name)!.values[i]! - value), `${name} ${i}`).toBeLessThan(tolerance);
    });
}

/** Sampled documents alone, prefixes, vectors of a size of its own: all that a step may have at once. */
const RICH: Options = { which: "sampled", matryoshka: 1, ownSize: 5 };

describe("distillation with further losses", () => {
  it("is the same captured and eager, in pieces, and as tfjs' operations have it", async () => {
    const [captured] = await distil([ALL], fusedOps, recipe(true), RICH);
    expect(await distil([ALL], fusedOps, recipe(false), RICH)).toEqual([captured]);
    await onCpu(async () => {
      const [plain] = await distil([ALL], plainOps, recipe(false), RICH);
      expectClose(captured!, plain!, 2e-3);
      const [pieces] = await distil([ALL], plainOps, recipe(false, 3), RICH);
      expectClose(pieces!, plain!, 2e-5);
    });
    expect(captured!.parameters.has(PROJECTION)).toBe(true);
    expect(new Set(captured!.rows.flat()).size).toBeGreaterThan(6 * STEPS);
  });

  const sideBySide = async (ops: TowerOps, options: Options) => {
    const shared = recipe(ops === fusedOps);
    const together = await distil(STUDENTS, ops, shared, options);
    for (const [k, student] of STUDENTS.entries()) {
      const [alone] = await distil([student], ops, shared, options);
      // A loss that is not there has no value of its own; beside others that have it, it is logged with a weight of 0.
      const all = ["loss", "gradNorm", "mse", "cosine", "kl", "margin", "infoNce"];
      const logged = all.filter((one) => weightOf(student, one) !== 0);
      const columns = (trained: Trained, names: string[]) => ({
        ...trained,
        rows: trained.rows.map((row) => logged.map((one) => row[names.indexOf(one)]!)),
      });
      expectClose(columns(together[k]!, all), columns(alone!, logged), 1e-4);
    }
  };
  it("of students side by side is that of each alone", () => sideBySide(fusedOps, { which: "both", matryoshka: 0 }));
  it("is so with prefixes, vectors of a size of their own and sampled documents", () =>
    onCpu(() => sideBySide(plainOps, RICH)));

  it("tells how each loss pulls: together they are the gradient, and twice the weight is twice the norm", async () => {
    const norms = async (student: DistilStudent, captured = true) => {
      let found: Record<string, number> = {};
      await distil([student], fusedOps, recipe(captured), { matryoshka: 0 }, async (step) => {
        found = (await step.gradientNorms(3))[0]!;
      });
      return found;
    };
    const once = await norms(ALL);
    expect(Object.keys(once)).toEqual(["mse", "cosine", "kl", "margin", "infoNce"].map((name) => `gradNorm.${name}`));
    for (const value of Object.values(once)) expect(value).toBeGreaterThan(0);
    // A rate of 0: the student stays, so that only weights differ.
    const still = { ...ALL, learningRate: 0, embeddingRate: 0 };
    const [one, two] = [await norms(still), await norms({ ...still, klWeight: 6, mseWeight: 0 }, false)];
    expect(two["gradNorm.kl"]! / one["gradNorm.kl"]!).toBeCloseTo(2, 4);
    expect(two["gradNorm.mse"]).toBe(0);
    expect(two["gradNorm.margin"]! / one["gradNorm.margin"]!).toBeCloseTo(1, 4);
  });

  it("goes by the recipe's rates, whatever the weights came with", async () => {
    const student = uploadTower(gpu(), config(), initTower(config(), 1));
    const before = await downloadParameters(gpu(), student);
    // The settings of stage 2, which have rates of their own, beside the recipe of the refinement.
    const settings = { ...distilParts({}), ...ALL, student, learningRate: 1, embeddingRate: 1 };
    const still = { ...recipe(true), ...RATES, learningRate: 0, embeddingRate: 0 };
    const step = distilStep(gpu(), fusedOps, still, settings);
    step.run(1);
    expect(await downloadParameters(gpu(), student)).toEqual(before);
    step.dispose();
    disposeTower(student);
  });

  it("needs documents where a loss scores them", () => {
    const student = uploadTower(gpu(), config(), initTower(config(), 1));
    const { scored: _, ...parts } = distilParts({});
    expect(() =>
      distilStep(gpu(), fusedOps, { ...recipe(true), ...RATES }, { ...parts, ...ALL, student, scored: undefined }),
    ).toThrow(/kl, margin, infoNce: these losses score documents/);
    disposeTower(student);
  });
});

const weightOf = (student: DistilStudent, name: string): number => {
  if (name === "kl") return student.klWeight!;
  if (name === "margin") return student.marginWeight!;
  return name === "infoNce" ? student.infoNceWeight! : 1;
};

interface Negatives {
  symmetric?: boolean;
  matryoshka?: number;
  queuedBatches?: number;
  hard?: number;
}

function contrastive(ops: TowerOps, shared: SharedRecipe, options: Negatives) {
  const device = deviceOf(ops);
  const own = config();
  const query = uploadTower(device, own, initTower(own, 3, "query", true));
  const document = uploadTower(device, own, initTower(own, 3, "document", true));
  const hard = options.hard ?? 1;
  const parts: SharedContrastiveParts = {
    ...{ query, document, queryLength: 8, documentLength: 8, learnTemperature: true },
    queryTokens: madeUpTexts(1, QUERIES, VOCABULARY),
    documentTokens: madeUpTexts(2, DOCUMENTS, VOCABULARY),
    order: pairOrder(pairs, BATCH, hard, 9, { queue: { batches: options.queuedBatches ?? 0 } }),
    ...{ hardNegatives: hard, ...options },
  };
  const step = contrastiveStep(device, ops, { ...shared, ...RATES }, { ...parts, temperature: 0.2 });
  return {
    step,
    parts,
    dispose() {
      step.dispose();
      disposeTower(query);
      disposeTower(document);
    },
  };
}

async function run(step: TrainingStep, from: number, to: number): Promise<number[][]> {
  for (let n = from; n <= to; n++) step.run(n);
  const log = await step.log.read();
  return Array.from({ length: to - from + 1 }, (_, i) => [...logRow(step, log, from + i)]);
}

async function contrast(ops: TowerOps, shared: SharedRecipe, options: Negatives): Promise<Trained> {
  const { step, dispose } = contrastive(ops, shared, options);
  const rows = await run(step, 1, STEPS);
  const parameters = await downloadParameters(deviceOf(ops), step);
  dispose();
  deviceOf(ops).check();
  return { rows, parameters };
}

describe("contrastive training with further negatives", () => {
  it("is the same captured and eager, in pieces, and as tfjs' operations have it", async () => {
    const options = { symmetric: true, matryoshka: 1, queuedBatches: 3 };
    const captured = await contrast(fusedOps, recipe(true), options);
    expect(await contrast(fusedOps, recipe(false), options)).toEqual(captured);
    await onCpu(async () => {
      const plain = await contrast(plainOps, recipe(false), options);
      expectClose(captured, plain, 2e-3);
      expectClose(await contrast(plainOps, recipe(false, 2), options), plain, 2e-5);
    });
  });

  it("has more to tell apart once the queue fills, and goes on with it as if nothing had happened", async () => {
    const first = contrastive(fusedOps, recipe(true), { queuedBatches: 2 });
    const whole = await run(first.step, 1, STEPS);
    const without = await contrast(fusedOps, recipe(true), { queuedBatches: 0 });
    expect(whole[0]).toEqual(without.rows[0]);
    expect(whole[2]![0]!).toBeGreaterThan(without.rows[2]![0]!);

    const cut = contrastive(fusedOps, recipe(true), { queuedBatches: 2 });
    await run(cut.step, 1, 4);
    const kept = await (cut.step.carried as Carried).read();
    const filled = [...kept.get("queue")!.values].every((value) => value !== 0);
    expect(filled).toBe(true);
    // The same towers, with and without what the queue held.
    const again = contrastive(fusedOps, recipe(true), { queuedBatches: 2 });
    await run(again.step, 1, 4);
    again.step.carried!.write(
      new Map([["queue", { shape: [], values: normals("else", kept.get("queue")!.values.length) }]]),
    );
    const wrong = await run(again.step, 5, 5);
    expect(wrong[0]).not.toEqual(whole[4]);
    cut.step.carried!.write(kept);
    expect(await run(cut.step, 5, STEPS)).toEqual(whole.slice(4));
    for (const one of [first, cut, again]) one.dispose();
  });

  it("is of one student where there is a queue", () => {
    const { parts, dispose } = contrastive(fusedOps, recipe(false), {});
    const own = config();
    const two = [1, 2].map((seed) => initTower(own, seed));
    const towers = { query: uploadStudents(gpu(), own, two), document: uploadStudents(gpu(), own, two) };
    const students = [1, 2].map((seed) => ({ ...RATES, seed, temperature: 0.1 }));
    expect(() =>
      stackedContrastiveStep(gpu(), fusedOps, recipe(false), { ...parts, ...towers, queuedBatches: 1 }, students),
    ).toThrow(/queue of negatives is of one student/);
    const both = stackedContrastiveStep(
      gpu(),
      fusedOps,
      recipe(false),
      { ...parts, ...towers, symmetric: true, matryoshka: 1 },
      students,
    );
    both.run(1);
    both.dispose();
    for (const tower of Object.values(towers)) disposeTower(tower);
    dispose();
  });
});
