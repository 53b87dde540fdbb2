/**
 * A ring of numbers that a step appends to on the GPU. Reading a loss drains the queue, so losses of several steps are
 * collected here and read together.
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Gpu } from "./device";
import { dispatch, readBinding, writeBinding } from "./dispatch";
import { disposeOwn, ownTensor, readTensors } from "./step";

export interface StepLog {
  readonly slots: number;
  /** Inside a step: writes `values` (float32 [width]) to the slot that `slot` (int32 [1], an input) names. */
  append(values: Tensor, slot: Tensor): void;
  /** All slots: [slots, width] flat. Waits for the GPU. */
  read(): Promise<Float32Array>;
  dispose(): void;
}

export function createLog(gpu: Gpu, width: number, slots: number): StepLog {
  const ring = ownTensor(gpu, { shape: [slots, width], dtype: "float32" });
  return {
    slots,
    append(values, slot) {
      dispatch(
        gpu.backend,
        {
          key: `log ${width}`,
          workgroups: [1, 1, 1],
          code: () => `${readBinding(0, "array<f32>")}${readBinding(1, "array<i32>")}${writeBinding(2, "array<f32>")}
@compute @workgroup_size(1) fn main() {
  for (var i = 0u; i < ${width}u; i++) { b2[u32(b1[0]) * ${width}u + i] = b0[i]; }
}`,
        },
        [values, slot],
        [ring],
      );
    },
    read: async () => (await readTensors(gpu, [ring]))[0]!,
    dispose: () => disposeOwn(gpu, ring),
  };
}
