/**
 * For tests: checkpoints against what other programs compute with them. Published models from ../shared/data, and tiny ones
 * of random weights that scripts/golden/transformers.py, an implementation in PyTorch written from the architectures'
 * definitions, made and computed in float64.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { folderCheckpoint } from "../../cli/checkpointFolder";
import type { Gpu } from "../../gpu/device";
import type { TowerOps } from "../../gpu/ops";
import { disposeTower, uploadTower } from "../towers/device";
import { towerForward, towerStates } from "../towers/forward";
import { lmLogits } from "../towers/lm";
import { checkpointFromBlobs, checkpointTokenizer, type Inspection, inspectCheckpoint, loadCheckpoint } from "./index";
import { farthest, run, unit } from "./testRun";

const DATA = "../shared/data";
const GOLDEN = fileURLToPath(new URL("golden", import.meta.url));
const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));
// On a machine of one's own the folder may be missing; where everything is checked it may not.
const there = existsSync(DATA) || Boolean(process.env["CI"]);

/** The golden checkpoints, and what of each has to be found. */
export const FOUND: Record<string, Partial<Inspection["config"]>> = {
  bert: {
    kind: "encoder",
    typeVocabulary: 2,
    pooling: "mean",
    dense: [
      { in: 16, out: 8, bias: true, activation: "tanh" },
      { in: 8, out: 6, bias: false, activation: "identity" },
    ],
    projection: false,
    embeddingSize: 6,
    normalise: true,
  },
  "bert-gelu-new": { activation: "gelu-tanh", eps: 1e-5, pooling: "cls", embeddingSize: 6 },
  "bert-relu": { activation: "relu", projection: false, embeddingSize: 16 },
  llama: { attentionBias: "all", ropeTheta: 100, ropeScaling: { factor: 4, slow: 1, fast: 4, originalTokens: 16 } },
  qwen2: { attentionBias: "qkv", kvHeads: 2, ropeTheta: 1e6, pooling: "last", normalise: true },
  "qwen2-untied": { attentionBias: "qkv", kvHeads: 1, eps: 1e-5 },
  qwen3: {
    qkNorm: true,
    headSize: 8,
    pooling: "last",
    dense: [{ in: 16, out: 6, bias: true, activation: "identity" }],
  },
};

interface Golden {
  texts: number[][];
  states: number[][];
  logits: number[][];
  vectors: number[][];
}

/** A golden checkpoint with the head of its language model, and its texts. */
export async function goldenCheckpoint(name: string) {
  const files = await folderCheckpoint(join(GOLDEN, name));
  const inspection = await inspectCheckpoint(files);
  const golden = json(join(GOLDEN, name, "golden.json")) as Golden;
  return {
    inspection,
    golden,
    texts: golden.texts.map((ids) => Int32Array.from(ids)),
    parameters: await loadCheckpoint(files, inspection, { head: true }),
  };
}

/** Each text's real tokens among the rows of a padded batch, against what they should be. */
function expectRows(
  rows: Float32Array,
  texts: readonly Int32Array[],
  width: number,
  expected: readonly number[][],
  tolerance: number,
) {
  const each = rows.length / texts.length;
  for (const [i, text] of texts.entries())
    expect(farthest(rows.subarray(i * each, i * each + text.length * width), expected[i]!)).toBeLessThan(tolerance);
}

/** Declares the tests for a kind of operations on a device. */
export function parityTests(gpu: () => Gpu, ops: TowerOps): void {
  describe.each(Object.keys(FOUND))("%s of random weights", (name) => {
    it("gives PyTorch's states, logits and vectors to 1e-4, in a padded batch", async () => {
      const { inspection, golden, texts, parameters } = await goldenCheckpoint(name);
      const { config } = inspection;
      expect(config).toMatchObject(FOUND[name]!);
      const tower = uploadTower(gpu(), config, parameters);
      const states = await run(gpu(), tower, texts, (inputs) => towerStates(ops, config, tower.parameters, inputs));
      expectRows(states, texts, config.width, golden.states, 1e-4);
      const vectors = await run(gpu(), tower, texts, (inputs) => towerForward(ops, config, tower.parameters, inputs));
      expect(farthest(vectors, golden.vectors.flat())).toBeLessThan(1e-4);
      if (golden.logits.length > 0) {
        const logits = await run(gpu(), tower, texts, (inputs) => lmLogits(ops, config, tower.parameters, inputs));
        expectRows(logits, texts, config.vocabulary, golden.logits, 1e-4);
      }
      disposeTower(tower);
    });
  });

  describe.skipIf(!there)("stories260k, a trained language model (../shared/data)", () => {
    interface Stories {
      greedy_200_from_bos: number[];
      prompts: { ids: number[]; logits: number[][]; last_hidden_last_token: number[]; mean_pooled_l2: number[] }[];
    }
    const load = async () => {
      const files = await folderCheckpoint(`${DATA}/stories260k`);
      const inspection = await inspectCheckpoint(files);
      return uploadTower(gpu(), inspection.config, await loadCheckpoint(files, inspection));
    };

    it("gives the reference program's logits at all 56 positions, its states and its pooled vectors", async () => {
      const { prompts } = json(`${DATA}/stories260k/golden.json`) as Stories;
      const tower = await load();
      const { width, vocabulary } = tower.config;
      const texts = prompts.map(({ ids }) => Int32Array.from(ids));
      expect(prompts.reduce((sum, { logits }) => sum + logits.length, 0)).toBe(56);
      const logits = await run(gpu(), tower, texts, (inputs) => lmLogits(ops, tower.config, tower.parameters, inputs));
      expectRows(
        logits,
        texts,
        vocabulary,
        prompts.map((prompt) => prompt.logits.flat()),
        1e-3,
      );
      const states = await run(gpu(), tower, texts, (inputs) =>
        towerStates(ops, tower.config, tower.parameters, inputs),
      );
      const pooled = await run(gpu(), tower, texts, (inputs) =>
        towerForward(ops, tower.config, tower.parameters, inputs),
      );
      const each = states.length / texts.length;
      for (const [i, prompt] of prompts.entries()) {
        const end = i * each + texts[i]!.length * width;
        expect(farthest(states.subarray(end - width, end), prompt.last_hidden_last_token)).toBeLessThan(1e-3);
        expect(farthest(unit(pooled.subarray(i * width, (i + 1) * width)), prompt.mean_pooled_l2)).toBeLessThan(1e-4);
      }
      disposeTower(tower);
    });

    it("writes the reference program's 200 tokens", async () => {
      const { greedy_200_from_bos: written } = json(`${DATA}/stories260k/golden.json`) as Stories;
      const tower = await load();
      // All positions at once: each has to be the best after those before it.
      const ids = Int32Array.from([1, ...written]);
      const logits = await run(gpu(), tower, [ids], (inputs) => lmLogits(ops, tower.config, tower.parameters, inputs));
      const size = tower.config.vocabulary;
      const best = written.map((_, i) => {
        const row = logits.subarray(i * size, (i + 1) * size);
        return row.indexOf(row.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY));
      });
      expect(best).toEqual(written);
      disposeTower(tower);
    });
  });

  describe.skipIf(!there)("model2vec (../shared/data)", () => {
    const FIXTURES = `${DATA}/model2vec/fixtures`;
    const LONG = Array.from({ length: 1000 }, () => "hello").join(" ");
    it.each([
      ["test-model-float32", "test-model-float32", "hello world", "embeddings_short", 1e-5],
      ["test-model-float32", "test-model-float32", LONG, "embeddings_long", 1e-5],
      // The expected vectors are the float32 model's: its roundings are this far from it.
      ["test-model-float16", "test-model-float32", "hello world", "embeddings_short", 1e-3],
      ["test-model-int8", "test-model-float32", "hello world", "embeddings_short", 2e-2],
      ["test-model-sentence-transformers", "test-model-float32", "hello world", "embeddings_short", 1e-5],
      ["test-model-vocab-quantized", "test-model-vocab-quantized", LONG, "embeddings_vocab_quantized", 1e-5],
    ])("%s gives the expected vector", async (model, tokenizerOf, text, vector, tolerance) => {
      // Only two of the models bring a tokenizer: they share it.
      const paths = ["config.json", "modules.json", "model.safetensors", "config_sentence_transformers.json"].map(
        (path) => `${model}/${path}`,
      );
      const files = checkpointFromBlobs(
        [...paths, `${tokenizerOf}/tokenizer.json`]
          .filter((path) => existsSync(`${FIXTURES}/${path}`))
          .map((path) => ({
            path: path.split("/").at(-1)!,
            data: new Uint8Array(readFileSync(`${FIXTURES}/${path}`)),
          })),
      );
      const inspection = await inspectCheckpoint(files);
      expect(inspection.config).toMatchObject({ kind: "lookup", projection: false, normalise: true });
      const tokenizer = await checkpointTokenizer(files, inspection);
      const tower = uploadTower(gpu(), inspection.config, await loadCheckpoint(files, inspection));
      const found = await run(gpu(), tower, [tokenizer.encode(text, 512)], (inputs) =>
        towerForward(ops, tower.config, tower.parameters, inputs),
      );
      const [expected] = json(`${FIXTURES}/${vector}.json`) as number[][];
      expect(farthest(unit(found), expected!)).toBeLessThan(tolerance);
      disposeTower(tower);
    });
  });
}
