/** A frozen tower whose matrices are half floats. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { createAdamW } from "../../gpu/adamw";
import { fusedOps } from "../../gpu/fusedOps";
import { useGpu } from "../../gpu/testGpu";
import { halfBits, halfValue } from "../half";
import { createEncoder } from "../training/encode";
import { disposeTower, downloadParameters, uploadTower, writeParameters } from "./device";
import { initTower } from "./parameters";
import type { TowerConfig } from "./types";

const gpu = useGpu();
const base: TowerConfig = {
  kind: "decoder",
  vocabulary: 40,
  width: 16,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  hidden: 24,
  maxTokens: 8,
  pooling: "last",
  embeddingSize: 12,
};
const TEXTS = [[3, 1, 6, 3, 2], [5, 39], [7]];
const table = {
  flat: Int32Array.from(TEXTS.flat()),
  offsets: Int32Array.from([0, 5, 7, 8]),
};

describe("a tower of half floats", () => {
  for (const config of [
    base,
    { ...base, kind: "encoder", kvHeads: 2, pooling: "mean" },
    { ...base, kind: "lookup", layers: 0, pooling: "mean" },
  ] satisfies TowerConfig[])
    it(`encodes as the one of its rounded values, in less memory: ${config.kind}`, async () => {
      const host = initTower(config, 5);
      // As in a trained tower, nothing is zero.
      for (const { values } of host.values()) for (let i = 0; i < values.length; i++) values[i]! += 0.01 * Math.sin(i);
      const rounded = new Map(
        [...host].map(([name, tensor]) => {
          const matrix = tensor.shape.length === 2 && !/(position|token_type)_emb/.test(name);
          return [name, matrix ? { ...tensor, values: tensor.values.map((x) => halfValue(halfBits(x))) } : tensor];
        }),
      );
      const encode = async (parameters: typeof host, half: boolean) => {
        const before = gpu().bytes();
        const tower = uploadTower(gpu(), config, parameters, half);
        const bytes = gpu().bytes() - before;
        const encoder = createEncoder(gpu(), fusedOps, tower, { batch: 3, length: 8, captured: true });
        const vectors = await encoder.encode(table, Int32Array.of(0, 1, 2));
        encoder.dispose();
        disposeTower(tower);
        return { vectors, bytes };
      };
      const [half, same, full] = [await encode(host, true), await encode(rounded, false), await encode(host, false)];
      expect(half.vectors).toEqual(same.vectors);
      expect(half.vectors).not.toEqual(full.vectors);
      for (const [i, x] of half.vectors.entries()) expect(x).toBeCloseTo(full.vectors[i]!, 2);
      expect(half.bytes / full.bytes).toBeLessThan(0.75);
    });

  it("is neither read back nor trained", async () => {
    const tower = uploadTower(gpu(), base, initTower(base, 5), true);
    await expect(downloadParameters(gpu(), tower)).rejects.toThrow(/not read back/);
    const weight = tower.parameters["projection.weight"]!;
    expect(() => tf.tidy(() => tf.add(weight, 1))).toThrow(/half floats/);
    expect(() => writeParameters(gpu(), tower, initTower(base, 6))).toThrow(/not written to/);
    const options = { beta1: 0.9, beta2: 0.999, clip: 1 };
    expect(() => createAdamW(gpu(), [{ name: "projection", tensor: weight, rate: 0, decay: 0 }], options)).toThrow(
      /projection is of half floats/,
    );
    disposeTower(tower);
  });
});
