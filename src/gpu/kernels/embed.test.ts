import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { random } from "../../core/random";
import { readTensors } from "../step";
import { useGpu } from "../testGpu";
import { expectDifferences, expectSame, expectSamePass, noisy } from "./checkOp";
import { embed } from "./embed";

const gpu = useGpu();

/** Positions sorted by id, the simple way. */
function sorted(ids: readonly number[], vocabulary: number) {
  const order = ids.map((_, i) => i).sort((a, b) => ids[a]! - ids[b]! || a - b);
  const offsets = Array.from({ length: vocabulary + 1 }, (_, v) => ids.filter((id) => id < v).length);
  return {
    ids: tf.tensor1d(ids as number[], "int32") as Tensor1D,
    order: tf.tensor1d(order, "int32") as Tensor1D,
    offsets: tf.tensor1d(offsets, "int32") as Tensor1D,
  };
}
const oneHot = (ids: readonly number[], vocabulary: number) =>
  tf.tensor2d(ids.map((id) => Array.from({ length: vocabulary }, (_, v) => (v === id ? 1 : 0))));
const someIds = (n: number, vocabulary: number) => {
  const stream = random(3, "ids");
  // Half of them the same id, as padding is.
  return Array.from({ length: n }, () => (stream.chance(0.5) ? 0 : stream.int(vocabulary)));
};

describe("embed", () => {
  for (const [n, vocabulary, width] of [
    [1, 1, 1],
    [7, 5, 3],
    [130, 50, 8],
    [200, 33, 10],
  ] as const)
    it(`gathers and sums back ${n} of ${vocabulary} rows, ${width} wide`, async () => {
      const ids = someIds(n, vocabulary);
      await expectSame(
        gpu(),
        ({ table }) => embed(table as Tensor2D, sorted(ids, vocabulary)),
        ({ table }) => tf.matMul(oneHot(ids, vocabulary), table as Tensor2D),
        { table: noisy(1, [vocabulary, width]) },
        1e-6,
      );
    });

  for (const [batch, tokens, positions, width] of [
    [1, 1, 1, 1],
    [3, 5, 9, 3],
    [40, 7, 7, 8],
  ] as const)
    for (const typed of [false, true])
      it(`adds places: ${batch} texts of ${tokens}, ${width} wide${typed ? ", and types" : ""}`, async () => {
        const ids = someIds(batch * tokens, 11);
        const inputs = {
          table: noisy(1, [11, width]),
          positions: noisy(2, [positions, width]),
          ...(typed ? { types: noisy(3, [1, width]) } : {}),
        };
        const own = (x: Record<string, Tensor>) =>
          embed(x["table"] as Tensor2D, sorted(ids, 11), {
            positions: x["positions"] as Tensor2D,
            ...(typed ? { types: x["types"] as Tensor2D } : {}),
            tokens,
          });
        const plain = (x: Record<string, Tensor>) => {
          const words = tf.matMul(oneHot(ids, 11), x["table"] as Tensor2D);
          const places = tf.tile(tf.slice(x["positions"] as Tensor2D, [0, 0], [tokens, width]), [batch, 1]);
          const sum = tf.add(words, places);
          return typed ? tf.add(sum, x["types"]!) : sum;
        };
        await expectSame(gpu(), own, plain, inputs, 2e-6);
        await expectSamePass(gpu(), own, plain, inputs, 2e-6);
      });

  it("agrees with differences", async () => {
    const tokens = [2, 0, 2];
    await expectDifferences(gpu(), ({ table }) => embed(table as Tensor2D, sorted(tokens, 4)), {
      table: noisy(2, [4, 2]),
    });
  });

  it("works past one row of workgroups", async () => {
    const n = 65536 * 64 + 5;
    const ids = new Int32Array(n);
    ids[n - 1] = 1;
    const order = Int32Array.from({ length: n }, (_, i) => i);
    const y = tf.tidy(() =>
      tf.slice(
        embed(tf.tensor2d([[3], [5]]), {
          ids: tf.tensor1d(ids, "int32"),
          order: tf.tensor1d(order, "int32"),
          offsets: tf.tensor1d([0, n - 1, n], "int32"),
        }),
        [n - 2, 0],
        [2, 1],
      ),
    );
    const [last] = await readTensors(gpu(), [y]);
    expect([...last!]).toEqual([3, 5]);
    y.dispose();
  });
});
