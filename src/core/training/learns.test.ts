/** Contrastive training with each further kind of negative or loss on a toy that it must learn: on the CPU, which is quicker here. */
import { describe, expect, it } from "vitest";
import { plainOps } from "../../gpu/plainOps";
import { useWasm } from "../../gpu/testWasm";
import { documentText } from "../data/types";
import { validationSample } from "../pipeline/context";
import { sampleRecall } from "../pipeline/watch";
import { initTower } from "../towers";
import { disposeTower, uploadTower } from "../towers/device";
import type { TowerConfig } from "../towers/types";
import { contrastiveStep } from "./contrastiveStep";
import { createEncoder } from "./encode";
import { tokenTable } from "./inputs";
import { createMiner } from "./mining";
import { pairOrder, trainingPairs } from "./pairs";
import { toyDataset } from "./toy";
import type { Recipe } from "./trainingStep";

const cpu = useWasm();
const dataset = toyDataset(3);
const [SIZE, STEPS, BATCH, LENGTH] = [16, 60, 16, 8];
const words = new Map<string, number>();
const encode = (text: string) =>
  Int32Array.from(text.match(/\w+/g)!.slice(0, LENGTH), (word) => {
    if (!words.has(word)) words.set(word, words.size);
    return words.get(word)!;
  });
const documents = tokenTable(dataset.docs, (doc) => encode(documentText(doc)));
const [train, validation] = [dataset.train, dataset.validation].map((split) =>
  tokenTable(split.queries, (query) => encode(query.text)),
);
const pairs = trainingPairs(dataset, 1, 1);
const sample = validationSample(dataset, 1);
const config: TowerConfig = {
  ...{ kind: "lookup", vocabulary: 64, width: SIZE, layers: 0, heads: 1, kvHeads: 1, hidden: 8, maxTokens: LENGTH },
  ...{ pooling: "mean", embeddingSize: SIZE },
};
const recipe: Recipe = {
  ...{ steps: STEPS, batch: BATCH, warmup: 0.1, weightDecay: 0.01, beta1: 0.9, beta2: 0.98, clip: 1, captured: false },
  ...{ learningRate: 1e-2, embeddingRate: 0.3, dropout: 0, seed: 2 },
};

interface Choices {
  symmetric?: boolean;
  queuedBatches?: number;
  mined?: number;
  matryoshka?: number;
}

/** recall@10 before and after, of vectors cut to so many values. */
async function learn({ mined = 0, queuedBatches = 0, ...choices }: Choices, sizes = [SIZE]) {
  const query = uploadTower(cpu(), config, initTower(config, 4, "query", true));
  const document = uploadTower(cpu(), config, initTower(config, 4, "document", true));
  const options = { batch: 20, length: LENGTH, captured: false };
  const queries = createEncoder(cpu(), plainOps, query, options);
  const corpus = createEncoder(cpu(), plainOps, document, options);
  const miner = createMiner(
    cpu(),
    pairs,
    { encoder: queries, table: train! },
    { encoder: corpus, table: documents },
    SIZE,
    { after: 10, every: 15, from: 1, to: 10, margin: -1 },
  );
  const step = contrastiveStep(cpu(), plainOps, recipe, {
    ...{ query, document, queryTokens: train!, documentTokens: documents, queryLength: LENGTH, documentLength: LENGTH },
    order: pairOrder(pairs, BATCH, 0, 6, {
      mined: { count: mined, of: miner.of },
      queue: { batches: queuedBatches },
    }),
    ...{ ...choices, queuedBatches, hardNegatives: mined, temperature: 0.1, learnTemperature: false },
  });
  const recall = async () => {
    const q = await queries.encode(validation!, sample.queries);
    const d = await corpus.encode(documents, sample.documents);
    const cut = (vectors: Float32Array, size: number) => vectors.filter((_, i) => i % SIZE < size);
    return sizes.map((size) => sampleRecall(sample, cut(q, size), cut(d, size), size)["recall@10"]!);
  };
  const before = await recall();
  for (let n = 1; n <= STEPS; n++) {
    if (mined > 0 && miner.due(n - 1)) await miner.refresh();
    step.run(n);
  }
  const after = await recall();
  step.dispose();
  for (const encoder of [queries, corpus]) encoder.dispose();
  for (const tower of [query, document]) disposeTower(tower);
  return { before, after };
}

describe("a toy is learned", () => {
  for (const [name, choices] of Object.entries<Choices>({
    "in both directions": { symmetric: true },
    "with a queue": { queuedBatches: 4 },
    "with mined negatives": { mined: 1 },
  }))
    it(name, async () => {
      const { before, after } = await learn(choices);
      expect(after[0]! - before[0]!).toBeGreaterThan(0.4);
    });

  it("by a quarter of the vector too, better where the loss is of prefixes", async () => {
    const sizes = [SIZE, SIZE / 4];
    const plain = await learn({}, sizes);
    const prefixes = await learn({ matryoshka: 2 }, sizes);
    expect(plain.after[0]! - plain.before[0]!).toBeGreaterThan(0.4);
    expect(prefixes.after[0]! - prefixes.before[0]!).toBeGreaterThan(0.4);
    expect(prefixes.after[1]!).toBeGreaterThan(plain.after[1]! + 0.1);
  });
});
