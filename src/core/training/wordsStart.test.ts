import { describe, expect, it } from "vitest";
import { random } from "../random";
import { initTower } from "../towers";
import { initLanguageModel } from "../towers/lmStart";
import type { TowerConfig } from "../towers/types";
import { matrixPower, spectrum } from "./eigen";
import { madeUpTexts } from "./testTexts";
import { wordsInit } from "./wordsStart";

const WIDTH = 12;
const config: TowerConfig = {
  kind: "decoder",
  vocabulary: 60,
  width: WIDTH,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  hidden: 24,
  maxTokens: 8,
  pooling: "mean",
  embeddingSize: WIDTH,
};
const TABLE = "model.embed_tokens.weight";
const texts = [madeUpTexts(1, 300, 60), madeUpTexts(2, 200, 60)];

/** A model whose embeddings all lie near one direction. */
function lopsided() {
  const model = initLanguageModel({ ...config, projection: false }, 1);
  const { values } = model.get(TABLE)!;
  for (let i = 0; i < values.length; i += WIDTH) values[i]! += 0.2;
  return model;
}

describe("spectrum", () => {
  it("gives the matrix back, and its powers", () => {
    const r = random(3, "matrix");
    const x = Array.from({ length: 25 }, () => r.normal());
    const m = Float64Array.from({ length: 25 }, (_, i) =>
      [0, 1, 2, 3, 4].reduce((sum, k) => sum + x[Math.floor(i / 5) * 5 + k]! * x[(i % 5) * 5 + k]!, 0),
    );
    const found = spectrum(m, 5);
    expect(found.values).toEqual([...found.values].sort((a, b) => b - a));
    matrixPower(found, 5, 1, 0).forEach((value, i) => {
      expect(value).toBeCloseTo(m[i]!, 8);
    });
    const root = matrixPower(found, 5, 0.5, 0);
    for (let a = 0; a < 5; a++)
      for (let b = 0; b < 5; b++)
        expect([0, 1, 2, 3, 4].reduce((sum, k) => sum + root[a * 5 + k]! * root[k * 5 + b]!, 0)).toBeCloseTo(
          m[a * 5 + b]!,
          7,
        );
  });
});

describe("a start from a language model's words", () => {
  for (const embeddingSize of [WIDTH, 7, 15])
    it(`makes pooled texts white, in vectors of ${embeddingSize}`, () => {
      const own = { ...config, embeddingSize };
      const fresh = initTower(own, 4);
      const start = wordsInit(fresh, lopsided(), own, texts);
      const table = start.get(TABLE)!.values;
      expect(Math.sqrt(table.reduce((sum, x) => sum + x * x, 0) / table.length)).toBeCloseTo(1, 5);
      for (const [name, tensor] of fresh)
        if (name !== TABLE && name !== "projection.weight") expect(start.get(name)).toEqual(tensor);
      const projection = start.get("projection.weight")!.values;
      const rows = Math.min(embeddingSize, WIDTH);
      const moment = new Float64Array(rows * rows);
      for (const { flat, offsets } of texts)
        for (let i = 0; i + 1 < offsets.length; i++) {
          const state = new Float64Array(WIDTH);
          for (const id of flat.subarray(offsets[i]!, offsets[i + 1]!)) {
            const row = table.subarray(id * WIDTH, (id + 1) * WIDTH);
            for (let c = 0; c < WIDTH; c++) state[c]! += row[c]! / Math.hypot(...row);
          }
          const length = Math.hypot(...state);
          const vector = Array.from({ length: rows }, (_, k) =>
            state.reduce((sum, x, c) => sum + (x / length) * projection[k * WIDTH + c]!, 0),
          );
          for (let a = 0; a < rows; a++)
            for (let b = 0; b < rows; b++)
              moment[a * rows + b]! += (vector[a]! * vector[b]!) / (texts.length * (offsets.length - 1));
        }
      const mean = moment.reduce((sum, x, i) => sum + (i % (rows + 1) === 0 ? x / rows : 0), 0);
      moment.forEach((x, i) => {
        expect(x / mean).toBeCloseTo(i % (rows + 1) === 0 ? 1 : 0, 2);
      });
      if (embeddingSize > WIDTH)
        expect(projection.slice(WIDTH * WIDTH)).toEqual(fresh.get("projection.weight")!.values.slice(WIDTH * WIDTH));
    });

  it("is refused where the table has another shape", () => {
    const other = initLanguageModel({ ...config, vocabulary: 50, projection: false }, 1);
    expect(() => wordsInit(initTower(config, 4), other, config, texts)).toThrow(/embed_tokens/);
  });
});
