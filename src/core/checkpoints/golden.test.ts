/**
 * Tiny checkpoints of random weights against what scripts/golden/transformers.py, an implementation in PyTorch written from
 * the architectures' definitions, computes with them in float64.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Tensor } from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { folderCheckpoint } from "../../cli/checkpointFolder";
import { fusedOps } from "../../gpu/fusedOps";
import { expectSamePass } from "../../gpu/kernels/checkOp";
import { plainOps } from "../../gpu/plainOps";
import { useGpu } from "../../gpu/testGpu";
import { hostInputs } from "../text/batch";
import { disposeTower, uploadTower } from "../towers/device";
import { towerForward, towerStates } from "../towers/forward";
import { lmLogits } from "../towers/lm";
import { parameterStacks } from "../towers/parameters";
import { type Inspection, inspectCheckpoint, loadCheckpoint } from "./index";
import { deviceInputs, farthest, run } from "./testRun";

const gpu = useGpu();
const GOLDEN = fileURLToPath(new URL("golden", import.meta.url));

const FOUND: Record<string, Partial<Inspection["config"]>> = {
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

const load = async (name: string) => {
  const files = await folderCheckpoint(join(GOLDEN, name));
  const inspection = await inspectCheckpoint(files);
  return { inspection, parameters: await loadCheckpoint(files, inspection, { head: true }) };
};

describe.each(Object.keys(FOUND))("%s", (name) => {
  const golden = JSON.parse(readFileSync(join(GOLDEN, name, "golden.json"), "utf8")) as Golden;
  const texts = golden.texts.map((ids) => Int32Array.from(ids));

  it("computes what PyTorch does, in a padded batch, on plain and fused operations", async () => {
    const { inspection, parameters } = await load(name);
    const { config } = inspection;
    expect(config).toMatchObject(FOUND[name]!);
    const tower = uploadTower(gpu(), config, parameters);
    for (const ops of [plainOps, fusedOps]) {
      const states = await run(gpu(), tower, texts, (inputs) => towerStates(ops, config, tower.parameters, inputs));
      const tokens = states.length / texts.length;
      for (const [i, text] of texts.entries()) {
        const own = states.subarray(i * tokens, i * tokens + text.length * config.width);
        expect(farthest(own, golden.states[i]!)).toBeLessThan(1e-4);
      }
      const vectors = await run(gpu(), tower, texts, (inputs) => towerForward(ops, config, tower.parameters, inputs));
      expect(farthest(vectors, golden.vectors.flat())).toBeLessThan(1e-4);
      if (golden.logits.length === 0) continue;
      const logits = await run(gpu(), tower, texts, (inputs) => lmLogits(ops, config, tower.parameters, inputs));
      const each = logits.length / texts.length;
      for (const [i, text] of texts.entries()) {
        const own = logits.subarray(i * each, i * each + text.length * config.vocabulary);
        expect(farthest(own, golden.logits[i]!)).toBeLessThan(1e-4);
      }
    }
    disposeTower(tower);
  });

  it.runIf(["bert", "llama", "qwen3"].includes(name))(
    "has the same gradients on both, those of our backward pass included",
    async () => {
      const { inspection, parameters } = await load(name);
      const { config } = inspection;
      const host = hostInputs(texts, 7, config.vocabulary, config.pooling, 0);
      parameters.delete("lm_head.weight");
      // As on the device: what is one product there is one tensor.
      const stacks = parameterStacks(config);
      const inputs = Object.fromEntries(
        [...parameters].filter(([part]) => !stacks.some((stack) => stack.parts.includes(part))),
      );
      for (const { name: whole, parts } of stacks) {
        const tensors = parts.map((part) => parameters.get(part)!);
        const [, ...rest] = tensors[0]!.shape;
        inputs[whole] = {
          shape: [tensors.reduce((sum, { shape }) => sum + shape[0]!, 0), ...rest],
          values: Float32Array.from(tensors.flatMap(({ values }) => [...values])),
        };
      }
      const forward = (ops: typeof fusedOps) => (given: Record<string, Tensor>) =>
        towerForward(ops, config, given, deviceInputs(host, texts.length));
      await expectSamePass(gpu(), forward(fusedOps), forward(plainOps), inputs, 1e-4);
    },
  );
});
