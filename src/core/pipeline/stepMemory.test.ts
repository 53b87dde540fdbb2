/** What is predicted against what captures take. Recording is dry, so that none of this computes anything. */
import { describe, expect, it } from "vitest";
import type { Gpu } from "../../gpu/device";
import { fusedOps } from "../../gpu/fusedOps";
import { SEARCH_BATCH, searchStep, uploadIndex } from "../../gpu/search";
import { disposeOwn, ownTensor } from "../../gpu/step";
import { useGpu } from "../../gpu/testGpu";
import { initTower } from "../towers";
import { disposeTower, type Tower, uploadAdapted, uploadStudents, uploadTower } from "../towers/device";
import { isHead, type LoraSettings } from "../towers/lora";
import type { TowerConfig } from "../towers/types";
import { contrastiveStep } from "../training/contrastiveStep";
import { distilStep, stackedDistilStep } from "../training/distilStep";
import { createEncoder } from "../training/encode";
import { languageMeter, languageStep } from "../training/languageStep";
import type { Recipe } from "../training/trainingStep";
import { type ContrastiveLoss, contrastiveMemory } from "./contrastiveMemory";
import { together } from "./memory";
import { parameterBytes } from "./parameterMemory";
import {
  besideMemory,
  distilMemory,
  encoderMemory,
  languageMemory,
  type MemoryParts,
  type StepShape,
  searchMemory,
} from "./stepMemory";

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
const recipe = (batch: number, dropout: number, pieces = 1): Recipe => ({
  ...{ steps: 10, batch, warmup: 0, weightDecay: 0, beta1: 0.9, beta2: 0.99, clip: 1, captured: true, seed: 1 },
  ...{ learningRate: 1e-3, embeddingRate: 1e-3, dropout, pieces },
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
  expect(predicted / bytes).toBeGreaterThan(0.97);
  expect(predicted / bytes).toBeLessThan(1.03);
}
const towerOf = (c: TowerConfig, side: "query" | "document" = "query", lora?: LoraSettings): Tower => {
  const host = initTower(c, 1, side, true);
  return lora ? uploadAdapted(gpu(), c, host, lora, 1, side) : uploadTower(gpu(), c, host);
};

const shape = (dropout: number, pieces = 1, lora: LoraSettings | null = null): StepShape => ({
  ...{ dropout, captured: true, pieces, lora },
});

/** Predicted and measured bytes of a contrastive step with its towers; without `document` they are one. */
function contrastive(
  query: TowerConfig,
  document: TowerConfig | null,
  {
    batch,
    hard = 0,
    dropout = 0,
    pieces = 1,
    lora,
    ...loss
  }: { batch: number; hard?: number; dropout?: number; pieces?: number; lora?: LoraSettings } & ContrastiveLoss,
): { predicted: number; bytes: number } {
  const bytes = measured(() => {
    const q = towerOf(query, "query", lora);
    const d = document ? towerOf(document, "document", lora) : q;
    const made = contrastiveStep(gpu(), fusedOps, recipe(batch, dropout, pieces), {
      ...{ query: q, document: d, queryTokens: table, documentTokens: table, queryLength: 16, documentLength: 48 },
      ...{ order: never, hardNegatives: hard, temperature: 1, learnTemperature: false },
      ...{ ...loss, queuedBatches: (loss.queued ?? 0) / batch },
    });
    return [() => disposeTower(q), ...(document ? [() => disposeTower(d)] : []), made.dispose];
  });
  const parts = contrastiveMemory(
    { config: query, batch, tokens: 16 },
    { config: document ?? query, batch: batch * (1 + hard), tokens: 48 },
    !document,
    shape(dropout, pieces, lora),
    loss,
  );
  const towers = (document ? [query, document] : [query]).map((c) =>
    parameterBytes(c, lora?.half ? (name) => !isHead(name) : false),
  );
  return { predicted: total(parts) + towers.reduce((a, b) => a + b, 0), bytes };
}

/** @param terms losses that score `columns` documents @param teacherSize where it is not the student's */
function distillation(
  c: TowerConfig,
  dropout: number,
  pieces = 1,
  {
    terms = [],
    columns = 0,
    matryoshka = 0,
    teacherSize,
  }: Partial<Record<"columns" | "matryoshka" | "teacherSize", number>> & { terms?: string[] } = {},
): { predicted: number; bytes: number } {
  const bytes = measured(() => {
    const student = towerOf(c);
    const projection = teacherSize
      ? ownTensor(gpu(), { shape: [teacherSize, c.embeddingSize], dtype: "float32" })
      : undefined;
    const made = distilStep(gpu(), fusedOps, recipe(64, dropout, pieces), {
      ...{ student, queryTokens: table, queryLength: 24, teacher: new Float32Array(0), order: never },
      ...{ mseWeight: 1, cosineWeight: 1, mseOn: "raw", mseReduce: "mean", matryoshka, projection },
      ...Object.fromEntries(terms.map((term) => [`${term}Weight`, 1])),
      scored: {
        vectors: new Float32Array(0),
        columns: () => columns,
        distribution: () => ({ from: 0, count: columns }),
        of: never,
      },
    });
    return [() => disposeTower(student), made.dispose, () => projection && disposeOwn(gpu(), projection)];
  });
  const loss = { terms: terms.length, columns, matryoshka, ...(teacherSize ? { teacherSize } : {}) };
  const parts = distilMemory({ config: c, batch: 64, tokens: 24 }, shape(dropout, pieces), loss);
  return { predicted: total(parts) + parameterBytes(c), bytes };
}

describe("students side by side", () => {
  it.each(["encoder", "lookup"] as const)("take so much each: %s", (kind) => {
    const c = config(kind, 32, 1);
    const of = (count: number) =>
      measured(() => {
        const each = Array.from({ length: count }, (_, k) => initTower(c, k, "query"));
        const student = uploadStudents(gpu(), c, each);
        const parts = {
          ...{ student, queryTokens: table, queryLength: 24, teacher: new Float32Array(0), order: never },
          ...{ mseOn: "raw" as const, mseReduce: "mean" as const },
        };
        const own = { learningRate: 1, embeddingRate: 1, seed: 1, mseWeight: 1, cosineWeight: 1 };
        const step = stackedDistilStep(gpu(), fusedOps, recipe(64, 0), parts, Array(count).fill(own));
        return [() => disposeTower(student), step.dispose];
      });
    const { bytes } = besideMemory({ config: c, batch: 64, tokens: 24 }, { dropout: 0, captured: true });
    const each = (of(9) - of(3)) / 6;
    expect(bytes / each).toBeGreaterThan(0.95);
    expect(bytes / each).toBeLessThan(1.15);
  });
});

describe("the memory of a step is known before", () => {
  const [decoder, encoder, lookup] = [config("decoder", 64, 3), config("encoder", 64, 2), config("lookup", 32, 0)];
  const bench = config("bench", 64, 2);
  const pairs: [string, TowerConfig, TowerConfig | null, Parameters<typeof contrastive>[2]][] = [
    ["decoders", decoder, decoder, { batch: 32 }],
    ["shared decoders, dropout", config("decoder", 48, 2), null, { batch: 24, hard: 1, dropout: 0.1 }],
    ["encoders", encoder, encoder, { batch: 32 }],
    ["encoders, dropout", config("encoder", 32, 3), config("encoder", 32, 3), { batch: 32, dropout: 0.1 }],
    ["a small encoder and a decoder", config("encoder", 32, 1), config("decoder", 96, 2), { batch: 48, hard: 2 }],
    ["a lookup table and a decoder", lookup, config("decoder", 64, 1), { batch: 64 }],
    ["more documents than the loss's kernels take", config("lookup", 16, 0), null, { batch: 960, hard: 1 }],
    ["the benchmark's model, dropout", bench, bench, { batch: 32, dropout: 0.1 }],
    ["decoders, in pieces", decoder, decoder, { batch: 32, pieces: 4 }],
    ["shared encoders, in uneven pieces, dropout", encoder, null, { batch: 33, hard: 1, dropout: 0.1, pieces: 5 }],
    ["lookup tables, in pieces", lookup, lookup, { batch: 64, pieces: 2 }],
  ];
  for (const [name, query, document, how] of pairs)
    it(name, () => {
      const { predicted, bytes } = contrastive(query, document, how);
      expectPredicted(predicted, bytes);
    });

  for (const [name, c, targets, pieces, half] of [
    ["decoders", decoder, "attention", 1, false],
    ["decoders", decoder, "all", 1, false],
    ["encoders", encoder, "all", 1, true],
    ["decoders", decoder, "all", 4, true],
  ] as const)
    it(`${name} with adapters, ${targets}, ${pieces === 1 ? "at once" : "in pieces"}${half ? ", beside half floats" : ""}`, () => {
      const lora = { rank: 8, alpha: 16, targets, half };
      const { predicted, bytes } = contrastive(c, c, { batch: 32, pieces, lora });
      expectPredicted(predicted, bytes);
    });

  for (const [kind, dropout, pieces] of [
    ["encoder", 0, 1],
    ["encoder", 0.1, 1],
    ["decoder", 0, 1],
    ["lookup", 0, 1],
    ["encoder", 0.1, 4],
    ["decoder", 0, 3],
  ] as const)
    it(`distillation of a ${kind}, dropout ${dropout}, pieces ${pieces}`, () => {
      const { predicted, bytes } = distillation(config(kind, 32, 2), dropout, pieces);
      expectPredicted(predicted, bytes);
    });

  it.each(["encoder", "decoder", "lookup"] as const)("a frozen %s of half floats", (kind) => {
    const c = config(kind, 64, 2);
    const bytes = measured(() => {
      const tower = uploadTower(gpu(), c, initTower(c, 1, "query", true), true);
      return [() => disposeTower(tower)];
    });
    expectPredicted(parameterBytes(c, true), bytes);
    expect(bytes).toBeLessThan(0.65 * parameterBytes(c));
  });

  const loaded: Record<string, TowerConfig> = {
    qwen2: { ...decoder, attentionBias: "qkv", projection: false, embeddingSize: 64 },
    qwen3: { ...decoder, qkNorm: true, headSize: 32 },
    "bert, two types, dense": {
      ...encoder,
      typeVocabulary: 2,
      dense: [{ in: 64, out: 32, bias: true, activation: "tanh" }],
      projection: false,
      embeddingSize: 32,
    },
    "bert, gelu_new": { ...encoder, activation: "gelu-tanh" },
    "bert, relu": { ...encoder, activation: "relu" },
  };
  for (const [name, c] of Object.entries(loaded))
    it(`${name}: training and encoding, as other programs' checkpoints are`, () => {
      const training = contrastive(c, null, { batch: 32 });
      const encoding = measured(() => {
        const tower = towerOf(c);
        const made = createEncoder(gpu(), fusedOps, tower, { batch: 64, length: 48, captured: true });
        return [() => disposeTower(tower), made.dispose];
      });
      const predicted = total(encoderMemory({ config: c, batch: 64, tokens: 48 }, true)) + parameterBytes(c);
      expectPredicted(predicted, encoding);
      // gelu_new is a dozen of tfjs' operations, which are not followed one by one.
      if (c.activation === "gelu-tanh") expect(training.predicted / training.bytes).toBeCloseTo(1.05, 1);
      else expectPredicted(training.predicted, training.bytes);
    });
  // Of losses that tfjs' operations make an upper guess does: it counts only where towers are tiny.
  const near = ({ predicted, bytes }: { predicted: number; bytes: number }) => {
    expect(predicted / bytes).toBeGreaterThan(0.9);
    expect(predicted / bytes).toBeLessThan(1.25);
  };
  for (const loss of [
    { symmetric: true },
    { matryoshka: 2 },
    { queued: 640 },
    { queued: 1920 },
    { symmetric: true, matryoshka: 1, queued: 256 },
  ])
    for (const pieces of [1, 2])
      it(`with ${JSON.stringify(loss)}, pieces ${pieces}, within some percent`, () => {
        near(contrastive(lookup, config("lookup", 48, 0), { batch: 64, hard: 1, pieces, ...loss }));
        near(contrastive(encoder, encoder, { batch: 64, pieces, ...loss }));
      });
  for (const loss of [
    { terms: ["kl"], columns: 1000 },
    { terms: ["margin"], columns: 1000 },
    { terms: ["infoNce"], columns: 1000 },
    { terms: ["kl", "margin", "infoNce"], columns: 300, matryoshka: 1 },
    { matryoshka: 2 },
    { teacherSize: 40 },
  ])
    for (const pieces of [1, 2])
      it(`with ${JSON.stringify(loss)}, pieces ${pieces}, within some percent`, () => {
        near(distillation(lookup, 0, pieces, loss));
        near(distillation(encoder, 0, pieces, loss));
      });

  it("falls with the number of pieces", () => {
    const by = (make: (pieces: number) => { bytes: number }) => [1, 2, 4, 8].map((pieces) => make(pieces).bytes);
    for (const bytes of [
      by((pieces) => contrastive(encoder, encoder, { batch: 64, pieces })),
      by((pieces) => contrastive(decoder, null, { batch: 64, pieces })),
      by((pieces) => distillation(encoder, 0, pieces)),
    ]) {
      expect(bytes).toEqual(bytes.toSorted((a, b) => b - a));
      expect(bytes[3]).toBeLessThan(0.6 * bytes[0]!);
    }
  });

  for (const [documents, size, k] of [
    [3000, 30, 100],
    [40_000, 16, 1000],
  ] as const)
    it(`a search of ${documents} documents`, () => {
      const bytes = measured(() => {
        const order = Int32Array.from({ length: documents }, (_, i) => i);
        const index = uploadIndex(gpu(), new Float32Array(documents * size).fill(1), size, order);
        return [index.dispose, searchStep(gpu(), index, SEARCH_BATCH, k).dispose];
      });
      const { index, step } = searchMemory(documents, size, k);
      expectPredicted(index + total(step), bytes);
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

it("next-token training and its meter, with all positions' logits in memory or a block's", () => {
  for (const [vocabulary, batch, length] of [
    [700, 4, 48],
    [4096, 64, 48],
  ] as const) {
    const c: TowerConfig = { ...config("decoder", 32, 2), vocabulary, embeddingSize: 32, projection: false };
    const bytes = measured(() => {
      const tower = towerOf(c);
      const step = languageStep(gpu(), fusedOps, recipe(batch, 0), { tower, length, order: never });
      const meter = languageMeter(gpu(), fusedOps, tower, { batch, length, captured: true });
      return [() => disposeTower(tower), step.dispose, meter.dispose];
    });
    const parts = together(languageMemory({ config: c, batch, tokens: length }, true), true);
    expectPredicted(total(parts) + parameterBytes(c), bytes);
  }
});
