import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { flatTensors, isView, packSegments, rangeOf } from "./flat";
import { bufferOf, readTensors } from "./step";
import { useGpu } from "./testGpu";

const gpu = useGpu();

describe("packSegments", () => {
  it("puts pieces at 256-byte boundaries and starts a new segment at the limit", () => {
    expect(packSegments([4, 300, 256, 900, 4], 1024)).toEqual({
      places: [
        { segment: 0, offset: 0 },
        { segment: 0, offset: 256 },
        { segment: 0, offset: 768 },
        { segment: 1, offset: 0 },
        { segment: 2, offset: 0 },
      ],
      segments: [1024, 900, 4],
    });
    expect(packSegments([], 1024)).toEqual({ places: [], segments: [] });
  });
});

describe("flatTensors", () => {
  const values = (n: number, from: number) => Float32Array.from({ length: n }, (_, i) => from + i);

  it("are tensors to tfjs' own kernels and to ours, in one buffer", async () => {
    const flat = flatTensors(gpu(), [
      { shape: [3], values: values(3, 1) },
      { shape: [4, 2], values: values(8, 10) },
      { shape: [5], values: values(5, 100) },
    ]);
    const [a, b, c] = flat.tensors as [tf.Tensor1D, tf.Tensor2D, tf.Tensor1D];
    expect(new Set(flat.tensors.map((t) => rangeOf(gpu(), t).buffer)).size).toBe(1);
    const made = tf.tidy(() => [
      tf.mul(a, 2),
      tf.matMul(b, b, true, false),
      tf.reshape(b, [8]),
      tf.add(tf.reshape(b, [2, 4]), 0.5),
      tf.slice(c, [1], [2]),
      tf.gather(c, tf.tensor1d([4, 0], "int32")),
    ]);
    const found = await readTensors(gpu(), made);
    expect(found.map((x) => [...x])).toEqual([
      [2, 4, 6],
      [696, 748, 748, 804],
      [10, 11, 12, 13, 14, 15, 16, 17],
      [10.5, 11.5, 12.5, 13.5, 14.5, 15.5, 16.5, 17.5],
      [101, 102],
      [104, 100],
    ]);
    tf.dispose(made);
    flat.dispose();
    gpu().check();
  });

  it("are read back each by itself, and know that they share a buffer", async () => {
    const flat = flatTensors(gpu(), [
      { shape: [2], values: values(2, 7) },
      { shape: [3], values: values(3, 1) },
    ]);
    expect((await readTensors(gpu(), flat.tensors)).map((x) => [...x])).toEqual([
      [7, 8],
      [1, 2, 3],
    ]);
    expect(flat.tensors.every(isView)).toBe(true);
    expect(() => bufferOf(gpu(), flat.tensors[1]!)).toThrow(/part of a larger buffer/);
    flat.dispose();
  });

  it("give everything back", () => {
    const before = { bytes: gpu().bytes(), tensors: tf.memory().numTensors };
    flatTensors(gpu(), [{ shape: [100, 3] }, { shape: [1] }]).dispose();
    expect({ bytes: gpu().bytes(), tensors: tf.memory().numTensors }).toEqual(before);
  });

  it("refuses a tensor larger than the device binds", () => {
    const values = gpu().device.limits.maxStorageBufferBindingSize / 4 + 1;
    expect(() => flatTensors(gpu(), [{ shape: [values] }])).toThrow(/does not fit/);
  });
});
