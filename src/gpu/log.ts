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
  /** Inside a step: writes `values` (one number each, `width` in all) to the slot that `slot` (int32 [1], an input) names. */
  append(values: readonly Tensor[], slot: Tensor): void;
  /** All slots: [slots, width] flat. Waits for the GPU. */
  read(): Promise<Float32Array>;
  dispose(): void;
}

/** @param width numbers a slot @param slots steps that are kept */
export function createLog(gpu: Gpu, width: number, slots: number): StepLog {
  const ring = ownTensor(gpu, { shape: [slots, width], dtype: "float32" });
  return {
    slots,
    append(values, slot) {
      if (values.length !== width || values.some((value) => value.size !== 1))
        throw new Error(`the log takes ${width} single numbers`);
      const { heap } = gpu;
      if (heap) {
        const row = values.map((value) => heap(value)[0]!);
        heap(ring).set(row, heap(slot)[0]! * width);
        return;
      }
      const out = width + 1;
      dispatch(
        gpu.backend,
        {
          key: `log ${width}`,
          workgroups: [1, 1, 1],
          code: () => `${values.map((_, i) => readBinding(i, "array<f32>")).join("")}
${readBinding(width, "array<i32>")}${writeBinding(out, "array<f32>")}
@compute @workgroup_size(1) fn main() {
  let at = u32(b${width}[0]) * ${width}u;
  ${values.map((_, i) => `b${out}[at + ${i}u] = b${i}[0];`).join("\n  ")}
}`,
        },
        [...values, slot],
        [ring],
      );
    },
    read: async () => (await readTensors(gpu, [ring]))[0]!,
    dispose: () => disposeOwn(gpu, ring),
  };
}
