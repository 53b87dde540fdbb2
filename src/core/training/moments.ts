/** The optimizer's moments as a training state keeps them: flat, in the order of the checkpoint's tensors. */
import type { AdamW } from "../../gpu/adamw";
import type { Gpu } from "../../gpu/device";
import { readTensors, writeValues } from "../../gpu/step";
import { concatFloats } from "../bytes";
import type { Parameters } from "../towers/device";

type Trained = Parameters & { optimizer: AdamW };

/**
 * For each of the checkpoint's tensors its first value there, a student's first value in the optimizer's order, and its
 * size.
 */
function moves(
  { parameters, layout, students = 1 }: Parameters,
  student: number,
): { host: number; device: number; size: number }[] {
  const first = new Map<string, number>();
  let at = 0;
  for (const [name, tensor] of Object.entries(parameters)) {
    first.set(name, at + (student * tensor.size) / students);
    at += tensor.size;
  }
  let host = 0;
  return layout.map(({ within, offset, size }) => {
    const move = { host, device: first.get(within)! + offset, size };
    host += size;
    return move;
  });
}

/** First and second moments from the GPU, in the checkpoint's order; of several students those of one. */
export const readMoments = async (
  gpu: Gpu,
  training: Trained,
  student = 0,
): Promise<{ m: Float32Array; v: Float32Array }> => (await readMomentsOfEach(gpu, training))[student]!;

/** The same of each student, in one read-back. */
export async function readMomentsOfEach(gpu: Gpu, training: Trained): Promise<{ m: Float32Array; v: Float32Array }[]> {
  const { moments } = training.optimizer;
  const read = await readTensors(gpu, [...moments.m, ...moments.v]);
  const students = training.students ?? 1;
  const [m, v] = [concatFloats(read.slice(0, moments.m.length)), concatFloats(read.slice(moments.m.length))];
  return Array.from({ length: students }, (_, student) => {
    const places = moves(training, student);
    const toHost = (device: Float32Array) => {
      const flat = new Float32Array(device.length / students);
      for (const move of places) flat.set(device.subarray(move.device, move.device + move.size), move.host);
      return flat;
    };
    return { m: toHost(m), v: toHost(v) };
  });
}

/** Puts moments, in the checkpoint's order, back on the GPU; of several students those of one. */
export function writeMoments(
  gpu: Gpu,
  training: Trained,
  { m, v }: { m: Float32Array; v: Float32Array },
  student = 0,
): void {
  const places = moves(training, student);
  const toDevice = (flat: Float32Array, tensors: AdamW["moments"]["m"]) => {
    let first = 0;
    for (const tensor of tensors) {
      for (const { host, device, size } of places) {
        const at = device - first;
        if (at < 0 || at >= tensor.size) continue;
        writeValues(gpu, tensor, flat.subarray(host, host + size), at);
      }
      first += tensor.size;
    }
  };
  toDevice(m, training.optimizer.moments.m);
  toDevice(v, training.optimizer.moments.v);
}
