import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { dispatch, internals, linearGrid, readBinding, writeBinding } from "./dispatch";
import { useGpu } from "./testGpu";

const gpu = useGpu();

describe("dispatch", () => {
  it("finds the private parts of tfjs' backend that it relies on", () => {
    const { backend } = gpu();
    tf.tidy(() => tf.add(tf.tensor1d([1, 2]), 1));
    for (const part of ["commandQueueOwnedIds", "dispatchCountInPass", "uniformPendingDisposal", "tensorToBinding"])
      expect(internals(backend)).toHaveProperty(part);
  });

  it("runs in order with tfjs' kernels, with several outputs, in place, past one row of workgroups", async () => {
    const { backend } = gpu();
    const n = 65535 * 64 + 77;
    const grid = linearGrid(n);
    expect(grid.workgroups[1]).toBeGreaterThan(1);
    const x = tf.fill([n], 2);
    const y = tf.mul(x, 3); // tfjs before
    const [sum] = dispatch(
      backend,
      {
        key: "test-add-in-place",
        workgroups: grid.workgroups,
        code: () =>
          `${readBinding(0, "array<f32>")}${writeBinding(1, "array<f32>")}${writeBinding(2, "array<f32>")}
          @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
            let i = ${grid.index};
            if (i >= ${n}u) { return; }
            b1[i] = b0[i] + b1[i];
            b2[i] = f32(i % 7u);
          }`,
      },
      [x],
      [y, { shape: [n] }],
    );
    const after = tf.add(y, 1); // tfjs after, on what was updated in place
    const values = await after.data();
    expect(values[0]).toBe(9);
    expect(values[n - 1]).toBe(9);
    expect(sum).toBe(y);
    gpu().check();
    tf.dispose([x, y, after]);
  });
});
