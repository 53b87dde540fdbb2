/**
 * Low-rank adapters (LoRA, Hu et al. 2021, arXiv 2106.09685): beside a frozen matrix W [out, in] two small ones are trained,
 * A [rank, in] and B [out, rank], and the product is W x + alpha / rank * B A x. B starts at 0, so that the first step
 * starts from the tower as it is; in the end B A is added to W, and the tower is an ordinary one again.
 *
 * What is one product on the device has one adapter: queries, keys and values together, gate and up together.
 */
import type { Experiment } from "../config/schema";
import { random } from "../random";
import { parameterSpecs, parameterStacks, sizeOf } from "./parameters";
import type { HostParameters, HostTensor, TowerConfig } from "./types";

export interface LoraSettings {
  rank: number;
  alpha: number;
  /** Matrices of attention alone, or of the feed-forward layers too. */
  targets: "attention" | "all";
  /** The frozen matrices as half floats. */
  half: boolean;
}

/** Those of the teacher's training; null where it trains its towers whole. */
export const loraOf = ({ stage1 }: Pick<Experiment, "stage1">): LoraSettings | null =>
  stage1.lora
    ? { rank: stage1.loraRank, alpha: stage1.loraAlpha, targets: stage1.loraTargets, half: stage1.loraHalf }
    : null;

/** What B A x is multiplied with. */
export const loraScale = ({ rank, alpha }: Pick<LoraSettings, "rank" | "alpha">): number => alpha / rank;

const ATTENTION = /\.(qkv_proj|o_proj|query_key_value|attention\.output\.dense)$/;
const FEED_FORWARD = /\.(gate_up_proj|down_proj|intermediate\.dense|layer\.\d+\.output\.dense)$/;

/** A matrix of a layer as the device has it, and the checkpoint's matrices that it is made of, their rows in order. */
interface Target {
  /** Without ".weight". */
  name: string;
  out: number;
  in: number;
  parts: { name: string; rows: number }[];
}

function targetsOf(config: TowerConfig, targets: LoraSettings["targets"]): Target[] {
  const shapes = new Map(parameterSpecs(config).map(({ name, shape }) => [name, shape]));
  const stacks = parameterStacks(config);
  const stacked = new Set(stacks.flatMap((stack) => stack.parts));
  const groups = [
    ...stacks.map(({ name, parts }) => ({ name, parts })),
    ...[...shapes.keys()].filter((name) => !stacked.has(name)).map((name) => ({ name, parts: [name] })),
  ];
  return groups.flatMap(({ name: full, parts }): Target[] => {
    const name = full.replace(/\.weight$/, "");
    const wanted = ATTENTION.test(name) || (targets === "all" && !ATTENTION.test(name) && FEED_FORWARD.test(name));
    if (name === full || !wanted) return [];
    const rows = parts.map((part) => ({ name: part, rows: shapes.get(part)![0]! }));
    return [{ name, out: rows.reduce((sum, part) => sum + part.rows, 0), in: shapes.get(parts[0]!)![1]!, parts: rows }];
  });
}

/** The adapters' tensors: A small and random, B 0. @param side each tower of a pair draws its own */
export function initAdapters(
  config: TowerConfig,
  { rank, targets }: LoraSettings,
  seed: number,
  side: "query" | "document",
): HostParameters {
  const adapters: HostParameters = new Map();
  for (const target of targetsOf(config, targets)) {
    const r = random(seed, "lora", side, target.name);
    const values = Float32Array.from({ length: rank * target.in }, () => r.normal() * target.in ** -0.5);
    adapters.set(`${target.name}.lora_A.weight`, { shape: [rank, target.in], values });
    adapters.set(`${target.name}.lora_B.weight`, {
      shape: [target.out, rank],
      values: new Float32Array(target.out * rank),
    });
  }
  return adapters;
}

/** Sizes of the tensors that are trained where adapters are: they themselves, and what follows the pooling. */
export function trainedSizes(config: TowerConfig, { rank, targets }: LoraSettings): number[] {
  const adapters = targetsOf(config, targets).flatMap((target) => [rank * target.in, rank * target.out]);
  const head = parameterSpecs(config).filter(({ name }) => isHead(name));
  return [...adapters, ...head.map(({ shape }) => sizeOf(shape))];
}

/** What follows the pooling is no part of a language model and starts at random: it is trained whole. */
export const isHead = (name: string): boolean => /^(projection|dense\.\d+)\./.test(name);

/** W + scale * B A for every adapted matrix, under the checkpoint's names; the rest as in `base`. */
export function mergeAdapters(
  config: TowerConfig,
  base: HostParameters,
  adapters: HostParameters,
  scale: number,
): HostParameters {
  const merged = new Map(base);
  for (const target of targetsOf(config, "all")) {
    const down = adapters.get(`${target.name}.lora_A.weight`);
    const up = adapters.get(`${target.name}.lora_B.weight`);
    if (!down || !up) continue;
    let row = 0;
    for (const { name, rows } of target.parts) {
      merged.set(name, added(base.get(name)!, up, row, down, scale));
      row += rows;
    }
  }
  return merged;
}

/** weight + scale * (rows `first` on of up) down. */
function added(weight: HostTensor, up: HostTensor, first: number, down: HostTensor, scale: number): HostTensor {
  const [rows, width] = weight.shape as [number, number];
  const rank = down.shape[0]!;
  const sums = new Float64Array(width);
  const values = new Float32Array(weight.values.length);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    for (let k = 0; k < rank; k++) {
      const factor = scale * up.values[(first + row) * rank + k]!;
      if (factor !== 0) for (let i = 0; i < width; i++) sums[i]! += factor * down.values[k * width + i]!;
    }
    for (let i = 0; i < width; i++) values[row * width + i] = weight.values[row * width + i]! + sums[i]!;
  }
  return { shape: [...weight.shape], values };
}
