/**
 * Sums that several threads make together, in two variants (variants.ts).
 *
 *   shared     rows: a thread each. Over a workgroup: through its memory in two levels, three barriers in all. On a
 *              CPU barriers are what a sum costs, and a tree of 64 threads has eight.
 *   subgroups  rows: a subgroup each, whose lanes read neighbouring values. Over a workgroup: each subgroup adds up what its
 *              lanes hold, one number of each goes through memory, two barriers in all.
 *
 * A subgroup has 4 to 128 lanes, a power of two known only when the shader runs; of one that is larger than the workgroup fewer
 * are there. So lanes are counted, and subgroups go by their own numbers, not by those of their threads. Workgroups are powers
 * of two as well: of 100 threads lavapipe (Mesa 22.3) counts 12 subgroups of 8 and forgets the last. The order of a sum hangs on
 * the number of lanes: the same on one adapter, another on another, as everything that rounds.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { type Variants, variantsOf } from "./variants";

/** Pieces of WGSL for a shader whose `main` calls its number in the workgroup `thread`. */
export interface Reduction {
  /** For keys of kernels; nothing for shared. */
  key: string;
  /** What the shader begins with. */
  enable: string;
  /** Parameters of `main` beside its own. */
  parameters: string;
  /** First statements of `main`. */
  begin: string;
  /**
   * Declares `sumOf(thread, x)` and `mostOf(thread, x)`, the sum and the maximum of all threads' x, which every thread of the
   * workgroup has to call. Threads are a power of two
   */
  overWorkgroup(threads: number): string;
  /** Head of a loop over rows n = 0 .. count - 1, shared out among the workgroup's threads, or its subgroups. */
  rows(n: string, count: string, threads: number): string;
  /** Head of a loop over k = 0 .. count - 1 of a row, shared out among those who have the row. */
  alongRow(k: string, count: string): string;
  /** The sum over a row of what each of those has. */
  rowSum(value: string): string;
  /** A statement that one of them carries out. */
  once(statement: string): string;
}

/** `combine` makes one of `all` and `y`. Of 64 threads eight add up eight each, and every thread their results. */
function inTwoLevels(name: string, threads: number, combine: string): string {
  const own = 2 ** Math.floor(Math.log2(threads) / 2);
  return `fn ${name}(thread: u32, x: f32) -> f32 {
  workgroupBarrier();
  reduced[thread] = x;
  workgroupBarrier();
  if (thread < ${own}u) {
    var all = reduced[thread];
    for (var s = thread + ${own}u; s < ${threads}u; s += ${own}u) { let y = reduced[s]; all = ${combine}; }
    reduced[thread] = all;
  }
  workgroupBarrier();
  var all = reduced[0];
  for (var s = 1u; s < ${own}u; s++) { let y = reduced[s]; all = ${combine}; }
  return all;
}`;
}

const SHARED: Reduction = {
  key: "",
  enable: "",
  parameters: "",
  begin: "",
  overWorkgroup: (threads) => `var<workgroup> reduced: array<f32, ${threads}>;
${inTwoLevels("sumOf", threads, "all + y")}
${inTwoLevels("mostOf", threads, "max(all, y)")}`,
  rows: (n, count, threads) => `for (var ${n} = thread; ${n} < ${count}; ${n} += ${threads}u)`,
  alongRow: (k, count) => `for (var ${k} = 0u; ${k} < ${count}; ${k}++)`,
  rowSum: (value) => value,
  once: (statement) => statement,
};

const twice = (name: string, ofLanes: string, combine: string) => `fn ${name}(thread: u32, x: f32) -> f32 {
  let own = ${ofLanes}(x);
  workgroupBarrier();
  if (lane == 0u) { reduced[subgroup] = own; }
  workgroupBarrier();
  var all = reduced[0];
  for (var s = 1u; s < subgroups; s++) { let y = reduced[s]; all = ${combine}; }
  return all;
}`;

const SUBGROUPS: Reduction = {
  key: " by subgroups",
  // Loops over rows differ from subgroup to subgroup, not within one, which the check cannot know.
  enable: `enable subgroups;
requires subgroup_id;
diagnostic(off, subgroup_uniformity);
var<private> subgroup: u32;
var<private> subgroups: u32;
var<private> lane: u32;
var<private> lanes: u32;
`,
  parameters: ", @builtin(subgroup_id) ownSubgroup: u32, @builtin(num_subgroups) allSubgroups: u32",
  begin: `subgroup = ownSubgroup;
  subgroups = allSubgroups;
  lanes = subgroupAdd(1u);
  lane = subgroupExclusiveAdd(1u);`,
  overWorkgroup: (threads) => `var<workgroup> reduced: array<f32, ${threads}>;
${twice("sumOf", "subgroupAdd", "all + y")}
${twice("mostOf", "subgroupMax", "max(all, y)")}`,
  rows: (n, count) => `for (var ${n} = subgroup; ${n} < ${count}; ${n} += subgroups)`,
  alongRow: (k, count) => `for (var ${k} = lane; ${k} < ${count}; ${k} += lanes)`,
  rowSum: (value) => `subgroupAdd(${value})`,
  once: (statement) => `if (lane == 0u) { ${statement} }`,
};
const REDUCTIONS: Record<Variants["reductions"], Reduction> = { shared: SHARED, subgroups: SUBGROUPS };

/** By name, for tests and for shaders that are made without a backend. */
export const reduction = (variant: Variants["reductions"]): Reduction => REDUCTIONS[variant];

/** The backend's. */
export const reductionOf = (backend: WebGPUBackend): Reduction => REDUCTIONS[variantsOf(backend).reductions];
