/** What is predicted against what captures take. Recording is dry, so that none of this computes anything. */
import { describe, expect, it } from "vitest";
import type { Gpu } from "../../gpu/device";
import { fusedOps } from "../../gpu/fusedOps";
import { useGpu } from "../../gpu/testGpu";
import { initTower } from "../towers";
import { disposeTower, type Tower, uploadTower } from "../towers/device";
import type { TowerConfig } from "../towers/types";
import { createEncoder } from "../training/encode";
import { contrastiveStep, distilStep, type Recipe } from "../training/steps";
import { contrastiveMemory, distilMemory, encoderMemory, type MemoryParts, parameterBytes } from "./stepMemory";

const gpu = useGpu();

const config = (kind: TowerConfig["kind"], width: number, layers: number): TowerConfig => ({
  kind,
  vocabulary: 700,
  width,
  layers: kind === "lookup" ? 0 : layers,
  heads: 4,
  kvHeads: kind === "decoder" ? 2 : 4,
  hidden: kind === "decoder" ? 8 * Math.round(width / 3) : 4 * width,
  maxTokens: 48,
  pooling: "mean",
  embeddingSize: kind === "bench" ? width : 24,
});
const recipe = (batch: number, dropout: number): Recipe => ({
  ...{ steps: 10, batch, warmup: 0, weightDecay: 0, beta1: 0.9, beta2: 0.99, clip: 1, captured: true, seed: 1 },
  ...{ learningRate: 1e-3, embeddingRate: 1e-3, dropout },
});
const table = { flat: Int32Array.of(1), offsets: Int32Array.of(0, 1) };
const never = () => {
  throw new Error("nothing is run here");
};
const total = (parts: MemoryParts) =>
  parts.parameters + parts.gradients + parts.moments + parts.activations + parts.inputs + parts.vectors;

function measured(make: (gpu: Gpu) => (() => void)[]): number {
  const before = gpu().bytes();
  const dispose = make(gpu());
  const bytes = gpu().bytes() - before;
  for (const free of dispose.toReversed()) free();
  expect(gpu().bytes()).toBe(before);
  return bytes;
}
function expectPredicted(predicted: number, bytes: number) {
  expect(predicted / bytes).toBeGreaterThan(0.95);
  expect(predicted / bytes).toBeLessThan(1.15);
}
const towerOf = (c: TowerConfig, side: "query" | "document" = "query"): Tower =>
  uploadTower(gpu(), c, initTower(c, 1, side, true));

const step = (query: Tower, document: Tower, batch: number, hard: number, dropout: number, learn = false) =>
  contrastiveStep(gpu(), fusedOps, recipe(batch, dropout), {
    ...{ query, document, queryTokens: table, documentTokens: table, queryLength: 16, documentLength: 48 },
    ...{ order: never, hardNegatives: hard, temperature: 1, learnTemperature: learn },
  });

describe("the memory of a step is known before", () => {
  const pairs: [string, TowerConfig, TowerConfig | null, number, number, number][] = [
    ["decoders", config("decoder", 64, 3), config("decoder", 64, 3), 32, 0, 0],
    ["shared decoders, dropout", config("decoder", 48, 2), null, 24, 1, 0.1],
    ["encoders", config("encoder", 64, 2), config("encoder", 64, 2), 32, 0, 0],
    ["encoders, dropout", config("encoder", 32, 3), config("encoder", 32, 3), 32, 0, 0.1],
    ["a small encoder and a decoder", config("encoder", 32, 1), config("decoder", 96, 2), 48, 2, 0],
    ["a lookup table and a decoder", config("lookup", 32, 0), config("decoder", 64, 1), 64, 0, 0],
    ["lookup tables, more documents than the loss's kernels take", config("lookup", 16, 0), null, 960, 1, 0],
    ["the benchmark's model, dropout", config("bench", 64, 2), config("bench", 64, 2), 32, 0, 0.1],
  ];
  for (const [name, query, document, batch, hard, dropout] of pairs)
    it(name, () => {
      const bytes = measured(() => {
        const q = towerOf(query);
        const d = document ? towerOf(document, "document") : q;
        const made = step(q, d, batch, hard, dropout);
        return [() => disposeTower(q), ...(document ? [() => disposeTower(d)] : []), made.dispose];
      });
      const texts = {
        query: { config: query, batch, tokens: 16 },
        document: { config: document ?? query, batch: batch * (1 + hard), tokens: 48 },
      };
      const parts = contrastiveMemory(texts.query, texts.document, !document, { dropout, captured: true });
      const parameters = parameterBytes(query) + (document ? parameterBytes(document) : 0);
      expectPredicted(total(parts) + parameters, bytes);
    });

  for (const [kind, dropout] of [
    ["encoder", 0],
    ["encoder", 0.1],
    ["decoder", 0],
    ["lookup", 0],
  ] as const)
    it(`distillation of a ${kind}${dropout ? ", dropout" : ""}`, () => {
      const c = config(kind, 32, 2);
      const bytes = measured(() => {
        const student = towerOf(c);
        const made = distilStep(gpu(), fusedOps, recipe(64, dropout), {
          ...{ student, queryTokens: table, queryLength: 24, teacher: new Float32Array(0), order: never },
          ...{ mseWeight: 1, cosineWeight: 1, mseOn: "raw", mseReduce: "mean" },
        });
        return [() => disposeTower(student), made.dispose];
      });
      const parts = distilMemory({ config: c, batch: 64, tokens: 24 }, { dropout, captured: true });
      expectPredicted(total(parts) + parameterBytes(c), bytes);
    });

  for (const kind of ["encoder", "decoder", "lookup", "bench"] as const)
    it(`encoding by a ${kind}`, () => {
      const c = config(kind, 64, 3);
      const bytes = measured(() => {
        const tower = towerOf(c);
        const encoder = createEncoder(gpu(), fusedOps, tower, { batch: 64, length: 48, captured: true });
        return [() => disposeTower(tower), encoder.dispose];
      });
      expectPredicted(total(encoderMemory({ config: c, batch: 64, tokens: 48 }, true)) + parameterBytes(c), bytes);
    });
});
