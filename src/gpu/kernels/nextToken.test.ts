import type { Scalar, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { nextToken } from "../../core/objectives/nextToken";
import { random } from "../../core/random";
import { readTensors } from "../step";
import { useGpu } from "../testGpu";
import { expectDifferences, expectSame, expectSamePass, noisy } from "./checkOp";
import { nextTokenBlock, nextTokenKernels } from "./nextToken";

const gpu = useGpu();
type Xs = Record<string, Tensor>;

/** Targets by seed; every fifth position does not count, the others' weights sum to 1. */
function positionsOf(count: number, vocabulary: number) {
  const r = random(3, "targets");
  const counts = Array.from({ length: count }, (_, i) => (i % 5 === 4 ? 0 : 1));
  const total = counts.reduce<number>((a, b) => a + b, 0);
  return {
    targets: Int32Array.from(counts, () => r.int(vocabulary)),
    weights: Float32Array.from(counts, (one) => one / total),
  };
}

const inputsOf = (count: number, width: number, vocabulary: number) => ({
  states: noisy(1, [count, width], 2),
  table: noisy(2, [vocabulary, width], 0.5),
});

const plain =
  ({ targets, weights }: ReturnType<typeof positionsOf>) =>
  ({ states, table }: Xs): Scalar =>
    nextToken(states as Tensor2D, table as Tensor2D, tf.tensor1d(targets, "int32"), tf.tensor1d(weights));
const own =
  ({ targets, weights }: ReturnType<typeof positionsOf>, block?: number) =>
  ({ states, table }: Xs): Tensor =>
    nextTokenKernels(
      states as Tensor2D,
      table as Tensor2D,
      tf.tensor1d(targets, "int32") as Tensor1D,
      tf.tensor1d(weights),
      block,
    );

describe("nextTokenKernels", () => {
  for (const [count, width, vocabulary, block] of [
    [1, 4, 3, undefined],
    [9, 8, 70, undefined],
    [24, 12, 65, 7],
    [33, 6, 130, 16],
    [64, 16, 259, 64],
  ] as const)
    it(`${count} positions of ${width}, ${vocabulary} words, ${block ?? "all"} at once`, async () => {
      const positions = positionsOf(count, vocabulary);
      const inputs = inputsOf(count, width, vocabulary);
      await expectSame(gpu(), own(positions, block), plain(positions), inputs, 3e-5);
      await expectSamePass(gpu(), own(positions, block), plain(positions), inputs, 3e-5);
    });

  it("agrees with differences", () => {
    const positions = positionsOf(6, 5);
    return expectDifferences(gpu(), own(positions, 4), inputsOf(6, 4, 5), 3e-3);
  });

  it("is ln(vocabulary) where all words are alike, and without a way back the same", async () => {
    const positions = positionsOf(10, 100);
    const { states, table } = inputsOf(10, 8, 100);
    const zeros = tf.zeros([10, 8], "float32");
    const rows = tf.tensor(table.values, table.shape);
    const alike = own(positions)({ states: zeros, table: rows });
    const loss = own(positions, 4)({ states: tf.tensor(states.values, states.shape), table: rows });
    const expected = plain(positions)({ states: tf.tensor(states.values, states.shape), table: rows });
    const [a, b, c] = await readTensors(gpu(), [alike, loss, expected]);
    expect(a![0]).toBeCloseTo(Math.log(100), 5);
    expect(b![0]).toBeCloseTo(c![0]!, 4);
  });

  it("holds a bounded part of the logits", () => {
    expect(nextTokenBlock(1024, 4096)).toBe(1024);
    expect(nextTokenBlock(100_000, 4096)).toBe(2048);
    expect(nextTokenBlock(10, 10_000_000, 4)).toBe(1);
  });
});
