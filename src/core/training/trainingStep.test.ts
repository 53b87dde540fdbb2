/**
 * Whole training steps: own kernels against tfjs' operations, captured against eager, over 30 steps with everything that
 * a step may have. And what a step takes of the GPU, which must not grow unseen.
 */
import { describe, expect, it } from "vitest";
import { fusedOps } from "../../gpu/fusedOps";
import type { TowerOps } from "../../gpu/ops";
import { plainOps } from "../../gpu/plainOps";
import { useGpu } from "../../gpu/testGpu";
import { random } from "../random";
import { initTower, parameterSpecs } from "../towers";
import { disposeTower, downloadParameters, uploadTower } from "../towers/device";
import type { HostParameters, TowerConfig } from "../towers/types";
import { contrastiveStep } from "./contrastiveStep";
import { distilStep } from "./distilStep";
import { readMoments, writeMoments } from "./moments";
import { BATCH, STEPS, testConfig, testRecipe, VOCABULARY } from "./testSteps";
import { madeUpTexts } from "./testTexts";
import type { Recipe, TrainingStep } from "./trainingStep";

const gpu = useGpu();
const config = (kind: TowerConfig["kind"]) => testConfig(kind, 2, kind === "bench" ? 16 : 12);

const texts = (seed: number, count: number) => madeUpTexts(seed, count, VOCABULARY);

const recipe = (captured: boolean, dropout: number): Recipe => ({
  ...testRecipe(captured, dropout),
  learningRate: 3e-3,
  embeddingRate: 2e-2,
  seed: 5,
});

interface Made {
  step: TrainingStep;
  dispose(): void;
}

type Make = (ops: TowerOps, captured: boolean) => Made;

const contrastive =
  (kind: TowerConfig["kind"], shared: boolean, dropout: number): Make =>
  (ops, captured) => {
    const own = config(kind);
    const query = uploadTower(gpu(), own, initTower(own, 3, "query", true));
    const document = shared ? query : uploadTower(gpu(), own, initTower(own, 3, "document", true));
    const mask = new Float32Array(BATCH * BATCH * 2).fill(1);
    mask[3] = 0;
    const step = contrastiveStep(gpu(), ops, recipe(captured, dropout), {
      query,
      document,
      queryTokens: texts(1, 20),
      documentTokens: texts(2, 30),
      queryLength: 8,
      documentLength: 8,
      order: (n) => ({
        queries: Int32Array.from({ length: BATCH }, (_, i) => (n * 7 + i) % 20),
        documents: Int32Array.from({ length: 2 * BATCH }, (_, i) => (n * 11 + i) % 30),
        mask,
      }),
      hardNegatives: 1,
      temperature: 0.2,
      learnTemperature: true,
    });
    return {
      step,
      dispose() {
        step.dispose();
        disposeTower(query);
        if (!shared) disposeTower(document);
      },
    };
  };

const distil =
  (mseOn: "raw" | "normalised"): Make =>
  (ops, captured) => {
    const own = config("encoder");
    const student = uploadTower(gpu(), own, initTower(own, 3));
    const r = random(8, "teacher");
    const step = distilStep(gpu(), ops, recipe(captured, 0), {
      student,
      queryTokens: texts(1, 20),
      queryLength: 8,
      teacher: Float32Array.from({ length: 20 * own.embeddingSize }, () => r.normal()),
      order: (n) => Int32Array.from({ length: BATCH }, (_, i) => (n * 5 + i) % 20),
      mseWeight: 0.5,
      cosineWeight: 1,
      mseOn,
      mseReduce: "mean",
    });
    return {
      step,
      dispose() {
        step.dispose();
        disposeTower(student);
      },
    };
  };

interface Trained {
  rows: number[][];
  parameters: HostParameters;
  m: Float32Array;
  v: Float32Array;
}

async function train(make: Make, ops: TowerOps, captured: boolean, steps = STEPS): Promise<Trained> {
  const { step, dispose } = make(ops, captured);
  const width = step.names.length;
  const rows: number[][] = [];
  for (let n = 1; n <= steps; n++) {
    step.run(n);
    const slot = (n % step.log.slots) * width;
    rows.push([...(await step.log.read()).subarray(slot, slot + width)]);
  }
  const parameters = await downloadParameters(gpu(), step);
  const moments = await readMoments(gpu(), step);
  dispose();
  gpu().check();
  return { rows, parameters, ...moments };
}

const cases: [string, Make][] = [
  ["decoder, two towers", contrastive("decoder", false, 0)],
  ["decoder, shared towers", contrastive("decoder", true, 0)],
  ["encoder with dropout", contrastive("encoder", false, 0.1)],
  ["bench, shared towers with dropout", contrastive("bench", true, 0.1)],
  ["lookup", contrastive("lookup", false, 0)],
  ["distillation, raw", distil("raw")],
  ["distillation, normalised", distil("normalised")],
];

describe("a training step", () => {
  for (const [name, make] of cases)
    it(`is the same captured and eager, bit for bit, and as tfjs' operations have it: ${name}`, async () => {
      const captured = await train(make, fusedOps, true);
      const eager = await train(make, fusedOps, false);
      expect(captured).toEqual(eager);
      expect(new Set(captured.rows.map((row) => row[0])).size).toBe(STEPS);
      const plain = await train(make, plainOps, false);
      // Adam divides by the root of tiny squares, so that rounding grows with the steps.
      captured.rows.forEach((row, i) => {
        row.forEach((value, k) => {
          expect(Math.abs(value - plain.rows[i]![k]!), `${name}, step ${i + 1}, number ${k}`).toBeLessThan(
            (i < 3 ? 1e-4 : 5e-3) * Math.max(1, Math.abs(value)),
          );
        });
      });
    }, 120_000);

  it("keeps moments in the order of the checkpoint's tensors", async () => {
    const make = contrastive("encoder", false, 0);
    const trained = await train(make, fusedOps, true, 2);
    const specs = parameterSpecs(config("encoder"));
    const expected = ["query", "document"].flatMap((side) =>
      specs.map(({ name, shape }) => [`${side}/${name}`, shape] as const),
    );
    expect([...trained.parameters].map(([name, { shape }]) => [name, shape])).toEqual([
      ...expected,
      ["logit_scale", [1]],
    ]);
    const { step, dispose } = make(fusedOps, true);
    writeMoments(gpu(), step, trained);
    const again = await readMoments(gpu(), step);
    expect(again).toEqual({ m: trained.m, v: trained.v });
    // A key's bias has no gradient to speak of, a query's has: they lie in one tensor on the device, apart in a state.
    let at = 0;
    const largest = new Map<string, number>();
    for (const [name, { values }] of trained.parameters) {
      largest.set(name, Math.max(...trained.m.subarray(at, at + values.length).map(Math.abs)));
      at += values.length;
    }
    expect(at).toBe(trained.m.length);
    const bias = (part: string) => largest.get(`query/encoder.layer.0.attention.self.${part}.bias`)!;
    expect(bias("key")).toBeLessThan(1e-3 * bias("value"));
    dispose();
  });
});

describe("a tower that starts from a checkpoint beside one that does not", () => {
  it("takes its own low rate for all its weights, the other one the two rates of the recipe", async () => {
    const rates = {
      ...recipe(true, 0),
      warmup: 0,
      weightDecay: 0,
      learningRate: 1e-2,
      embeddingRate: 0.1,
      loadedRate: 1e-4,
    };
    const query = uploadTower(gpu(), config("encoder"), initTower(config("encoder"), 3, "query", true));
    const loaded = {
      ...uploadTower(gpu(), config("decoder"), initTower(config("decoder"), 3, "document", true)),
      loaded: true,
    };
    const before = [await downloadParameters(gpu(), query), await downloadParameters(gpu(), loaded)];
    const made = contrastiveStep(gpu(), fusedOps, rates, {
      query,
      document: loaded,
      queryTokens: texts(1, 20),
      documentTokens: texts(2, 30),
      queryLength: 8,
      documentLength: 8,
      order: (n) => ({
        queries: Int32Array.from({ length: BATCH }, (_, i) => (n * 7 + i) % 20),
        documents: Int32Array.from({ length: BATCH }, (_, i) => (n * 11 + i) % 30),
        mask: new Float32Array(BATCH * BATCH).fill(1),
      }),
      hardNegatives: 0,
      temperature: 0.1,
      learnTemperature: false,
    });
    made.run(1);
    const after = [await downloadParameters(gpu(), query), await downloadParameters(gpu(), loaded)];
    made.dispose();
    const moved = (k: number, wanted: (name: string) => boolean) =>
      Math.max(
        ...[...before[k]!]
          .filter(([name]) => wanted(name))
          .flatMap(([name, { values }]) => [...values].map((x, i) => Math.abs(x - after[k]!.get(name)!.values[i]!))),
      );
    // A first step of Adam moves what has a gradient by its rate; the schedule's factor is the same for all.
    const isToken = (name: string) => /word_embeddings|embed_tokens/.test(name);
    const other = (name: string) => !/embeddings|embed_tokens/.test(name);
    const factor = moved(0, other) / 1e-2;
    expect(factor).toBeGreaterThan(0.5);
    expect(moved(0, isToken) / (0.1 * factor)).toBeCloseTo(1, 2);
    expect(moved(1, isToken) / (1e-4 * factor)).toBeCloseTo(1, 1);
    expect(moved(1, other) / (1e-4 * factor)).toBeCloseTo(1, 1);
    disposeTower(query);
    disposeTower(loaded);
  });
});
