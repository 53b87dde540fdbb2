import { describe, expect, it } from "vitest";
import { initLanguageModel, tableInit } from "./lmStart";
import { initTower } from "./parameters";
import type { TowerConfig } from "./types";

const config: TowerConfig = {
  kind: "decoder",
  vocabulary: 300,
  width: 16,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  hidden: 24,
  maxTokens: 8,
  pooling: "mean",
  embeddingSize: 12,
};
const TABLE = "model.embed_tokens.weight";
const deviation = (values: Float32Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

describe("a language model's start", () => {
  const model = initLanguageModel({ ...config, projection: false }, 1);
  it("is small, smaller where it writes to the residual stream, and has no projection", () => {
    expect(model.has("projection.weight")).toBe(false);
    expect(deviation(model.get(TABLE)!.values)).toBeCloseTo(0.02, 3);
    expect(deviation(model.get("model.layers.1.mlp.down_proj.weight")!.values)).toBeCloseTo(0.01, 3);
    expect(new Set(model.get("model.norm.weight")!.values)).toEqual(new Set([1]));
    expect(initLanguageModel({ ...config, projection: false }, 1)).toEqual(model);
  });

  it("gives a tower its token embeddings at deviation 1, and nothing else", () => {
    const fresh = initTower(config, 5);
    const start = tableInit(fresh, model);
    const [own, of] = [start.get(TABLE)!.values, model.get(TABLE)!.values];
    expect(deviation(own)).toBeCloseTo(1, 5);
    const ratio = own[0]! / of[0]!;
    own.forEach((value, i) => {
      expect(value / ratio).toBeCloseTo(of[i]!, 6);
    });
    for (const [name, tensor] of fresh) if (name !== TABLE) expect(start.get(name)).toEqual(tensor);
  });

  it("is refused where its table has another shape", () => {
    const other = initLanguageModel({ ...config, vocabulary: 200, projection: false }, 1);
    expect(() => tableInit(initTower(config, 5), other)).toThrow(/embed_tokens/);
  });
});
