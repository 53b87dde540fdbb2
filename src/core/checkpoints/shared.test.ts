/** Published models and their published outputs, from ../shared/data. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { folderCheckpoint } from "../../cli/checkpointFolder";
import { fusedOps } from "../../gpu/fusedOps";
import type { TowerOps } from "../../gpu/ops";
import { plainOps } from "../../gpu/plainOps";
import { useGpu } from "../../gpu/testGpu";
import { disposeTower, uploadTower } from "../towers/device";
import { towerForward, towerStates } from "../towers/forward";
import { lmLogits } from "../towers/lm";
import { checkpointFromBlobs, checkpointTokenizer, inspectCheckpoint, loadCheckpoint } from "./index";
import { farthest, run, unit } from "./testRun";

const DATA = "../shared/data";
const gpu = useGpu();
const json = (path: string) => JSON.parse(readFileSync(`${DATA}/${path}`, "utf8"));
const there = existsSync(DATA) || Boolean(process.env["CI"]);

describe.skipIf(!there)("stories260k, a trained language model", () => {
  interface Golden {
    greedy_200_from_bos: number[];
    prompts: { ids: number[]; logits: number[][]; last_hidden_last_token: number[]; mean_pooled_l2: number[] }[];
  }
  const load = async () => {
    const files = await folderCheckpoint(`${DATA}/stories260k`);
    const inspection = await inspectCheckpoint(files);
    return uploadTower(gpu(), inspection.config, await loadCheckpoint(files, inspection));
  };

  it.each([plainOps, fusedOps])(
    "gives the reference program's logits and states at every position: $name",
    async (ops: TowerOps) => {
      const golden = json("stories260k/golden.json") as Golden;
      const tower = await load();
      let positions = 0;
      for (const prompt of golden.prompts) {
        const ids = [Int32Array.from(prompt.ids)];
        const logits = await run(gpu(), tower, ids, (inputs) => lmLogits(ops, tower.config, tower.parameters, inputs));
        expect(farthest(logits, prompt.logits.flat())).toBeLessThan(1e-3);
        positions += prompt.logits.length;
        const states = await run(gpu(), tower, ids, (inputs) =>
          towerStates(ops, tower.config, tower.parameters, inputs),
        );
        expect(farthest(states.slice(-tower.config.width), prompt.last_hidden_last_token)).toBeLessThan(1e-3);
        const pooled = await run(gpu(), tower, ids, (inputs) =>
          towerForward(ops, tower.config, tower.parameters, inputs),
        );
        expect(farthest(unit(pooled), prompt.mean_pooled_l2)).toBeLessThan(1e-4);
      }
      expect(positions).toBe(56);
      disposeTower(tower);
    },
  );

  it("writes the reference program's 200 tokens", async () => {
    const golden = json("stories260k/golden.json") as Golden;
    const tower = await load();
    // All positions at once: each has to be the argmax after those before it.
    const ids = Int32Array.from([1, ...golden.greedy_200_from_bos]);
    const logits = await run(gpu(), tower, [ids], (inputs) =>
      lmLogits(fusedOps, tower.config, tower.parameters, inputs),
    );
    const size = tower.config.vocabulary;
    const best = Array.from(golden.greedy_200_from_bos, (_, i) => {
      const row = logits.subarray(i * size, (i + 1) * size);
      return row.indexOf(row.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY));
    });
    expect(best).toEqual(golden.greedy_200_from_bos);
    disposeTower(tower);
  });
});

describe.skipIf(!there)("model2vec", () => {
  const file = (path: string) => ({
    path: path.split("/").at(-1)!,
    data: new Uint8Array(readFileSync(`${DATA}/model2vec/fixtures/${path}`)),
  });
  const LONG = Array.from({ length: 1000 }, () => "hello").join(" ");
  const encode = async (model: string, tokenizerOf: string, text: string, ops: TowerOps) => {
    const files = checkpointFromBlobs(
      [
        `${model}/config.json`,
        `${model}/model.safetensors`,
        `${tokenizerOf}/tokenizer.json`,
        `${model}/config_sentence_transformers.json`,
      ]
        .filter((path) => existsSync(`${DATA}/model2vec/fixtures/${path}`))
        .map(file),
    );
    const inspection = await inspectCheckpoint(files);
    const tokenizer = await checkpointTokenizer(files, inspection);
    const tower = uploadTower(gpu(), inspection.config, await loadCheckpoint(files, inspection));
    const vector = await run(gpu(), tower, [tokenizer.encode(text, 512)], (inputs) =>
      towerForward(ops, tower.config, tower.parameters, inputs),
    );
    disposeTower(tower);
    return { vector: unit(vector), inspection };
  };
  const expected = (name: string) => (json(`model2vec/fixtures/${name}.json`) as number[][])[0]!;

  it.each([
    ["test-model-float32", "test-model-float32", "hello world", "embeddings_short", 1e-5],
    ["test-model-float32", "test-model-float32", LONG, "embeddings_long", 1e-5],
    ["test-model-float16", "test-model-float32", "hello world", "embeddings_short", 1e-3],
    ["test-model-int8", "test-model-float32", "hello world", "embeddings_short", 2e-2],
    ["test-model-vocab-quantized", "test-model-vocab-quantized", LONG, "embeddings_vocab_quantized", 1e-5],
  ])("%s gives the expected vector", async (model, tokenizer, text, vector, tolerance) => {
    for (const ops of [plainOps, fusedOps]) {
      const { vector: found, inspection } = await encode(model, tokenizer, text, ops);
      expect(farthest(found, expected(vector))).toBeLessThan(tolerance);
      expect(inspection.config).toMatchObject({ kind: "lookup", projection: false, normalise: true });
    }
  });
});
