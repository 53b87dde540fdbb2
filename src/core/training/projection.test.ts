/** A matrix to the teacher's size, before and after it is multiplied into the tower. */
import { expect, it } from "vitest";
import { fusedOps } from "../../gpu/fusedOps";
import { disposeOwn, readTensors } from "../../gpu/step";
import { useGpu } from "../../gpu/testGpu";
import { experimentSchema } from "../config/schema";
import { initTower } from "../towers";
import { disposeTower, uploadTower } from "../towers/device";
import type { TowerConfig } from "../towers/types";
import { createEncoder } from "./encode";
import { projectedEncoder, startProjection, withProjection } from "./projection";
import { madeUpTexts } from "./testTexts";

const gpu = useGpu();

const lookup = { kind: "lookup", vocabulary: 40, layers: 0, heads: 1, kvHeads: 1, hidden: 8, maxTokens: 8 } as const;

it.each<[string, TowerConfig]>([
  ["", { ...lookup, width: 12, pooling: "mean", embeddingSize: 6 }],
  [", of a tower without a last matrix", { ...lookup, width: 6, pooling: "mean", embeddingSize: 6, projection: false }],
])("gives the same vectors, of the teacher's size%s", async (_, config) => {
  const tower = uploadTower(gpu(), config, initTower(config, 1));
  const projection = startProjection(gpu(), config, experimentSchema.parse({ embeddingSize: 16 }));
  expect(projection.shape).toEqual([16, 6]);
  const options = { batch: 4, length: 8, captured: true };
  const texts = madeUpTexts(2, 4, 40);
  const own = createEncoder(gpu(), fusedOps, tower, options);
  const raw = await own.encode(texts, [0, 1, 2, 3]);
  const before = await projectedEncoder(gpu(), own, projection).encode(texts, [0, 1, 2, 3]);
  const [matrix] = await readTensors(gpu(), [projection]);
  for (let text = 0; text < 4; text++)
    for (let j = 0; j < 16; j++) {
      const expected = Array.from({ length: 6 }, (_, k) => raw[text * 6 + k]! * matrix![j * 6 + k]!).reduce(
        (a, b) => a + b,
      );
      expect(before[text * 16 + j]).toBeCloseTo(expected, 5);
    }
  const whole = await withProjection(gpu(), tower, projection);
  expect(whole.config).toEqual({ ...config, projection: undefined, embeddingSize: 16 });
  const after = createEncoder(gpu(), fusedOps, whole, options);
  const vectors = await after.encode(texts, [0, 1, 2, 3]);
  expect(vectors).toHaveLength(64);
  vectors.forEach((value, i) => {
    expect(value).toBeCloseTo(before[i]!, 4);
  });
  expect(projectedEncoder(gpu(), own, undefined)).toBe(own);
  own.dispose();
  after.dispose();
  disposeTower(tower);
  disposeTower(whole);
  disposeOwn(gpu(), projection);
});
