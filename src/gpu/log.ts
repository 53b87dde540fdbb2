/**
 * A ring of numbers that a step appends to on the GPU. Reading a loss drains the queue, so losses of several steps are
 * collected here and read together.
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Gpu } from "./device";
import { dispatch, linearGrid, readBinding, writeBinding } from "./dispatch";
import { ofModels } from "./kernels/models";
import { threadHead } from "./kernels/wgsl";
import { disposeOwn, ownTensor, readTensors } from "./step";

export interface StepLog {
  readonly slots: number;
  /**
   * Inside a step: writes `values` (`width` of them, each one number a model) to the slot that `slot` (int32 [1], an input)
   * names.
   */
  append(values: readonly Tensor[], slot: Tensor): void;
  /** All slots: [slots, models, width] flat. Waits for the GPU. */
  read(): Promise<Float32Array>;
  dispose(): void;
}

/** @param width numbers a model and slot @param slots steps that are kept @param models trained side by side */
export function createLog(gpu: Gpu, width: number, slots: number, models = 1): StepLog {
  const ring = ownTensor(gpu, { shape: [slots, models, width], dtype: "float32" });
  return {
    slots,
    append(values, slot) {
      if (values.length !== width || values.some((value) => value.size !== models))
        throw new Error(`the log takes ${width} numbers of ${models === 1 ? "one model" : `${models} models`}`);
      const { heap } = gpu;
      if (heap) {
        const row = values.map((value) => heap(value));
        const at = heap(slot)[0]! * width * models;
        row.forEach((numbers, k) => {
          for (let model = 0; model < models; model++) heap(ring)[at + model * width + k] = numbers[model]!;
        });
        return;
      }
      const out = width + 1;
      dispatch(
        gpu.backend,
        {
          key: `log ${ofModels(models)}${width}`,
          workgroups: linearGrid(models).workgroups,
          code: () => `${values.map((_, i) => readBinding(i, "array<f32>")).join("")}
${readBinding(width, "array<i32>")}${writeBinding(out, "array<f32>")}
${threadHead(linearGrid(models).index, models)}
  let at = (u32(b${width}[0]) * ${models}u + i) * ${width}u;
  ${values.map((_, k) => `b${out}[at + ${k}u] = b${k}[i];`).join("\n  ")}
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
