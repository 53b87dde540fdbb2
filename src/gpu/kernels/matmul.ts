/**
 * Matrix products without workgroup memory: each thread computes a tile of the result in registers.
 *
 *   NT  c[M, N] = a[M, K]  b[N, K]^T     y  = x W^T
 *   NN  c[M, N] = a[M, K]  b[K, N]       dx = dy W
 *   TN  c[M, N] = a[K, M]^T b[K, N]      dW = dy^T x
 *
 * Correct for every size. Rows of 4k values are loaded as vectors; others value by value. Tiles that overhang read a
 * row inside the matrix instead (its products are never stored) or zeros (where they would be summed).
 */
import { readBinding, writeBinding } from "../dispatch";
import { unroll } from "./wgsl";

export type Mode = "NT" | "NN" | "TN";

export interface MatmulSizes {
  mode: Mode;
  /** Rows of the result. */
  m: number;
  /** Columns of the result. */
  n: number;
  /** Terms of each sum. */
  k: number;
  /** Rows and columns of one thread's tile; multiples of 4. */
  tile: readonly [number, number];
}

/** Threads of one product. */
export const tilesOf = ({ m, n, tile }: Pick<MatmulSizes, "m" | "n" | "tile">): number =>
  Math.ceil(m / tile[0]) * Math.ceil(n / tile[1]);

/**
 * A WGSL function `name(row, column4)`: four values of a row-major matrix from column 4 * column4; zeros past the row's
 * end. And the type of its binding.
 */
function loader(name: string, binding: number, rows: number, width: number): { type: string; code: string } {
  if (width % 4 === 0)
    return {
      type: "array<vec4f>",
      code: `fn ${name}(row: u32, c: u32) -> vec4f { return b${binding}[row * ${width / 4}u + c]; }`,
    };
  const last = rows * width - 1;
  const lane = (l: number) => `select(0.0, b${binding}[min(at + ${l}u, ${last}u)], c * 4u + ${l}u < ${width}u)`;
  return {
    type: "array<f32>",
    code: `fn ${name}(row: u32, c: u32) -> vec4f {
  let at = row * ${width}u + c * 4u;
  return vec4f(${[0, 1, 2, 3].map(lane).join(", ")});
}`,
  };
}

/** A WGSL function `store(row, column4, value)` into rows of `width`, and the type of its binding. */
function storer(binding: number, rows: number, width: number): { type: string; code: string } {
  if (width % 4 === 0)
    return {
      type: "array<vec4f>",
      code: `fn store(base: u32, row: u32, c: u32, v: vec4f) {
  if (row < ${rows}u && c < ${width / 4}u) { b${binding}[(base + row) * ${width / 4}u + c] = v; }
}`,
    };
  const lane = (l: number) =>
    `if (c * 4u + ${l}u < ${width}u) { b${binding}[(base + row) * ${width}u + c * 4u + ${l}u] = v[${l}]; }`;
  return {
    type: "array<f32>",
    code: `fn store(base: u32, row: u32, c: u32, v: vec4f) {
  if (row >= ${rows}u) { return; }
  ${[0, 1, 2, 3].map(lane).join("\n  ")}
}`,
  };
}

/** An index that stays inside `count`, where a tile of `step` may overhang. */
const inside = (index: string, count: number, step: number): string =>
  count % step === 0 ? index : `min(${index}, ${count - 1}u)`;

/** NT or NN. Reads a, b and (NT only) bias [n]; writes c. */
export function matmulCode(sizes: MatmulSizes & { mode: "NT" | "NN"; bias: boolean }, index: string): string {
  const { mode, m, n, k, tile, bias } = sizes;
  const [tm, tn] = tile;
  const vectors = tn / 4;
  const columnTiles = Math.ceil(n / tn);
  const a = loader("loadA", 0, m, k);
  const b = mode === "NT" ? loader("loadB", 1, n, k) : loader("loadB", 1, k, n);
  const out = bias ? 3 : 2;
  const c = storer(out, m, n);
  const n4 = Math.ceil(n / 4);
  const setup = [
    unroll(tm, (i) => `let r${i} = ${inside(`row + ${i}u`, m, tm)};`),
    mode === "NT"
      ? unroll(tn, (j) => `let c${j} = ${inside(`column * 4u + ${j}u`, n, tn)};`)
      : unroll(vectors, (j) => `let c${j} = ${inside(`column + ${j}u`, n4, vectors)};`),
  ].join("\n");
  const body =
    mode === "NT"
      ? `${unroll(tn, (j) => `let y${j} = loadB(c${j}, q);`)}
${unroll(
  tm,
  (i) => `let x${i} = loadA(r${i}, q);
${unroll(vectors, (j) => `s${i}_${j} += vec4f(${[0, 1, 2, 3].map((l) => `dot(x${i}, y${4 * j + l})`).join(", ")});`)}`,
)}`
      : `${unroll(4 * vectors, (l) => {
          const lane = Math.floor(l / vectors);
          // Past the last row loadA gives zeros, so any row will do.
          return `let y${lane}_${l % vectors} = loadB(${inside(`q * 4u + ${lane}u`, k, 4)}, c${l % vectors});`;
        })}
${unroll(
  tm,
  (i) => `let x${i} = loadA(r${i}, q);
${unroll(vectors, (j) => `s${i}_${j} += x${i}.x * y0_${j} + x${i}.y * y1_${j} + x${i}.z * y2_${j} + x${i}.w * y3_${j};`)}`,
)}`;
  const start = (j: number) =>
    bias
      ? `vec4f(${[0, 1, 2, 3].map((l) => `b2[${inside(`(column + ${j}u) * 4u + ${l}u`, n, tn)}]`).join(", ")})`
      : "vec4f(0.0)";
  return `${readBinding(0, a.type)}${readBinding(1, b.type)}${bias ? readBinding(2, "array<f32>") : ""}${writeBinding(out, c.type)}
${a.code}
${b.code}
${c.code}
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = ${index};
  if (i >= ${tilesOf(sizes)}u) { return; }
  let row = (i / ${columnTiles}u) * ${tm}u;
  let column = (i % ${columnTiles}u) * ${vectors}u;
${setup}
${unroll(vectors, (j) => `let start${j} = ${start(j)};`)}
${unroll(tm * vectors, (e) => `var s${Math.floor(e / vectors)}_${e % vectors} = start${e % vectors};`)}
  for (var q = 0u; q < ${Math.ceil(k / 4)}u; q++) {
${body}
  }
${unroll(tm * vectors, (e) => `store(0u, row + ${Math.floor(e / vectors)}u, column + ${e % vectors}u, s${Math.floor(e / vectors)}_${e % vectors});`)}
}`;
}

/**
 * TN over `splits` blocks of `block` rows each. Reads a [k, m], b [k, n]; writes partial products [splits, m, n] and,
 * where asked for, partial column sums of a [splits, m] (the gradient of a bias). One split is the result itself.
 */
export function matmulTnCode(
  sizes: Omit<MatmulSizes, "mode"> & { sums: boolean; splits: number; block: number },
  index: string,
): string {
  const { m, n, k, tile, sums, splits, block } = sizes;
  const [tm, tn] = tile;
  const rowVectors = tm / 4;
  const vectors = tn / 4;
  const columnTiles = Math.ceil(n / tn);
  const tiles = tilesOf(sizes);
  const a = loader("loadA", 0, k, m);
  const b = loader("loadB", 1, k, n);
  const c = storer(2, m, n);
  const at = (e: number) => `s${Math.floor(e / vectors)}_${e % vectors}`;
  return `${readBinding(0, a.type)}${readBinding(1, b.type)}${writeBinding(2, c.type)}${sums ? writeBinding(3, "array<f32>") : ""}
${a.code}
${b.code}
${c.code}
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = ${index};
  if (i >= ${tiles * splits}u) { return; }
  let split = i / ${tiles}u;
  let row = ((i % ${tiles}u) / ${columnTiles}u) * ${tm}u;
  let column = (i % ${columnTiles}u) * ${vectors}u;
${unroll(rowVectors, (j) => `let r${j} = ${inside(`row / 4u + ${j}u`, Math.ceil(m / 4), rowVectors)};`)}
${unroll(vectors, (j) => `let c${j} = ${inside(`column + ${j}u`, Math.ceil(n / 4), vectors)};`)}
${unroll(tm * vectors, (e) => `var ${at(e)} = vec4f(0.0);`)}
${sums ? unroll(rowVectors, (j) => `var t${j} = vec4f(0.0);`) : ""}
  let end = min((split + 1u) * ${block}u, ${k}u);
  for (var p = split * ${block}u; p < end; p++) {
${unroll(rowVectors, (j) => `let x${j} = loadA(p, r${j});`)}
${unroll(vectors, (j) => `let y${j} = loadB(p, c${j});`)}
${unroll(tm * vectors, (e) => {
  const i = Math.floor(e / vectors);
  return `${at(e)} += x${i >> 2}[${i & 3}] * y${e % vectors};`;
})}
${sums ? unroll(rowVectors, (j) => `t${j} += x${j};`) : ""}
  }
${unroll(tm * vectors, (e) => `store(split * ${m}u, row + ${Math.floor(e / vectors)}u, column + ${e % vectors}u, ${at(e)});`)}
${
  sums
    ? `  if (column == 0u) {
${unroll(tm, (i) => `if (row + ${i}u < ${m}u) { b3[split * ${m}u + row + ${i}u] = t${i >> 2}[${i & 3}]; }`)}
  }`
    : ""
}
}`;
}
