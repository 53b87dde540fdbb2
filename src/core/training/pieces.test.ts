/** A batch in pieces against the whole batch: the same training to rounding, in less memory. */
import { describe, expect, it } from "vitest";
import { countGpu } from "../../gpu/count";
import { fusedOps } from "../../gpu/fusedOps";
import type { TowerOps } from "../../gpu/ops";
import { plainOps } from "../../gpu/plainOps";
import { useGpu } from "../../gpu/testGpu";
import { random } from "../random";
import { initTower } from "../towers";
import { disposeTower, downloadParameters, uploadTower } from "../towers/device";
import type { HostParameters, TowerConfig } from "../towers/types";
import { contrastiveStep } from "./contrastiveStep";
import { distilStep } from "./distilStep";
import { piecesOf } from "./pieces";
import { madeUpTexts } from "./testTexts";
import type { Recipe, TrainingStep } from "./trainingStep";

const gpu = useGpu();
const VOCABULARY = 30;
const STEPS = 5;

const config = (kind: TowerConfig["kind"]): TowerConfig => ({
  kind,
  vocabulary: VOCABULARY,
  width: 8,
  layers: kind === "lookup" ? 0 : 1,
  heads: 2,
  kvHeads: kind === "decoder" ? 1 : 2,
  hidden: 16,
  maxTokens: 8,
  pooling: "mean",
  embeddingSize: 8,
});

const texts = (seed: number, count: number) => madeUpTexts(seed, count, VOCABULARY);

const recipe = (batch: number, pieces: number, captured: boolean): Recipe => ({
  ...{ steps: STEPS, batch, warmup: 0.1, weightDecay: 0.05, beta1: 0.9, beta2: 0.98, clip: 0.5, captured, pieces },
  // Adam turns a gradient that is 0 but for rounding into a step of full size; with this it does not.
  eps: 1e-4,
  ...{ learningRate: 3e-3, embeddingRate: 2e-2, dropout: 0.2, seed: 5 },
});

interface Made {
  step: TrainingStep;
  dispose(): void;
}
type Make = (ops: TowerOps, recipe: Recipe) => Made;

const contrastive =
  (query: TowerConfig, document: TowerConfig | null): Make =>
  (ops, recipe) => {
    const q = uploadTower(gpu(), query, initTower(query, 3, "query", true));
    const d = document ? uploadTower(gpu(), document, initTower(document, 3, "document", true)) : q;
    const { batch } = recipe;
    const mask = new Float32Array(batch * batch * 2).fill(1);
    mask[3] = 0;
    const step = contrastiveStep(gpu(), ops, recipe, {
      ...{ query: q, document: d, queryTokens: texts(1, 20), documentTokens: texts(2, 30) },
      ...{ queryLength: 8, documentLength: 8, hardNegatives: 1, temperature: 0.2, learnTemperature: true },
      order: (n) => ({
        queries: Int32Array.from({ length: batch }, (_, i) => (n * 7 + i) % 20),
        documents: Int32Array.from({ length: 2 * batch }, (_, i) => (n * 11 + i) % 30),
        mask,
      }),
    });
    return {
      step,
      dispose() {
        step.dispose();
        disposeTower(q);
        if (d !== q) disposeTower(d);
      },
    };
  };

const distil =
  (own: TowerConfig): Make =>
  (ops, recipe) => {
    const student = uploadTower(gpu(), own, initTower(own, 3));
    const r = random(8, "teacher");
    const step = distilStep(gpu(), ops, recipe, {
      ...{ student, queryTokens: texts(1, 20), queryLength: 8 },
      teacher: Float32Array.from({ length: 20 * own.embeddingSize }, () => r.normal()),
      order: (n) => Int32Array.from({ length: recipe.batch }, (_, i) => (n * 5 + i) % 20),
      ...{ mseWeight: 0.5, cosineWeight: 1, mseOn: "normalised", mseReduce: "mean" },
    });
    return {
      step,
      dispose() {
        step.dispose();
        disposeTower(student);
      },
    };
  };

async function train(
  make: Make,
  ops: TowerOps,
  recipe: Recipe,
): Promise<{ rows: number[][]; parameters: HostParameters }> {
  const { step, dispose } = make(ops, recipe);
  const width = step.names.length;
  for (let n = 1; n <= STEPS; n++) step.run(n);
  const log = await step.log.read();
  const rows = Array.from({ length: STEPS }, (_, i) => [...log.subarray((i + 1) * width, (i + 2) * width)]);
  const parameters = await downloadParameters(gpu(), step);
  dispose();
  gpu().check();
  return { rows, parameters };
}

function expectSame(a: Awaited<ReturnType<typeof train>>, b: Awaited<ReturnType<typeof train>>) {
  a.rows.forEach((row, i) => {
    row.forEach((value, k) => {
      expect(Math.abs(value - b.rows[i]![k]!), `step ${i + 1}, number ${k}`).toBeLessThan(
        1e-5 * Math.max(1, Math.abs(value)),
      );
    });
  });
  for (const [name, { values }] of a.parameters)
    values.forEach((value, i) => {
      expect(Math.abs(value - b.parameters.get(name)!.values[i]!), `${name} ${i}`).toBeLessThan(1e-5);
    });
}

const encoder = config("encoder");
const decoder = config("decoder");
const lookup = config("lookup");
const cases: [string, Make][] = [
  ["two encoders", contrastive(encoder, encoder)],
  ["decoders that share their weights", contrastive(decoder, null)],
  ["a lookup table and a decoder", contrastive(lookup, decoder)],
  ["distillation of an encoder", distil(encoder)],
];

describe("a batch in pieces", () => {
  it("is cut as evenly as can be", () => {
    expect(piecesOf(10, 4).map(({ count }) => count)).toEqual([3, 2, 3, 2]);
    expect(piecesOf(8, 1)).toEqual([{ first: 0, count: 8 }]);
    for (const [texts, pieces] of [
      [7, 3],
      [3, 9],
      [128, 5],
    ] as const) {
      const cut = piecesOf(texts, pieces);
      expect(cut).toHaveLength(Math.min(texts, pieces));
      cut.forEach(({ first, count }, i) => {
        expect(count).toBeGreaterThan(0);
        expect(first + count).toBe(cut[i + 1]?.first ?? texts);
      });
    }
  });

  for (const [name, make] of cases)
    it(`trains as the whole batch does, with dropout, hard negatives and a learned temperature: ${name}`, async () => {
      const whole = await train(make, fusedOps, recipe(4, 1, true));
      const two = await train(make, fusedOps, recipe(4, 2, true));
      const four = await train(make, fusedOps, recipe(4, 4, true));
      expectSame(two, whole);
      expectSame(four, whole);
      expect(await train(make, fusedOps, recipe(4, 4, false))).toEqual(four);
    });

  it("trains as the whole batch does where the pieces are not of one size", async () => {
    for (const make of [contrastive(lookup, null), distil(lookup)])
      expectSame(await train(make, fusedOps, recipe(5, 3, true)), await train(make, fusedOps, recipe(5, 1, true)));
  });

  it("may be in more pieces than the GPU binds buffers", async () => {
    const pieces = gpu().device.limits.maxStorageBuffersPerShaderStage + 2;
    const make = distil(lookup);
    expectSame(
      await train(make, fusedOps, recipe(pieces, pieces, true)),
      await train(make, fusedOps, recipe(pieces, 1, true)),
    );
  });

  it("does so with tfjs' operations too", async () => {
    const make = contrastive(lookup, null);
    expectSame(await train(make, plainOps, recipe(4, 2, false)), await train(make, plainOps, recipe(4, 1, false)));
  });

  it("is one submit", () => {
    const counter = countGpu();
    const { step, dispose } = cases[0]![1](fusedOps, recipe(4, 4, true));
    counter.reset();
    step.run(1);
    expect(counter.counts).toMatchObject({ submits: 1, dispatches: step.step.stats.dispatches });
    counter.stop();
    dispose();
  });
});
