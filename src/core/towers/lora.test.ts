/** Adapters against the float64 towers: those of W + scale * B A are what a tower with adapters has to be. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { plainOps } from "../../gpu/plainOps";
import { expectTwin, type Input, noisy, relativeError, useCpu, type Values } from "../../gpu/testFloat64";
import { deviceInputs } from "../checkpoints/testRun";
import { hostInputs } from "../text/batch";
import { towerForward } from "./forward";
import { initAdapters, type LoraSettings, loraScale, mergeAdapters, trainedSizes } from "./lora";
import { initTower, parameterSpecs, sizeOf } from "./parameters";
import { towerTwin } from "./testFloat64";
import type { HostParameters, TowerConfig } from "./types";

useCpu();

const decoder: TowerConfig = {
  kind: "decoder",
  vocabulary: 7,
  width: 8,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  hidden: 6,
  maxTokens: 6,
  pooling: "mean",
  embeddingSize: 3,
};
const CONFIGS: Record<string, TowerConfig> = {
  decoder,
  encoder: { ...decoder, kind: "encoder", kvHeads: 2 },
};
const settings = (targets: LoraSettings["targets"]): LoraSettings => ({ rank: 2, alpha: 3, targets, half: false });
const TEXTS = [
  [3, 1, 6, 3, 2],
  [5, 4],
].map((ids) => Int32Array.from(ids));

/** The checkpoint's matrices that share an adapter, in its rows' order. */
const PARTS: Record<string, string[]> = {
  qkv_proj: ["q_proj", "k_proj", "v_proj"],
  gate_up_proj: ["gate_proj", "up_proj"],
  query_key_value: ["query", "key", "value"],
};

/** Merging by the definition, in float64. */
function mergedTwin(p: Record<string, Values>, inner: number, scale: number): Record<string, Values> {
  const merged = { ...p };
  for (const name of Object.keys(p).filter((one) => one.endsWith(".lora_A.weight"))) {
    const target = name.slice(0, -".lora_A.weight".length);
    const [down, up] = [p[name]!, p[`${target}.lora_B.weight`]!];
    const width = down.length / inner;
    const last = target.split(".").at(-1)!;
    const own = target.slice(0, target.length - last.length);
    let row = 0;
    for (const part of (PARTS[last] ?? [last]).map((one) => `${own}${one}.weight`)) {
      const weight = Float64Array.from(p[part]!);
      for (let r = 0; r < weight.length / width; r++, row++)
        for (let i = 0; i < width; i++)
          for (let k = 0; k < inner; k++) weight[r * width + i]! += scale * up[row * inner + k]! * down[k * width + i]!;
      merged[part] = weight;
    }
  }
  return merged;
}

const random = (shapes: readonly { name: string; shape: number[] }[]): Record<string, Input> =>
  Object.fromEntries(
    shapes.map(({ name, shape }, i) => [
      name,
      /norm.*weight/i.test(name) ? noisy(i, shape, 0.3, 1) : noisy(i, shape, shape.length === 2 ? 0.5 : 0.2),
    ]),
  );
const shapesOf = (host: HostParameters) => [...host].map(([name, { shape }]) => ({ name, shape }));

describe("a tower with adapters", () => {
  for (const [kind, config] of Object.entries(CONFIGS))
    for (const targets of ["attention", "all"] as const)
      it(`${kind}, ${targets}: is the tower of the merged matrices, gradients of the adapters included`, () => {
        const lora = settings(targets);
        const scale = loraScale(lora);
        const host = hostInputs(TEXTS, 5, config.vocabulary, "mean", 0);
        const base = random(parameterSpecs(config));
        const adapters = random(shapesOf(initAdapters(config, lora, 1, "query")));
        const frozen = Object.fromEntries(
          Object.entries(base).map(([name, { values }]) => [name, Float64Array.from(values)]),
        );
        const matrices = Object.keys(adapters).length / 2;
        expect(matrices).toBe(config.layers * (targets === "all" ? 4 : 2));
        // The base stands still: gradients are taken of the adapters alone.
        expectTwin(
          (p) =>
            towerForward(plainOps, { ...config, loraScale: scale }, { ...tensors(base), ...p }, deviceInputs(host, 2)),
          (p) => towerTwin(config, mergedTwin({ ...frozen, ...p }, lora.rank, scale), host, 2),
          adapters,
          { gradient: 2e-4 },
        );
      });

  it("merges on the host to what the definition says", () => {
    for (const config of Object.values(CONFIGS)) {
      const lora = settings("all");
      const base = random(parameterSpecs(config));
      const adapters = random(shapesOf(initAdapters(config, lora, 1, "query")));
      const found = mergeAdapters(
        config,
        new Map(Object.entries(base)),
        new Map(Object.entries(adapters)),
        loraScale(lora),
      );
      const doubles = Object.fromEntries(
        Object.entries({ ...base, ...adapters }).map(([name, { values }]) => [name, Float64Array.from(values)]),
      );
      const expected = mergedTwin(doubles, lora.rank, loraScale(lora));
      let moved = 0;
      for (const [name, { values }] of found) {
        expect(relativeError(values, expected[name]!), name).toBeLessThan(1e-6);
        if (values !== base[name]!.values) moved++;
      }
      expect(moved).toBe(config.layers * (config.kind === "decoder" ? 7 : 6));
    }
  });

  it("starts as the tower is, differs between the sides, and has what is said to be trained", () => {
    for (const config of Object.values(CONFIGS)) {
      const lora = settings("all");
      const host = initTower(config, 3);
      const start = initAdapters(config, lora, 3, "query");
      const merged = mergeAdapters(config, host, start, loraScale(lora));
      for (const [name, { values }] of merged) expect(values, name).toEqual(host.get(name)!.values);
      expect(initAdapters(config, lora, 3, "query")).toEqual(start);
      expect(initAdapters(config, lora, 3, "document")).not.toEqual(start);
      const sizes = [...start.values()].map(({ shape }) => sizeOf(shape));
      const head = config.embeddingSize * config.width;
      expect(trainedSizes(config, lora).toSorted()).toEqual([...sizes, head].toSorted());
    }
  });
});

function tensors(inputs: Record<string, Input>) {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, values }]) => [name, tf.tensor(values, shape)]),
  );
}
