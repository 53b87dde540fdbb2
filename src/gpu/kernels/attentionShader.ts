/** What attention's shaders, forward and back, have in common: sizes, where values lie, blocks of queries or keys. */
import { uniformBinding } from "../dispatch";
import type { AttentionShape } from "../ops";
import { rotaryLanes } from "./rotary";
import { float, type Lanes, laneSum, lanesOf } from "./wgsl";

/** Everything the code depends on. */
export interface AttentionSizes extends AttentionShape {
  /** Width of a head. */
  size: number;
  /** Texts that the mask is for; `batch`, or fewer where several models share them (models.ts). */
  masks: number;
  /** Queries, and on the way back keys, that a thread has at once. */
  block: 1 | 2 | 4;
  /** The numbers of texts and tokens are read, not baked in: towers that differ in them alone share pipelines. */
  reads: boolean;
}

/** Key/value heads of one workgroup: as many as fill its 64 threads with blocks of keys. */
export const headsOfGroup = ({ tokens, block }: AttentionSizes): number =>
  Math.max(1, Math.floor(64 / Math.ceil(tokens / block)));

/**
 * WGSL of what may be read: tokens and blocks of them, texts, and key/value heads of a workgroup.
 *
 * Loops over tokens count rows from a text's first one. Of a loop whose bounds hang on uniforms alone lavapipe (Mesa 22.3)
 * makes a shader anew for every dispatch, in hope of unrolling it: .9 ms forward and 2.5 ms back, while nothing computes.
 */
export function counts(sizes: AttentionSizes) {
  const values = [sizes.tokens, blocksOf(sizes), sizes.batch, headsOfGroup(sizes)];
  const [tokens, blocks, batch, own] = values.map((value, i) =>
    sizes.reads ? `attended[0].${"xyzw"[i]}` : `${value}u`,
  ) as [string, string, string, string];
  return { tokens, blocks, batch, own, values };
}
export const blocksOf = ({ tokens, block }: AttentionSizes): number => Math.ceil(tokens / block);
export const readCounts = ({ reads }: AttentionSizes, binding: number): string =>
  reads ? uniformBinding(binding, "attended", 1) : "";

export const lanes = ({ size, ropeTheta }: Pick<AttentionSizes, "size" | "ropeTheta">): Lanes =>
  ropeTheta === undefined ? lanesOf(size) : rotaryLanes(size);

/**
 * Constants, and where a head's first value is, given the row of its token: `qAt(row, h)` and `kAt(row, g)` in what is
 * attended with (turned by position, q and k alone, where there are rotary positions), `vAt(row, g)` in q, k, v side by
 * side, `oAt(row, h)`; and whether a row is a token: `isToken(row)`.
 */
export function head(sizes: AttentionSizes): string {
  const { batch, masks, heads, kvHeads, size, ropeTheta } = sizes;
  const { tokens } = counts(sizes);
  const w = size / lanes(sizes);
  const all = heads + 2 * kvHeads;
  const turned = ropeTheta === undefined ? all : heads + kvHeads;
  return `${laneSum(lanes(sizes))}
${sizes.reads ? "" : `const T = ${tokens};`}
const H = ${heads}u;
const G = ${kvHeads}u;
const GROUP = ${heads / kvHeads}u;
const SCALE = ${float(1 / Math.sqrt(size))};
fn qAt(row: u32, h: u32) -> u32 { return (row * ${turned}u + h) * ${w}u; }
fn kAt(row: u32, g: u32) -> u32 { return (row * ${turned}u + H + g) * ${w}u; }
fn vAt(row: u32, g: u32) -> u32 { return (row * ${all}u + H + G + g) * ${w}u; }
fn oAt(row: u32, h: u32) -> u32 { return (row * H + h) * ${w}u; }
fn isToken(row: u32) -> bool { return b2[${masks === batch ? "row" : `row % ${masks * sizes.tokens}u`}] != 0.0; }`;
}

/**
 * WGSL `end`: past the last token before row `bound`, or `base`. Texts are padded at their end; a loop over keys that leaves those
 * out has no branch in it, which is dear on SwiftShader, and gives what else is masked no weight.
 */
export const lastToken = (bound: string): string => `var end = ${bound};
  while (end > base && !isToken(end - 1u)) { end--; }`;

/** `total(a0 * b0 + a1 * b1 ...)` over the vectors of a head. */
export const dotProduct = (w: number, a: (k: number) => string, b: (k: number) => string): string =>
  `total(${Array.from({ length: w }, (_, k) => `${a(k)} * ${b(k)}`).join(" + ")})`;

/** WGSL of so many numbers at once, one a query or key of a block, and of number i of them. */
export const numbers = (block: number): string => (block === 1 ? "f32" : `vec${block}f`);
export const number = (name: string, block: number, i: number): string => (block === 1 ? name : `${name}.${"xyzw"[i]}`);
/** WGSL: the numbers of a block. */
export const each = (block: number, one: (i: number) => string): string =>
  `${numbers(block)}(${Array.from({ length: block }, (_, i) => one(i)).join(", ")})`;
/** WGSL `seen`: which of a block see what is looked at, by position. */
export const seen = (block: number, one: (i: number) => string): string =>
  `let seen = vec${block}<bool>(${Array.from({ length: block }, (_, i) => one(i)).join(", ")});`;
/** WGSL: the i-th of a block, another one twice where the last block overhangs. */
export const within = (first: string, i: number, { block, tokens }: AttentionSizes): string =>
  tokens % block === 0 ? `${first} + ${i}u` : `min(${first} + ${i}u, T - 1u)`;
/** WGSL: a statement for the i-th of a block, left out where that overhangs. */
export const guarded = (first: string, i: number, { block, tokens }: AttentionSizes, statement: string): string =>
  tokens % block === 0 || i === 0 ? `{ ${statement} }` : `if (${first} + ${i}u < T) { ${statement} }`;

/** WGSL of T within a function, where it is not a constant. */
export const ownTokens = (sizes: AttentionSizes): string => (sizes.reads ? `let T = ${counts(sizes).tokens};` : "");
