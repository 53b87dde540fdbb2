/**
 * A tower's parameters on the GPU: side by side in few buffers, updated in place by the optimizer. What is one matrix
 * product there though a checkpoint has it in pieces is one tensor (parameters.ts); whatever leaves the GPU has the
 * checkpoint's names and shapes again.
 */

import type { Gpu } from "../../gpu/device";
import { type FlatTensors, flatTensors } from "../../gpu/flat";
import { readTensors, writeValues } from "../../gpu/step";
import { concatFloats } from "../bytes";
import { LabError } from "../errors";
import { parameterStacks, sizeOf } from "./parameters";
import type { DeviceParameters, HostParameters, HostTensor, TowerConfig } from "./types";

/** A tower on the device. */
export interface Tower {
  config: TowerConfig;
  parameters: DeviceParameters;
  /** What the checkpoint has, in its order, and where its rows are on the device. */
  layout: TensorPlace[];
  memory: FlatTensors;
}

/** A checkpoint's tensor: `size` values from `offset` on of the device's tensor `within`. */
export interface TensorPlace {
  name: string;
  shape: number[];
  within: string;
  offset: number;
  size: number;
}

/** Where a checkpoint's tensors lie. A stack of which one is missing is left in pieces: the forward pass says which. */
function layOut(config: TowerConfig, host: HostParameters): TensorPlace[] {
  const stacks = parameterStacks(config).filter((stack) => stack.parts.every((part) => host.has(part)));
  const stackOf = new Map(stacks.flatMap((stack) => stack.parts.map((part) => [part, stack] as const)));
  return [...host].map(([name, { shape }]) => {
    const stack = stackOf.get(name);
    const above = stack ? stack.parts.slice(0, stack.parts.indexOf(name)) : [];
    return {
      name,
      shape,
      within: stack?.name ?? name,
      offset: above.reduce((sum, part) => sum + sizeOf(host.get(part)!.shape), 0),
      size: sizeOf(shape),
    };
  });
}

/** Puts a tower on the device. @throws LabError "gpu-refused" where a tensor is larger than the device binds */
export function uploadTower(gpu: Gpu, config: TowerConfig, host: HostParameters): Tower {
  const layout = layOut(config, host);
  const names = [...new Set(layout.map((place) => place.within))];
  const memory = flatTensors(
    gpu,
    names.map((within) =>
      joined(
        layout
          .filter((place) => place.within === within)
          .toSorted((x, y) => x.offset - y.offset)
          .map((place) => host.get(place.name)!),
      ),
    ),
  );
  return {
    config,
    parameters: Object.fromEntries(names.map((name, i) => [name, memory.tensors[i]!])),
    layout,
    memory,
  };
}

/** Rows one under the other. */
function joined(pieces: readonly HostTensor[]): HostTensor {
  if (pieces.length === 1) return pieces[0]!;
  const values = concatFloats(pieces.map((piece) => piece.values));
  const [, ...rest] = pieces[0]!.shape;
  return { shape: [values.length / sizeOf(rest), ...rest], values };
}

/** Tensors of several towers, and others, as one list with the checkpoint's names. */
export interface Parameters {
  parameters: DeviceParameters;
  layout: readonly TensorPlace[];
}

/** Parameters of a tower, or of all that a step trains, as the checkpoint has them. */
export async function downloadParameters(gpu: Gpu, { parameters, layout }: Parameters): Promise<HostParameters> {
  const names = Object.keys(parameters);
  const values = await readTensors(
    gpu,
    names.map((name) => parameters[name]!),
  );
  const byName = new Map(names.map((name, i) => [name, values[i]!]));
  return new Map(
    layout.map(({ name, shape, within, offset, size }) => [
      name,
      { shape, values: byName.get(within)!.slice(offset, offset + size) as Float32Array },
    ]),
  );
}

/** Overwrites parameters; throws LabError "bad-input" naming the tensor whose shape does not fit. */
export function writeParameters(gpu: Gpu, { parameters, layout }: Parameters, host: HostParameters): void {
  for (const { name, shape, within, offset, size } of layout) {
    const found = host.get(name);
    if (!found || found.values.length !== size)
      throw new LabError(
        "bad-input",
        `Tensor ${name}: ${found ? found.shape.join(" x ") : "missing"} in the checkpoint, ${shape.join(" x ")} here.`,
        "Load it with the settings it was made with.",
      );
    writeValues(gpu, parameters[within]!, found.values, offset);
  }
}

/** Frees a tower's buffers. */
export function disposeTower(tower: Tower): void {
  tower.memory.dispose();
}
