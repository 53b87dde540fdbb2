/**
 * Rotary position embedding (Su et al., arXiv 2104.09864) in Llama's split-half layout: the pair (x_i, x_{i + size/2}) of
 * a head is turned by the angle position * theta^(-2i / size), or by what Llama 3.1 makes of that frequency.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, linearGrid, readBinding, writeBinding } from "../dispatch";
import type { RopeScaling } from "../ops";
import { float, type Lanes, lanesOf, laneType, threadHead, unroll } from "./wgsl";

export interface RotarySizes {
  batch: number;
  tokens: number;
  heads: number;
  kvHeads: number;
  size: number;
  ropeTheta?: number;
  ropeScaling?: RopeScaling | undefined;
}

/** The angle by which pair i of a head of this size turns from one position to the next. */
export function ropeFrequency(size: number, theta: number, scaling: RopeScaling | undefined, i: number): number {
  const frequency = theta ** ((-2 * i) / size);
  if (!scaling) return frequency;
  const { factor, slow, fast, originalTokens } = scaling;
  const turns = (originalTokens * frequency) / (2 * Math.PI);
  const kept = Math.min(1, Math.max(0, (turns - slow) / (fast - slow)));
  return frequency * (kept + (1 - kept) / factor);
}

/** For keys of kernels: what the rotary positions depend on. */
export const ropeKey = ({ ropeTheta, ropeScaling: s }: Pick<RotarySizes, "ropeTheta" | "ropeScaling">): string =>
  `${ropeTheta}${s ? ` stretched ${s.factor} ${s.slow} ${s.fast} ${s.originalTokens}` : ""}`;

/** Values in one vector: both halves of a head have to be whole vectors. */
export const rotaryLanes = (size: number): Lanes => lanesOf(size / 2);

/**
 * WGSL `turned(angle)`: the pair (sin, cos). WGSL promises its own only to 2^-11, and that between -pi and pi; positions
 * reach hundreds. Reduced by pi/2 in three pieces, then the polynomials of Cephes' sinf and cosf: good to about 1e-7.
 */
export function rotaryFunctions(lanes: Lanes): string {
  const type = laneType(lanes);
  const whole = lanes === 4 ? "vec4i" : "i32";
  return `struct Turn { s: ${type}, c: ${type} }
fn turned(angle: ${type}) -> Turn {
  let quarter = round(angle * 0.636619772);
  let x = ((angle - quarter * 1.5703125) - quarter * 4.83751297e-4) - quarter * 7.54978995e-8;
  let z = x * x;
  let s = x + x * z * (-0.16666654611 + z * (8.3321608736e-3 - z * 1.9515295891e-4));
  let c = 1.0 - 0.5 * z + z * z * (4.16666456830e-2 + z * (-1.38873162550e-3 + z * 2.44331571181e-5));
  let q = ${whole}(quarter);
  let odd = (q & ${whole}(1)) != ${whole}(0);
  let one = ${type}(1.0);
  return Turn(
    select(s, c, odd) * select(one, -one, (q & ${whole}(2)) != ${whole}(0)),
    select(c, s, odd) * select(one, -one, ((q + ${whole}(1)) & ${whole}(2)) != ${whole}(0)),
  );
}`;
}

type Rope = RotarySizes & { ropeTheta: number };

/** The frequencies of the lanes of vector k in the first half. */
const frequencies = ({ size, ropeTheta, ropeScaling }: Rope, lanes: Lanes, k: number): string =>
  `${laneType(lanes)}(${Array.from({ length: lanes }, (_, l) => float(ropeFrequency(size, ropeTheta, ropeScaling, k * lanes + l))).join(", ")})`;

/** WGSL that turns the vectors `from(k)` of one head by a position, direction 1 or -1, and assigns them to `to(k)`. */
export function rotateLanes(
  rope: Rope,
  position: string,
  direction: 1 | -1,
  from: (k: number) => string,
  to: (k: number) => string,
): string {
  const lanes = rotaryLanes(rope.size);
  const half = rope.size / 2 / lanes;
  const [plus, minus] = direction === 1 ? ["+", "-"] : ["-", "+"];
  return unroll(
    half,
    (k) => `{
  let r = turned(f32(${position}) * ${frequencies(rope, lanes, k)});
  let x = ${from(k)};
  let y = ${from(k + half)};
  ${to(k)} = x * r.c ${minus} y * r.s;
  ${to(k + half)} = y * r.c ${plus} x * r.s;
}`,
  );
}

/** Reads [q, k, v] of every token; writes [q, k] turned by their positions. One thread a head of a token. */
export function rotaryCode(sizes: Rope): string {
  const { batch, tokens, heads, kvHeads, size } = sizes;
  const lanes = rotaryLanes(size);
  const array = `array<${laneType(lanes)}>`;
  const w = size / lanes;
  const turned = heads + kvHeads;
  const threads = batch * tokens * turned;
  return `${readBinding(0, array)}${writeBinding(1, array)}
${rotaryFunctions(lanes)}
${threadHead(linearGrid(threads).index, threads)}
  let row = i / ${turned}u;
  let t = row % ${tokens}u;
  let source = (row * ${heads + 2 * kvHeads}u + i % ${turned}u) * ${w}u;
  let to = i * ${w}u;
${rotateLanes(
  sizes,
  "t",
  1,
  (k) => `b0[source + ${k}u]`,
  (k) => `b1[to + ${k}u]`,
)}
}`;
}

/** qkv [batch * tokens, (heads + 2 kvHeads) * size] -> [q, k] turned, [batch * tokens, (heads + kvHeads) * size]. */
export function rotary(backend: WebGPUBackend, qkv: TensorInfo, sizes: RotarySizes): TensorInfo {
  const { batch, tokens, heads, kvHeads, size, ropeTheta } = sizes;
  if (ropeTheta === undefined) throw new Error("rotary: no theta");
  return dispatch(
    backend,
    {
      key: `rotary ${batch}x${tokens} heads ${heads}/${kvHeads} of ${size} theta ${ropeKey(sizes)}`,
      workgroups: linearGrid(batch * tokens * (heads + kvHeads)).workgroups,
      code: () => rotaryCode({ ...sizes, ropeTheta }),
    },
    [qkv],
    [{ shape: [batch * tokens, (heads + kvHeads) * size] }],
  )[0]!;
}
