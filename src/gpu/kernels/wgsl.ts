/** Pieces of WGSL that several kernels share. */

/** Values that one load fetches: 4 where `width` allows, else 1. */
export type Lanes = 1 | 4;
export const lanesOf = (width: number): Lanes => (width % 4 === 0 ? 4 : 1);
/** The WGSL type of that many values. */
export const laneType = (lanes: Lanes): "vec4f" | "f32" => (lanes === 4 ? "vec4f" : "f32");
/** A function `total(v)`: the sum of a value's lanes. */
export const laneSum = (lanes: Lanes): string =>
  lanes === 4
    ? "fn total(v: vec4f) -> f32 { return (v.x + v.y) + (v.z + v.w); }"
    : "fn total(v: f32) -> f32 { return v; }";

/** The WGSL type of a matrix of half floats whose rows are a multiple of 4 wide, and of four of its values a vec4f. */
export const HALF_ROWS = "array<vec2u>";
export const unpackHalf = (value: string): string => `vec4f(unpack2x16float(${value}.x), unpack2x16float(${value}.y))`;

/** A WGSL f32 literal. */
export function float(x: number): string {
  const text = `${Math.fround(x)}`;
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Lines made by `line(0) .. line(count - 1)`: a loop unrolled by hand, as values indexed by a variable leave the registers. */
export const unroll = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join("\n");

/** The head of every one-dimensional kernel: thread number `i` below `threads` (or WGSL of it), 64 threads to a workgroup. */
export const threadHead = (index: string, threads: number | string): string => `
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = ${index};
  if (i >= ${typeof threads === "number" ? `${threads}u` : threads}) { return; }`;
