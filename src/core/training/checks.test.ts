/** The self-test: right operations pass it, a wrong one is refused by name. */
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { createAdamW } from "../../gpu/adamw";
import { fusedOps } from "../../gpu/fusedOps";
import type { TowerOps } from "../../gpu/ops";
import { searchAll } from "../../gpu/search";
import { type OpCheck, selfTest, testOptimizer, testSearch } from "../../gpu/selfTest";
import { useGpu } from "../../gpu/testGpu";
import { memoryStore } from "../artifacts/store";
import { presetExperiment } from "../config/presets";
import { LOSS_TERMS } from "../objectives";
import { testBeforeRun } from "../pipeline/selfTest";
import { checksFor } from "./checks";

const gpu = useGpu();
const ALL = {
  kinds: ["decoder", "encoder", "lookup"],
  dropouts: [0.1, 0.2],
  distillation: { mseOn: "raw", mseReduce: "mean" },
  terms: LOSS_TERMS,
} as const;

const only = (ops: TowerOps, name: string): OpCheck[] => {
  const found = checksFor(ops, ALL).filter((check) => check.name === name);
  expect(found, name).toHaveLength(1);
  return found;
};

it("right operations pass, and what a test needs is freed", async () => {
  const bytes = gpu().bytes();
  const { numTensors } = tf.memory();
  const checks = checksFor(fusedOps, ALL);
  expect(checks.length).toBeGreaterThan(14 + LOSS_TERMS.length);
  await selfTest(gpu(), checks, true);
  expect(gpu().bytes()).toBe(bytes);
  expect(tf.memory().numTensors).toBe(numTensors);
});

it("a wrong result is refused with the operation's name, the value and what to do", async () => {
  const broken: TowerOps = { ...fusedOps, pool: (x, weights) => tf.mul(fusedOps.pool(x, weights), 1.01) };
  expect(only(fusedOps, "kl loss")).toHaveLength(1);
  await expect(selfTest(gpu(), only(broken, "pooling"))).rejects.toMatchObject({
    kind: "wrong-numbers",
    message: expect.stringMatching(/computes "pooling" wrongly: value \d+ of its result should be -?\d\S* and is -?\d/),
    remedy: expect.stringContaining("Update the graphics driver"),
  });
});

it("so is a wrong gradient alone, and one that is not a number", async () => {
  const withGradient = (gradient: (dy: tf.Tensor) => tf.Tensor): TowerOps => ({
    ...fusedOps,
    layerNorm: (x, gain, bias, eps) =>
      tf.add(
        fusedOps.layerNorm(x, gain, bias, eps),
        tf.customGrad((b) => ({
          value: tf.zerosLike(b as tf.Tensor),
          gradFunc: (dy: tf.Tensor) => gradient(dy),
        }))(bias),
      ),
  });
  await expect(
    selfTest(
      gpu(),
      only(
        withGradient((dy) => tf.mul(dy, 0.1)),
        "layer norm",
      ),
    ),
  ).rejects.toMatchObject({
    message: expect.stringContaining('"layer norm" wrongly: value'),
  });
  await expect(
    selfTest(
      gpu(),
      only(
        withGradient((dy) => tf.div(dy, 0)),
        "layer norm",
      ),
    ),
  ).rejects.toMatchObject({
    message: expect.stringMatching(/of its gradient for bias should be -?\d\S* and is (NaN|-?Infinity)/),
  });
});

it("a search with wrong scores or wrong documents is refused, and an optimizer that loses a piece", async () => {
  const broken =
    (change: (found: Awaited<ReturnType<typeof searchAll>>) => void): typeof searchAll =>
    async (...args) => {
      const found = await searchAll(...args);
      change(found);
      return found;
    };
  const refused = (words: string) => ({ kind: "wrong-numbers", message: expect.stringContaining(words) });
  const scores = broken(({ hits }) => {
    hits[32]!.scores[19]! += 0.01;
  });
  await expect(testSearch(gpu(), scores)).rejects.toMatchObject(refused("search: the best scores"));
  const documents = broken(({ hits }) => hits[0]!.documents.reverse());
  await expect(testSearch(gpu(), documents)).rejects.toMatchObject(refused("search: the best documents"));
  const given = broken(({ scores: [first] }) => first!.fill(0, 1));
  await expect(testSearch(gpu(), given)).rejects.toMatchObject(refused("search: scores of given documents"));
  await testOptimizer(gpu(), 3);
  const forgetful: typeof createAdamW = (...args) => ({ ...createAdamW(...args), add: () => undefined });
  await expect(testOptimizer(gpu(), 3, forgetful)).rejects.toMatchObject(refused("AdamW with a gradient in pieces"));
});

it("is run once for a build and the operations of a run, and a refusal is not remembered", async () => {
  const store = memoryStore();
  const experiment = presetExperiment("tiny");
  const said: (string | null)[] = [];
  const lookup = { ...experiment, student: { ...experiment.student, kind: "lookup" as const } };
  const options = {
    gpu: gpu(),
    ops: fusedOps,
    experiment,
    codeVersion: "1",
    store,
    doing: (w: string | null) => said.push(w),
  };
  const broken: TowerOps = { ...fusedOps, embed: (...x) => tf.neg(fusedOps.embed(...x)) };
  await expect(testBeforeRun({ ...options, ops: broken })).rejects.toMatchObject({ kind: "wrong-numbers" });
  expect(said).toEqual(["trying out the GPU's arithmetic", null]);
  expect(await testBeforeRun(options)).toBe(true);
  expect(await testBeforeRun(options)).toBe(false);
  expect(await testBeforeRun({ ...options, experiment: lookup })).toBe(true);
  expect(await testBeforeRun({ ...options, codeVersion: "2" })).toBe(true);
  const { stage1, stage2 } = experiment;
  for (const change of [
    { stage2: { ...stage2, mseOn: "normalised" as const, mseReduce: "sum" as const } },
    { stage2: { ...stage2, mseOn: "normalised" as const } },
    { stage1: { ...stage1, dropout: 0.5 } },
    { stage2: { ...stage2, dropout: 0.3 } },
    { stage2: { ...stage2, pieces: 2 } },
    { stage2: { ...stage2, klWeight: 1 } },
    { stage2: { ...stage2, refineSteps: 1 } },
  ]) {
    const other = { ...options, experiment: { ...experiment, ...change } };
    expect(await testBeforeRun(other), JSON.stringify(change)).toBe(true);
    expect(await testBeforeRun(other), JSON.stringify(change)).toBe(false);
  }
  expect(await testBeforeRun(options)).toBe(false);
});
