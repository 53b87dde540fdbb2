/** The CPU in a GPU's place (WebAssembly): right operations, the GPU's optimizer, a run to its table, nothing that leaks. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { createAdamW, hyperValues } from "../../gpu/adamw";
import { captureStep } from "../../gpu/capture";
import { plainOps } from "../../gpu/plainOps";
import { adamwFirstStep } from "../../gpu/reference";
import { searchAll, uploadIndex } from "../../gpu/search";
import { selfTest } from "../../gpu/selfTest";
import { disposeOwn, ownTensor, readTensors, writeValues } from "../../gpu/step";
import { useWasm } from "../../gpu/testWasm";
import { memoryStore } from "../artifacts/store";
import { presetExperiment } from "../config/presets";
import type { Experiment } from "../config/schema";
import type { LossPoint } from "../formats/result";
import { random } from "../random";
import { normaliseRows, scoreAll, tieOrder, topK } from "../retrieval/exact";
import { checksFor } from "../training/checks";
import { toyDataset } from "../training/toy";
import { createControl } from "./control";
import { runExperiment } from "./run";
import { openSearch } from "./search";

const cpu = useWasm();
const distillation = { mseOn: "raw", mseReduce: "mean" } as const;

describe("the operations", () => {
  it("are right, gradients included", async () => {
    const { numTensors } = tf.memory();
    const kinds = ["decoder", "encoder", "lookup"] as const;
    await selfTest(cpu(), checksFor(plainOps, { kinds, dropouts: [0.1], distillation }), true);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it("would be refused where one is wrong", async () => {
    const ops = { ...plainOps, gelu: plainOps.gelu, pool: () => tf.ones([3, 8]) as tf.Tensor2D };
    const checks = checksFor(ops, { kinds: ["lookup"], dropouts: [], distillation });
    await expect(selfTest(cpu(), checks)).rejects.toMatchObject({ kind: "wrong-numbers" });
  });
});

it("the optimizer clips, decays and goes on from its moments; growing memory does not disturb it", async () => {
  const options = { beta1: 0.9, beta2: 0.98, clip: 0.5, eps: 1e-8 };
  const values = Float32Array.from({ length: 6 }, (_, i) => i - 2);
  const [a, b] = [values.subarray(0, 4), values.subarray(4)].map((part) =>
    ownTensor(cpu(), { shape: [part.length], dtype: "float32" }, part.slice()),
  ) as [tf.Tensor, tf.Tensor];
  const adamw = createAdamW(
    cpu(),
    [
      { name: "a", tensor: a, rate: 0, decay: 0.1 },
      { name: "b", tensor: b, rate: 1, decay: 0 },
    ],
    options,
  );
  const step = captureStep(
    cpu(),
    ({ g, hyper }) => {
      // As much as the memory holds at first: whatever looks at it over this looks at nothing.
      tf.zeros([2 ** 23]);
      const [ga, gb] = tf.split(g!, [4, 2]) as [tf.Tensor, tf.Tensor];
      return { norm: adamw.apply({ a: ga, b: gb }, hyper!) };
    },
    { g: { shape: [6], dtype: "float32" }, hyper: { shape: [4], dtype: "float32" } },
  );
  expect(step.kind).toBe("eager");
  const gradient = Float32Array.of(1, -2, 0, 3, 0.5, 0.25);
  step.run({ g: gradient, hyper: hyperValues([0.01, 0.02], 1, options) });
  const found = await readTensors(cpu(), [a, b]);
  const expected = (rate: number, decay: number) =>
    adamwFirstStep(Float64Array.from(values), Float64Array.from(gradient), { ...options, rate, decay });
  [...expected(0.01, 0.1).subarray(0, 4)].forEach((v, i) => {
    expect(found[0]![i]).toBeCloseTo(v, 6);
  });
  [...expected(0.02, 0).subarray(4)].forEach((v, i) => {
    expect(found[1]![i]).toBeCloseTo(v, 6);
  });
  expect((await step.read("norm"))[0]).toBeCloseTo(Math.hypot(...gradient), 5);

  // Put back, it does the second step again.
  const [m] = adamw.moments.m;
  const [v] = adamw.moments.v;
  const state = await readTensors(cpu(), [a, b, m!, v!]);
  const again = async () => {
    step.run({ g: gradient, hyper: hyperValues([0.01, 0.02], 2, options) });
    return readTensors(cpu(), [a, b]);
  };
  const second = await again();
  expect(second[0]).not.toEqual(state[0]);
  [a, b, m!, v!].forEach((tensor, i) => {
    writeValues(cpu(), tensor, state[i]!);
  });
  expect(await again()).toEqual(second);
  step.dispose();
  adamw.dispose();
  for (const tensor of [a, b]) disposeOwn(cpu(), tensor);
});

it("a search finds what plain loops find, scores of wanted documents with it", async () => {
  const [documents, size] = [300, 5];
  const r = random(3, "search");
  const vectors = Float32Array.from({ length: documents * size }, () => r.normal());
  vectors.fill(0, 7 * size, 8 * size);
  const ids = Array.from({ length: documents }, (_, i) => `d${String(documents - i).padStart(4, "0")}`);
  const queries = Float32Array.from({ length: 3 * size }, () => r.normal());
  const index = uploadIndex(cpu(), vectors, size, tieOrder(ids));
  const { hits, scores } = await searchAll(cpu(), index, queries, 10, [[4, 7], [], [299]]);
  const exact = { ids, vectors: normaliseRows(vectors, size), size };
  for (let q = 0; q < 3; q++) {
    const all = scoreAll(exact, normaliseRows(queries.subarray(q * size, (q + 1) * size), size));
    const best = topK(all, ids, 10);
    expect([...hits[q]!.documents]).toEqual([...best]);
    hits[q]!.scores.forEach((score, i) => {
      expect(score).toBeCloseTo(all[best[i]!]!, 5);
    });
    [[4, 7], [], [299]][q]!.forEach((document, i) => {
      expect(scores[q]![i]).toBeCloseTo(all[document]!, 5);
    });
  }
  index.dispose();
});

it("a run reaches its table, its losses fall, and it frees what it took", async () => {
  const base = presetExperiment("tiny");
  const experiment: Experiment = {
    ...base,
    stage1: { ...base.stage1, steps: 12, dropout: 0.1, hardNegatives: 1 },
    stage2: { ...base.stage2, steps: 5 },
    training: { ...base.training, saveEvery: 3600 },
  };
  const losses: LossPoint[] = [];
  const store = memoryStore();
  const { numTensors } = tf.memory();
  const control = createControl();
  const result = await runExperiment({
    gpu: cpu(),
    ops: plainOps,
    adapter: { ...cpu().adapter, host: "node" },
    codeVersion: "test",
    store,
    experiment,
    name: "cpu",
    createdAt: "2026-01-01T00:00:00.000Z",
    dataset: toyDataset(1, 40, 40),
    control,
    listener: {
      // Said too late to end stage 1; it must not end the next training before it has begun.
      stage: ({ name, status }) => {
        if (name === "index" && status === "running") control.finish();
      },
      points: (stage, points) => {
        if (stage === "stage1") losses.push(...points);
      },
      saved: () => undefined,
    },
  });
  expect(result.adapter).toMatchObject({ description: "CPU (WebAssembly)", software: true });
  expect(result.systems).toHaveLength(5);
  for (const system of result.systems) expect(system.metrics["recall@10"].value).toBeGreaterThanOrEqual(0);
  expect(losses).toHaveLength(12);
  expect(result.stages.find(({ name }) => name === "stage2")).toMatchObject({ done: 5, total: 5 });
  expect(result.stoppedEarly).toBe(false);
  expect(losses.at(-1)!.loss).toBeLessThan(losses[0]!.loss - 0.1);
  const bytes = losses.map((point) => point.gpuBytes);
  expect(new Set(bytes.slice(1)).size).toBe(1);
  expect(tf.memory().numTensors).toBe(numTensors);

  const search = await openSearch(cpu(), plainOps, store, experiment, toyDataset(1, 40, 40));
  const [query] = search.testQueries(1);
  for (let time = 0; time < 2; time++) {
    const columns = await search.search(query!.text, 5);
    expect(columns.map(({ hits }) => hits.length)).toEqual([5, 5, 5, 5, expect.any(Number)]);
    const scores = columns[0]!.hits.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  }
  search.dispose();
  expect(tf.memory().numTensors).toBe(numTensors);
});
