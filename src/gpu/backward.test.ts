import type { Scalar, Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { valueAndGradients } from "./backward";
import { fusedOps } from "./fusedOps";
import { noisy, relativeError } from "./kernels/checkOp";
import { readTensors } from "./step";
import { useGpu } from "./testGpu";

const gpu = useGpu();
const tensor = (seed: number, shape: number[]) => tf.tensor(noisy(seed, shape).values, shape);

describe("valueAndGradients", () => {
  /** x reaches the loss on four ways, w on two; some of the ops are tfjs', some ours. */
  const loss = (x: Tensor, w: Tensor): Scalar => {
    const y = fusedOps.linear(x as Tensor2D, w as Tensor2D, undefined, x as Tensor2D);
    const z = tf.add(tf.mul(y, x), fusedOps.gelu(tf.matMul(y, w as Tensor2D)));
    const [a, b] = tf.split(tf.tanh(tf.sub(z, x)), 2, 1) as [Tensor, Tensor];
    return tf.mean(tf.square(tf.mul(a, b)));
  };

  it("gives what tf.grads gives", async () => {
    const [x, w] = [tensor(1, [9, 6]), tensor(2, [6, 6])];
    const own = valueAndGradients(() => loss(x, w), [x, w]);
    const tfs = tf.valueAndGrads(loss)([x, w]);
    const found = await readTensors(gpu(), [own.value, own.gradients[0]!, own.gradients[1]!]);
    const expected = await readTensors(gpu(), [tfs.value, ...tfs.grads]);
    found.forEach((values, i) => {
      expect(relativeError(values, expected[i]!)).toBeLessThan(1e-5);
    });
    tf.dispose([x, w, own.value, ...own.gradients.filter((g) => g !== null), tfs.value, ...tfs.grads]);
  });

  it("leaves nothing behind but its results", () => {
    const [x, w] = [tensor(1, [9, 6]), tensor(2, [6, 6])];
    const before = tf.memory().numTensors;
    const { value, gradients } = valueAndGradients(() => loss(x, w), [x, w]);
    expect(tf.memory().numTensors).toBe(before + 3);
    tf.dispose([value, ...gradients.filter((g) => g !== null)]);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([x, w]);
  });

  it("has no gradient for what the loss does not depend on", () => {
    const [x, w] = [tensor(1, [4]), tensor(2, [4])];
    const { value, gradients } = valueAndGradients(() => tf.sum(tf.square(x)) as Scalar, [x, w]);
    expect(gradients[0]).not.toBeNull();
    expect(gradients[1]).toBeNull();
    tf.dispose([value, gradients[0]!, x, w]);
  });

  it("works on after an error in the loss", () => {
    const x = tensor(1, [4]);
    const broken = () => {
      tf.square(x);
      throw new Error("no loss");
    };
    expect(() => valueAndGradients(broken, [x])).toThrow("no loss");
    const { value, gradients } = valueAndGradients(() => tf.sum(x) as Scalar, [x]);
    expect(gradients[0]!.shape).toEqual([4]);
    tf.dispose([value, gradients[0]!, x]);
  });

  it("refuses to be called inside of another gradient", () => {
    const x = tensor(1, [4]);
    expect(() => tf.grad((y) => valueAndGradients(() => tf.sum(y) as Scalar, [y]).value)(x)).toThrow(
      /inside of another/,
    );
    x.dispose();
  });
});
