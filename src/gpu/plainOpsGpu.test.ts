/** What the plain ops do differently on WebGPU: the embedding's gradient and dropout are kernels of this project. */
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { dropoutBits, dropoutThreshold } from "./dropoutBits";
import { noise } from "./kernels/checkOp";
import { plainOps } from "./plainOps";
import { readTensors } from "./step";
import { useGpu } from "./testGpu";

const gpu = useGpu();

/** Runs `make`, reads its tensors and names the kernels it used. */
async function traced(make: () => Tensor[]): Promise<{ values: Float32Array[]; kernels: string[] }> {
  let tensors: Tensor[] = [];
  const { kernelNames } = await tf.profile(() => {
    tensors = tf.tidy(make).map((tensor) => tf.keep(tensor));
  });
  const values = (await readTensors(gpu(), tensors)).map((x) => x.slice() as Float32Array);
  tf.dispose(tensors);
  gpu().check();
  return { values, kernels: kernelNames };
}

describe("plainOps on WebGPU", () => {
  it("sums the embedding's gradient in our kernel, over listed positions only", async () => {
    const ids = [2, 0, 2, 0];
    const dy = noise(1, 8);
    const { values, kernels } = await traced(() => [
      tf.grad((table) =>
        plainOps.embed(table as Tensor2D, {
          ids: tf.tensor1d(ids, "int32"),
          order: tf.tensor1d([1, 0, 2, 0], "int32"),
          offsets: tf.tensor1d([0, 1, 1, 3], "int32"), // the last position is padding
        }),
      )(tf.zeros([3, 2]), tf.tensor2d(dy, [4, 2])),
    ]);
    expect(kernels).toContain("LabEmbedGrad");
    expect(kernels).not.toContain("UnsortedSegmentSum");
    expect([...values[0]!]).toEqual([...Float32Array.of(dy[2]!, dy[3]!, 0, 0, dy[0]! + dy[4]!, dy[1]! + dy[5]!)]);
  });

  it("drops by our kernel, forward and backward, with the bits of the TypeScript function", async () => {
    const { values, kernels } = await traced(() => {
      const counter = tf.tensor1d([3, 9], "int32");
      const drop = (x: Tensor) => plainOps.dropout(x, { rate: 0.5, counter, site: 2 });
      return [drop(tf.ones([50])), tf.grad(drop)(tf.zeros([50]), tf.fill([50], 3))];
    });
    expect(kernels).toContain("LabDropout");
    expect(kernels).not.toContain("Multiply"); // what a mask made on the CPU would be applied by
    const keep = Array.from({ length: 50 }, (_, i) => (dropoutBits(3, 9, 2, i) >= dropoutThreshold(0.5) ? 2 : 0));
    expect([...values[0]!]).toEqual(keep);
    expect([...values[1]!]).toEqual(keep.map((k) => 3 * k));
  });
});
