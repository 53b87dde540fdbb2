/**
 * A tower's parameters on the GPU: side by side in few buffers, updated in place by the optimizer. What is one matrix
 * product there though a checkpoint has it in pieces is one tensor (parameters.ts); whatever leaves the GPU has the
 * checkpoint's names and shapes again.
 */

import type { Gpu } from "../../gpu/device";
import { type FlatSpec, type FlatTensors, flatTensors } from "../../gpu/flat";
import { readTensors, writeValues } from "../../gpu/step";
import { concatFloats } from "../bytes";
import { LabError } from "../errors";
import { halfBits, halfValue } from "../half";
import { initAdapters, isHead, type LoraSettings, loraScale, mergeAdapters } from "./lora";
import { parameterStacks, sizeOf } from "./parameters";
import type { DeviceParameters, HostParameters, HostTensor, TowerConfig } from "./types";

/** A tower on the device; or several students of one shape, trained side by side. */
export interface Tower {
  config: TowerConfig;
  /** Of several students each tensor has a leading dimension, the student. */
  parameters: DeviceParameters;
  /** How many students' parameters these are; 1 unless given. */
  students?: number;
  /** What the checkpoint has, in its order, and where its rows are on the device. */
  layout: TensorPlace[];
  memory: FlatTensors;
  /** It starts from a checkpoint, and takes the learning rate for those. */
  loaded?: boolean;
  /** Its matrices are half floats, all that can be. */
  half?: boolean;
  /** Of a tower with adapters: what of it is trained, and the values of the rest, which stay. */
  lora?: Parameters & { base: HostParameters };
}

/** What of a tower is trained: all of it, or its adapters and what follows the pooling. */
export const trainedOf = (tower: Tower): Parameters => tower.lora ?? tower;

/** A checkpoint's tensor: `size` values from `offset` on of a student's part of the device's tensor `within`. */
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

/** What linear, feedForward and embed read, as far as half floats can hold it: not what is added to token embeddings. */
export const canBeHalf = (name: string, { shape }: { shape: readonly number[] }): boolean =>
  shape.length === 2 && shape[1]! % 4 === 0 && !/(position|token_type)_embeddings/.test(name);

/**
 * Puts a tower on the device.
 * @param half with its matrices, or those of the names that this says yes to, as half floats, in half the memory: they are
 * frozen, have no gradient, are read by our kernels alone (ops "fused"), and are not read back
 * @throws LabError "gpu-refused" where a tensor is larger than the device binds
 */
export function uploadTower(
  gpu: Gpu,
  config: TowerConfig,
  host: HostParameters,
  half: boolean | ((name: string) => boolean) = false,
): Tower {
  const wanted = (name: string) => (typeof half === "boolean" ? half : half(name));
  const tower = upload(gpu, config, layOut(config, host), (pieces) => {
    const tensor = joined(pieces.map((name) => host.get(name)!));
    return { ...tensor, half: wanted(pieces[0]!) && canBeHalf(pieces[0]!, tensor) };
  });
  return half === true ? { ...tower, half } : tower;
}

/**
 * Puts a tower on the device whose matrices stay as they are, and beside them adapters to be trained (lora.ts).
 * @param side each tower of a pair draws its own start
 * @throws LabError "gpu-refused" where a tensor is larger than the device binds
 */
export function uploadAdapted(
  gpu: Gpu,
  config: TowerConfig,
  host: HostParameters,
  settings: LoraSettings,
  seed: number,
  side: "query" | "document",
): Tower {
  // A CPU in a GPU's place keeps all as it is.
  const half = (name: string) => settings.half && !gpu.heap && !isHead(name);
  const tower = uploadTower(gpu, { ...config, loraScale: loraScale(settings) }, host, half);
  const start = initAdapters(config, settings, seed, side);
  try {
    const adapters = upload(gpu, config, layOut(config, start), (pieces) => start.get(pieces[0]!)!);
    const head = tower.layout.filter(({ name }) => isHead(name));
    // What is computed with half floats is merged with them too: the tower that comes out is the one that was trained.
    const rounded = (name: string, tensor: HostTensor) =>
      half(name) && canBeHalf(name, tensor) ? { ...tensor, values: tensor.values.map(toHalf) } : tensor;
    return {
      ...tower,
      parameters: { ...tower.parameters, ...adapters.parameters },
      memory: {
        tensors: [...tower.memory.tensors, ...adapters.memory.tensors],
        dispose() {
          tower.memory.dispose();
          adapters.memory.dispose();
        },
      },
      lora: {
        parameters: {
          ...adapters.parameters,
          ...Object.fromEntries(head.map(({ within }) => [within, tower.parameters[within]!])),
        },
        layout: [...adapters.layout, ...head],
        base: new Map([...host].map(([name, tensor]) => [name, rounded(name, tensor)])),
      },
    };
  } catch (error) {
    tower.memory.dispose();
    throw error;
  }
}

const toHalf = (x: number) => halfValue(halfBits(x));

/**
 * A tower with adapters as an ordinary one: what they learned is added to the matrices. The given one is disposed of.
 * Others are given back as they are.
 */
export async function withoutAdapters(gpu: Gpu, tower: Tower): Promise<Tower> {
  const { lora } = tower;
  if (!lora) return tower;
  const { loraScale: scale = 1, ...config } = tower.config;
  const trained = await downloadParameters(gpu, lora);
  const head = new Map([...trained].filter(([name]) => isHead(name)));
  const merged = mergeAdapters(config, new Map([...lora.base, ...head]), trained, scale);
  disposeTower(tower);
  return { ...uploadTower(gpu, config, merged), ...(tower.loaded ? { loaded: true } : {}) };
}

/**
 * Puts several students of one shape on the device, side by side, to be trained as one step.
 * @param hosts each student's own parameters
 * @throws LabError "gpu-refused" where a tensor of all students is larger than the device binds
 */
export function uploadStudents(gpu: Gpu, config: TowerConfig, hosts: readonly HostParameters[]): Tower {
  const tower = upload(gpu, config, layOut(config, hosts[0]!), (pieces) => {
    const each = hosts.map((host) => joined(pieces.map((name) => host.get(name)!)));
    return { shape: [hosts.length, ...each[0]!.shape], values: concatFloats(each.map((tensor) => tensor.values)) };
  });
  return { ...tower, students: hosts.length };
}

/** @param make the device's tensor of these of the checkpoint's */
function upload(
  gpu: Gpu,
  config: TowerConfig,
  layout: TensorPlace[],
  make: (pieces: readonly string[]) => FlatSpec,
): Tower {
  const names = [...new Set(layout.map((place) => place.within))];
  const memory = flatTensors(
    gpu,
    names.map((within) =>
      make(
        layout
          .filter((place) => place.within === within)
          .toSorted((x, y) => x.offset - y.offset)
          .map((place) => place.name),
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
  students?: number;
}

/** Parameters of a tower, or of all that a step trains, as the checkpoint has them. */
export const downloadParameters = async (gpu: Gpu, parameters: Parameters): Promise<HostParameters> =>
  (await downloadStudents(gpu, parameters))[0]!;

/** The same for each student, in one read-back: ordinary checkpoints. */
export async function downloadStudents(
  gpu: Gpu,
  { parameters, layout, students = 1 }: Parameters,
): Promise<HostParameters[]> {
  const names = Object.keys(parameters);
  const values = await readTensors(
    gpu,
    names.map((name) => parameters[name]!),
  );
  const byName = new Map(names.map((name, i) => [name, values[i]!]));
  return Array.from({ length: students }, (_, student) => {
    const from = (within: string, offset: number) => (student * byName.get(within)!.length) / students + offset;
    return new Map(
      layout.map(({ name, shape, within, offset, size }) => {
        const at = from(within, offset);
        return [name, { shape, values: byName.get(within)!.slice(at, at + size) as Float32Array }];
      }),
    );
  });
}

/** Overwrites parameters, of several students those of one; throws LabError "bad-input" naming the tensor whose shape does not fit. */
export function writeParameters(
  gpu: Gpu,
  { parameters, layout, students = 1 }: Parameters,
  host: HostParameters,
  student = 0,
): void {
  for (const { name, shape, within, offset, size } of layout) {
    const found = host.get(name);
    if (!found || found.values.length !== size)
      throw new LabError(
        "bad-input",
        `Tensor ${name}: ${found ? found.shape.join(" x ") : "missing"} in the checkpoint, ${shape.join(" x ")} here.`,
        "Load it with the settings it was made with.",
      );
    const tensor = parameters[within]!;
    writeValues(gpu, tensor, found.values, (student * tensor.size) / students + offset);
  }
}

/** Frees a tower's buffers. */
export function disposeTower(tower: Tower): void {
  tower.memory.dispose();
}
