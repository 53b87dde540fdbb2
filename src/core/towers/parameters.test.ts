import { describe, expect, it } from "vitest";
import {
  countParameters,
  decays,
  embeddingInit,
  forwardFlops,
  initTower,
  isEmbedding,
  layersInit,
  parameterSpecs,
} from "./parameters";
import type { HostParameters, TowerConfig } from "./types";

const decoder: TowerConfig = {
  kind: "decoder",
  vocabulary: 50,
  width: 16,
  layers: 4,
  heads: 4,
  kvHeads: 2,
  hidden: 24,
  maxTokens: 10,
  pooling: "last",
  embeddingSize: 6,
};
const encoder: TowerConfig = { ...decoder, kind: "encoder", kvHeads: 4, layers: 1 };
const lookup: TowerConfig = { ...decoder, kind: "lookup", layers: 0 };
const deviation = (values: Float32Array) =>
  Math.sqrt(
    values.reduce((s, v) => s + v * v, 0) / values.length - (values.reduce((s, v) => s + v, 0) / values.length) ** 2,
  );
const values = (p: HostParameters, name: string) => p.get(name)!.values;

describe("parameterSpecs", () => {
  it("has Llama's names and shapes", () => {
    const found = Object.fromEntries(parameterSpecs({ ...decoder, layers: 1 }).map(({ name, shape }) => [name, shape]));
    expect(found).toEqual({
      "model.embed_tokens.weight": [50, 16],
      "model.layers.0.input_layernorm.weight": [16],
      "model.layers.0.self_attn.q_proj.weight": [16, 16],
      "model.layers.0.self_attn.k_proj.weight": [8, 16],
      "model.layers.0.self_attn.v_proj.weight": [8, 16],
      "model.layers.0.self_attn.o_proj.weight": [16, 16],
      "model.layers.0.post_attention_layernorm.weight": [16],
      "model.layers.0.mlp.gate_proj.weight": [24, 16],
      "model.layers.0.mlp.up_proj.weight": [24, 16],
      "model.layers.0.mlp.down_proj.weight": [16, 24],
      "model.norm.weight": [16],
      "projection.weight": [6, 16],
    });
  });

  it("has BERT's names and shapes", () => {
    const found = Object.fromEntries(parameterSpecs(encoder).map(({ name, shape }) => [name, shape]));
    const layer = "encoder.layer.0";
    expect(found).toEqual({
      "embeddings.word_embeddings.weight": [50, 16],
      "embeddings.position_embeddings.weight": [10, 16],
      "embeddings.token_type_embeddings.weight": [1, 16],
      "embeddings.LayerNorm.weight": [16],
      "embeddings.LayerNorm.bias": [16],
      [`${layer}.attention.self.query.weight`]: [16, 16],
      [`${layer}.attention.self.query.bias`]: [16],
      [`${layer}.attention.self.key.weight`]: [16, 16],
      [`${layer}.attention.self.key.bias`]: [16],
      [`${layer}.attention.self.value.weight`]: [16, 16],
      [`${layer}.attention.self.value.bias`]: [16],
      [`${layer}.attention.output.dense.weight`]: [16, 16],
      [`${layer}.attention.output.dense.bias`]: [16],
      [`${layer}.attention.output.LayerNorm.weight`]: [16],
      [`${layer}.attention.output.LayerNorm.bias`]: [16],
      [`${layer}.intermediate.dense.weight`]: [24, 16],
      [`${layer}.intermediate.dense.bias`]: [24],
      [`${layer}.output.dense.weight`]: [16, 24],
      [`${layer}.output.dense.bias`]: [16],
      [`${layer}.output.LayerNorm.weight`]: [16],
      [`${layer}.output.LayerNorm.bias`]: [16],
      "projection.weight": [6, 16],
    });
  });

  it("has a lookup table's two", () => {
    expect(parameterSpecs(lookup).map((s) => s.name)).toEqual([
      "embeddings.word_embeddings.weight",
      "projection.weight",
    ]);
  });

  it("sorts the names: every one is an embedding, decays, or is a norm or bias", () => {
    const names = [decoder, encoder, lookup].flatMap((c) => parameterSpecs(c).map((s) => s.name));
    for (const name of names)
      expect(
        [isEmbedding(name), decays(name), /norm|bias/i.test(name) && !isEmbedding(name)].filter(Boolean),
      ).toHaveLength(1);
    expect(names.filter(decays).every((name) => name.endsWith(".weight"))).toBe(true);
    expect(decays("projection.weight")).toBe(true);
    expect(decays("logit_scale")).toBe(false);
  });
});

describe("counts", () => {
  it("counts by hand: the projection is in N, embeddings are not", () => {
    const n = 4 * (2 * 16 * 16 + 2 * 8 * 16 + 3 * 24 * 16 + 2 * 16) + 16 + 6 * 16;
    expect(countParameters(decoder)).toEqual({ total: n + 50 * 16, withoutEmbeddings: n });
    const m = 4 * (16 * 16 + 16) + (24 * 16 + 24) + (16 * 24 + 16) + 6 * 16 + 6 * 16;
    expect(countParameters(encoder)).toEqual({ total: m + 61 * 16, withoutEmbeddings: m });
    expect(countParameters(lookup)).toEqual({ total: 56 * 16, withoutEmbeddings: 6 * 16 });
  });

  it("counts FLOPs by hand, two a multiply-add", () => {
    // A token's matrices; then scores and mixing over 10 x 10 pairs (half of them where causal); then the projection.
    expect(forwardFlops(decoder, 10)).toBe(2 * (4 * (10 * (2 * 256 + 2 * 128 + 3 * 384) + 10 * 10 * 16) + 96));
    expect(forwardFlops(encoder, 10)).toBe(2 * (10 * (4 * 256 + 2 * 384) + 2 * 10 * 10 * 16 + 96));
    expect(forwardFlops(lookup, 10)).toBe(2 * 96);
  });
});

describe("initTower", () => {
  it("is the same for a seed, another for another seed, and every tensor has its own values", () => {
    expect(initTower(decoder, 3)).toEqual(initTower(decoder, 3));
    // One checkpoint for both sides, but for the projection; or nothing in common.
    const embeddings = "model.embed_tokens.weight";
    const other = initTower(decoder, 3, "document");
    expect(values(other, embeddings)).toEqual(values(initTower(decoder, 3), embeddings));
    expect(values(other, "projection.weight")).not.toEqual(values(initTower(decoder, 3), "projection.weight"));
    const sides = (["query", "document"] as const).map((side) => initTower(decoder, 3, side, true));
    expect(values(sides[0]!, embeddings)).not.toEqual(values(sides[1]!, embeddings));
    const a = initTower(decoder, 3);
    expect(values(a, "projection.weight")).not.toEqual(values(initTower(decoder, 4), "projection.weight"));
    expect(values(a, "model.layers.0.self_attn.q_proj.weight")).not.toEqual(
      values(a, "model.layers.1.self_attn.q_proj.weight"),
    );
  });

  it("follows the recipe: token embeddings with deviation 1, residual outputs 0, the rest 1 / sqrt(inputs)", () => {
    const big: TowerConfig = { ...decoder, vocabulary: 800, width: 64, hidden: 160, layers: 1 };
    const p = initTower(big, 1);
    expect(deviation(values(p, "model.embed_tokens.weight"))).toBeCloseTo(1, 1);
    for (const name of ["self_attn.q_proj", "mlp.gate_proj"])
      expect(deviation(values(p, `model.layers.0.${name}.weight`)) * 8).toBeCloseTo(1, 1);
    for (const name of ["self_attn.o_proj", "mlp.down_proj"])
      expect(values(p, `model.layers.0.${name}.weight`).every((v) => v === 0)).toBe(true);
    expect(values(p, "model.norm.weight").every((v) => v === 1)).toBe(true);
  });

  it("keeps the residual outputs of the post-norm encoder small and not 0", () => {
    const p = initTower({ ...encoder, width: 64, hidden: 256 }, 1);
    for (const name of ["attention.output.dense", "output.dense"]) {
      const found = deviation(values(p, `encoder.layer.0.${name}.weight`));
      expect(found).toBeGreaterThan(0);
      expect(found).toBeLessThan(0.03);
    }
  });
});

describe("starting a student from its teacher", () => {
  const student: TowerConfig = { ...decoder, layers: 2 };
  const teacher = initTower(decoder, 1);
  const query = (layer: number) => `model.layers.${layer}.self_attn.q_proj.weight`;

  it("takes the first and the last layers, and all that is not a layer", () => {
    const found = layersInit(initTower(student, 2), student, teacher, decoder, "first-last");
    expect([...found.keys()]).toEqual(parameterSpecs(student).map((s) => s.name));
    expect(values(found, query(0))).toEqual(values(teacher, query(0)));
    expect(values(found, query(1))).toEqual(values(teacher, query(3)));
    for (const name of ["model.embed_tokens.weight", "model.norm.weight", "projection.weight"])
      expect(values(found, name)).toEqual(values(teacher, name));
  });

  it("takes the odd layer from the front", () => {
    const big: TowerConfig = { ...decoder, layers: 6 };
    const small: TowerConfig = { ...decoder, layers: 3 };
    const from = initTower(big, 1);
    const found = layersInit(initTower(small, 2), small, from, big, "first-last");
    expect(
      [0, 1, 2].map((i) => [0, 1, 5].map((j) => values(found, query(i)).join() === values(from, query(j)).join())),
    ).toEqual([
      [true, false, false],
      [false, true, false],
      [false, false, true],
    ]);
  });

  it("takes one block from either end", () => {
    const taken = (which: "first" | "last") => {
      const found = layersInit(initTower(student, 2), student, teacher, decoder, which);
      expect(values(found, "model.embed_tokens.weight")).toEqual(values(teacher, "model.embed_tokens.weight"));
      return [0, 1].map((i) =>
        [0, 1, 2, 3].findIndex((j) => values(found, query(i)).join() === values(teacher, query(j)).join()),
      );
    };
    expect(taken("first")).toEqual([0, 1]);
    expect(taken("last")).toEqual([2, 3]);
  });

  it("takes the token embeddings under either name and leaves the rest as it starts", () => {
    const config: TowerConfig = { ...encoder };
    const start = initTower(config, 2);
    const found = embeddingInit(start, teacher);
    for (const name of found.keys())
      expect(values(found, name)).toEqual(
        name === "embeddings.word_embeddings.weight"
          ? values(teacher, "model.embed_tokens.weight")
          : values(start, name),
      );
  });

  it("copies: training the student leaves the teacher alone", () => {
    const before = values(teacher, "model.embed_tokens.weight").slice();
    values(
      layersInit(initTower(student, 2), student, teacher, decoder, "first-last"),
      "model.embed_tokens.weight",
    ).fill(0);
    values(embeddingInit(initTower(encoder, 2), teacher), "embeddings.word_embeddings.weight").fill(0);
    expect(values(teacher, "model.embed_tokens.weight")).toEqual(before);
  });

  it("refuses a teacher of another shape rather than starting at random unseen", () => {
    const wide = { ...student, hidden: 32 };
    expect(() => layersInit(initTower(wide, 2), wide, teacher, decoder, "first-last")).toThrow(
      /gate_proj.weight: 24 x 16, not 32 x 16/,
    );
    expect(() => embeddingInit(initTower({ ...encoder, vocabulary: 40 }, 2), teacher)).toThrow(/50 x 16, not 40 x 16/);
    expect(() => embeddingInit(initTower(encoder, 2), new Map())).toThrow(/there is none/);
  });
});
