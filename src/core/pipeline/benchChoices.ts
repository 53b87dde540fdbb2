/** What the benchmark can be asked for. Apart from bench.ts, so that bad usage is told before tfjs and a GPU are there. */

/** Towers of a size; a head is 32 wide. */
export const BENCH_SIZES = {
  s: { width: 64, layers: 2, heads: 2 },
  m: { width: 128, layers: 4, heads: 4 },
  l: { width: 256, layers: 6, heads: 8 },
} as const;
export type BenchSize = keyof typeof BENCH_SIZES;

/** Students of a size, for `bench students`; a head is 32 wide. */
export const STUDENT_SIZES = {
  s: { width: 32, layers: 1, heads: 1 },
  m: { width: 64, layers: 2, heads: 2 },
  l: { width: 128, layers: 4, heads: 4 },
} as const satisfies Record<BenchSize, object>;
export const MOST_STUDENTS = 256;

/** "qkd": the student alone, an encoder, from stored teacher vectors. The others: two towers, InfoNCE. */
export const BENCH_ARCHS = ["bench", "encoder", "decoder", "qkd"] as const;
export type BenchArch = (typeof BENCH_ARCHS)[number];

/** plain: tfjs' ops, run eagerly. eager: own kernels, run eagerly. captured: own kernels, recorded and replayed. */
export const BENCH_MODES = ["plain", "eager", "captured"] as const;
export type BenchMode = (typeof BENCH_MODES)[number];

/** What `bench encode` encodes with. */
export const ENCODE_ARCHS = ["bench", "encoder", "decoder"] as const satisfies readonly BenchArch[];
export type EncodeArch = (typeof ENCODE_ARCHS)[number];

/** Which of two kinds of kernels compute: as a run settles it, or one of them. */
export const BENCH_VARIANTS = {
  matmul: ["auto", "registers", "shared"],
  reductions: ["auto", "shared", "subgroups"],
} as const;
export type BenchVariants = { [C in keyof typeof BENCH_VARIANTS]: (typeof BENCH_VARIANTS)[C][number] };
