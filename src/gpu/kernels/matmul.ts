/**
 * Matrix products without workgroup memory: each thread computes a tile of the result in registers.
 *
 *   NT  c[M, N] = a[M, K]  b[N, K]^T     y  = x W^T
 *   NN  c[M, N] = a[M, K]  b[K, N]       dx = dy W
 *   TN  c[M, N] = a[K, M]^T b[K, N]      dW = dy^T x
 *
 * Each is a part of a shader, a WGSL function of the tile's number, so that one dispatch may hold two products that wait
 * for the same thing (dx and dW). What happens to the finished values is the caller's: a function `finish`.
 *
 * Of several models at once: c, a and b are theirs one under the other, and a tile is within one model's.
 *
 * Correct for every size. Rows of 4k values are loaded as vectors; others value by value. Tiles that overhang read a
 * row inside the matrix instead (its products are never stored) or zeros (where they would be summed).
 */
import { float, unpackHalf, unroll } from "./wgsl";

/** Rows and columns of one thread's tile; multiples of 4. */
export type Tile = readonly [number, number];

/** Threads of one product. */
export const tilesOf = ({ m, n, tile }: { m: number; n: number; tile: Tile }): number =>
  Math.ceil(m / tile[0]) * Math.ceil(n / tile[1]);

/** The element type of the binding of a row-major matrix with rows of `width`. */
export const matrixType = (width: number): string => (width % 4 === 0 ? "array<vec4f>" : "array<f32>");

/**
 * A WGSL function `name(row, column4)`: four values of the row-major matrix at binding `b`, from column 4 * column4 on;
 * zeros past the row's end.
 * @param half the matrix is of half floats
 */
export function loader(name: string, b: string, rows: number, width: number, half = false): string {
  if (half) return `fn ${name}(row: u32, c: u32) -> vec4f { return ${unpackHalf(`${b}[row * ${width / 4}u + c]`)}; }`;
  if (width % 4 === 0) return `fn ${name}(row: u32, c: u32) -> vec4f { return ${b}[row * ${width / 4}u + c]; }`;
  const last = rows * width - 1;
  const lane = (l: number) => `select(0.0, ${b}[min(at + ${l}u, ${last}u)], c * 4u + ${l}u < ${width}u)`;
  return `fn ${name}(row: u32, c: u32) -> vec4f {
  let at = row * ${width}u + c * 4u;
  return vec4f(${[0, 1, 2, 3].map(lane).join(", ")});
}`;
}

/**
 * A WGSL function `name(base, row, column4, value)`: stores into row base + row of `b`; nothing past row `rows`.
 * @param rows WGSL
 * @param more WGSL: whether to add to what is there instead
 */
export function storer(name: string, b: string, rows: string, width: number, more?: string): string {
  const stored = (at: string, v: string) =>
    more === undefined ? `${b}[${at}] = ${v};` : `${b}[${at}] = select(${v}, ${b}[${at}] + ${v}, ${more});`;
  if (width % 4 === 0)
    return `fn ${name}(base: u32, row: u32, c: u32, v: vec4f) {
  if (row < ${rows} && c < ${width / 4}u) { ${stored(`(base + row) * ${width / 4}u + c`, "v")} }
}`;
  const lane = (l: number) =>
    `if (c * 4u + ${l}u < ${width}u) { ${stored(`(base + row) * ${width}u + c * 4u + ${l}u`, `v[${l}]`)} }`;
  return `fn ${name}(base: u32, row: u32, c: u32, v: vec4f) {
  if (row >= ${rows}) { return; }
  ${[0, 1, 2, 3].map(lane).join("\n  ")}
}`;
}

/** An index that stays inside `count`, where a tile of `step` may overhang. */
const inside = (index: string, count: number, step: number, inWgsl = `${count}u`): string =>
  count % step === 0 ? index : `min(${index}, ${inWgsl} - 1u)`;

export interface ProductPart {
  /** Name of the WGSL function; its helpers are named after it. */
  name: string;
  mode: "NT" | "NN";
  /** Models side by side; m, n and k are one model's. */
  models: number;
  m: number;
  /** WGSL of m where that is not baked in: of one model alone, and where rows are of 4k values. */
  rows?: string | undefined;
  n: number;
  k: number;
  tile: Tile;
  /** Variables of the bindings. */
  a: string;
  b: string;
  /** b is of half floats. */
  half?: boolean;
  /** Variable of the bias, [n] a model, that every row starts from. */
  bias?: string;
  /**
   * NT alone: b holds two matrices [n, K], one under the other, and `finish` gets the values of both: tiles are `tile[1]`
   * columns of each.
   */
  pair?: boolean;
  /**
   * NT alone: a's rows go through an RMS norm on the way in. The gain, [K] a model, is applied as they are loaded, their length at
   * the end, and (0, 1 / length) of each row is written to `stats`.
   */
  norm?: { gain: string; stats: string; eps: number };
  /**
   * WGSL statement for four values `v` (and `w` of the second matrix) at (row, c) of the model whose first row is `first`;
   * may lie outside the result.
   */
  finish: string;
}

/** WGSL: the number of the model; nothing to compute where there is one. */
const modelOf = (models: number, number: string): string => (models === 1 ? "0u" : number);
/** WGSL: the first of a model's `count` rows. */
const firstOf = (models: number, count: number): string => (models === 1 ? "0u" : `model * ${count}u`);

/** WGSL: `fn name(i: u32)` computes tile i of the product. */
export function productPart(part: ProductPart): string {
  const { name, mode, models, m, n, k, tile, bias, pair = false, norm, finish } = part;
  const { rows = `${m}u` } = part;
  const [tm, tn] = tile;
  const vectors = tn / 4;
  const columnTiles = Math.ceil(n / tn);
  const matrices = pair ? 2 : 1;
  const tiles = tilesOf({ m, n, tile });
  const n4 = Math.ceil(n / 4);
  const ownRows = mode === "NT" ? n * matrices : k;
  const ab = `${loader(`${name}A`, part.a, models * m, k)}
${loader(`${name}B`, part.b, models * ownRows, mode === "NT" ? k : n, part.half)}`;
  const columns = matrices * tn;
  const setup = [
    unroll(tm, (i) => `let r${i} = first + ${inside(`row + ${i}u`, m, tm, rows)};`),
    mode === "NT"
      ? unroll(columns, (j) => {
          const own = inside(`column * 4u + ${j % tn}u`, n, tn);
          return `let c${j} = firstB + ${j < tn ? own : `${n}u + ${own}`};`;
        })
      : unroll(vectors, (j) => `let c${j} = ${inside(`column + ${j}u`, n4, vectors)};`),
  ].join("\n");
  const all = matrices * vectors;
  const body =
    mode === "NT"
      ? `${unroll(columns, (j) => `let y${j} = ${name}B(c${j}, q);`)}
${norm ? `let gain = ${name}Gain(model, q);` : ""}
${unroll(
  tm,
  (
    i,
  ) => `${norm ? `let raw${i} = ${name}A(r${i}, q);\nq${i} += dot(raw${i}, raw${i});\nlet x${i} = raw${i} * gain;` : `let x${i} = ${name}A(r${i}, q);`}
${unroll(all, (j) => `s${i}_${j} += vec4f(${[0, 1, 2, 3].map((l) => `dot(x${i}, y${4 * j + l})`).join(", ")});`)}`,
)}`
      : `${unroll(4 * vectors, (l) => {
          const lane = Math.floor(l / vectors);
          // Past the last row A gives zeros, so any row will do.
          return `let y${lane}_${l % vectors} = ${name}B(firstB + ${inside(`q * 4u + ${lane}u`, k, 4)}, c${l % vectors});`;
        })}
${unroll(
  tm,
  (i) => `let x${i} = ${name}A(r${i}, q);
${unroll(vectors, (j) => `s${i}_${j} += x${i}.x * y0_${j} + x${i}.y * y1_${j} + x${i}.z * y2_${j} + x${i}.w * y3_${j};`)}`,
)}`;
  const biasAt = (j: number) => {
    if (!bias) return "vec4f(0.0)";
    const own = (l: number) => inside(`(column + ${j % vectors}u) * 4u + ${l}u`, n, tn);
    return `vec4f(${[0, 1, 2, 3].map((l) => `${bias}[firstB + ${j < vectors ? own(l) : `${n}u + ${own(l)}`}]`).join(", ")})`;
  };
  const length = (i: number) => `let n${i} = 1.0 / sqrt(q${i} / ${float(k)} + ${float(norm?.eps ?? 0)});
  if (column == 0u && row + ${i}u < ${rows}) { ${norm?.stats}[first + row + ${i}u] = vec2f(0.0, n${i}); }`;
  const value = (i: number, j: number) => (norm ? `s${i}_${j} * n${i} + start${j}` : `s${i}_${j}`);
  return `${ab}
${norm ? loader(`${name}Gain`, norm.gain, models, k) : ""}
fn ${name}Finish(first: u32, row: u32, c: u32, v: vec4f${pair ? ", w: vec4f" : ""}) {
  ${finish}
}
fn ${name}(i: u32) {
  let model = ${modelOf(models, `i / ${tiles}u`)};
  let first = ${firstOf(models, m)};
  let firstB = ${firstOf(models, ownRows)};
  let row = (${models === 1 ? "i" : `i % ${tiles}u`} / ${columnTiles}u) * ${tm}u;
  let column = (i % ${columnTiles}u) * ${vectors}u;
${setup}
${unroll(all, (j) => `let start${j} = ${biasAt(j)};`)}
${unroll(tm * all, (e) => `var s${Math.floor(e / all)}_${e % all} = ${norm ? "vec4f(0.0)" : `start${e % all}`};`)}
${norm ? unroll(tm, (i) => `var q${i} = 0.0;`) : ""}
  for (var q = 0u; q < ${Math.ceil(k / 4)}u; q++) {
${body}
  }
${norm ? unroll(tm, length) : ""}
${inTurn(
  tm * vectors,
  Array.from({ length: matrices }, (_, matrix) => (e: number) => {
    const [i, j] = [Math.floor(e / vectors), e % vectors];
    return value(i, j + matrix * vectors);
  }),
  (values) => `${name}Finish(first, row + e / ${vectors}u, column + e % ${vectors}u, ${values.join(", ")});`,
)}
}`;
}

/**
 * WGSL: `statement` for e = 0 .. count - 1, given what each of `values` is for it. A loop over copies in memory, for written out
 * one by one what follows a product was as much to compile as the product.
 */
const inTurn = (
  count: number,
  values: readonly ((e: number) => string)[],
  statement: (values: string[]) => string,
): string => `${values
  .map(
    (value, v) =>
      `var done${v} = array<vec4f, ${count}>(${Array.from({ length: count }, (_, e) => value(e)).join(", ")});`,
  )
  .join("\n")}
for (var e = 0u; e < ${count}u; e++) { ${statement(values.map((_, v) => `done${v}[e]`))} }`;

export interface ProductOverRowsPart {
  name: string;
  /** Models side by side; m, n and the k rows are one model's. */
  models: number;
  m: number;
  n: number;
  k: number;
  tile: Tile;
  /** Blocks that the rows are cut into, and rows in each. */
  splits: number;
  block: number;
  /** WGSL of k and of block where they are not baked in: of one model alone, and where rows are of 4k values. */
  sizes?: { rows: string; block: string } | undefined;
  /**
   * Whether one thread does all blocks, adding up their products as it stores them, in their order: the same sum to the bit,
   * one partial product instead of `splits`.
   */
  folded: boolean;
  a: string;
  b: string;
  /** b's rows have been through an RMS norm: its gain, [n] a model, applied at the end, and (0, 1 / length) of each row. */
  norm?: { gain: string; stats: string };
  /** Partial products [splits, models, m, n], folded [models, m, n]. */
  out: string;
  /** Partial column sums of a [splits, models, m]: the gradient of a bias. */
  sums?: string;
}

/** WGSL: `fn name(i: u32)` computes tile i of a^T b over one block of rows; there are tilesOf times models times splits, folded without those. */
export function productOverRowsPart(part: ProductOverRowsPart): string {
  const { name, models, m, n, k, tile, splits, block, folded, sums, norm } = part;
  const [tm, tn] = tile;
  const rowVectors = tm / 4;
  const vectors = tn / 4;
  const columnTiles = Math.ceil(n / tn);
  const tiles = tilesOf(part);
  const sum = (i: number) => {
    const [to, own] = [`${sums}[out * ${m}u + row + ${i}u]`, `t${i >> 2}[${i & 3}]`];
    return folded ? `${to} = select(${own}, ${to} + ${own}, ${more});` : `${to} = ${own};`;
  };
  const at = (e: number) => `s${Math.floor(e / vectors)}_${e % vectors}`;
  const more = `${name}More`;
  const { sizes = { rows: `${k}u`, block: `${block}u` } } = part;
  const end =
    splits === 1 && !part.sizes
      ? `let end = first + ${k}u;`
      : `let end = first + min((split + 1u) * ${sizes.block}, ${sizes.rows});`;
  return `${loader(`${name}A`, part.a, models * k, m)}
${loader(`${name}B`, part.b, models * k, n)}
${norm ? loader(`${name}Gain`, norm.gain, models, n) : ""}
${folded ? `var<private> ${more}: bool;` : ""}
${storer(`${name}Store`, part.out, `${m}u`, n, folded ? more : undefined)}
fn ${name}(i: u32) {
  let out = i / ${tiles}u; // (split, model)
  ${folded ? "" : `let split = ${models === 1 ? "out" : `out / ${models}u`};`}
  let model = ${modelOf(models, `out % ${models}u`)};
  let first = ${firstOf(models, k)};
  let row = ((i % ${tiles}u) / ${columnTiles}u) * ${tm}u;
  let column = (i % ${columnTiles}u) * ${vectors}u;
${unroll(rowVectors, (j) => `let r${j} = ${inside(`row / 4u + ${j}u`, Math.ceil(m / 4), rowVectors)};`)}
${unroll(vectors, (j) => `let c${j} = ${inside(`column + ${j}u`, Math.ceil(n / 4), vectors)};`)}
  ${folded ? `for (var split = 0u; split < ${splits}u; split++) {\n${more} = split > 0u;` : ""}
${unroll(tm * vectors, (e) => `var ${at(e)} = vec4f(0.0);`)}
${sums ? unroll(rowVectors, (j) => `var t${j} = vec4f(0.0);`) : ""}
  ${end}
  for (var p = first + split * ${sizes.block}; p < end; p++) {
${unroll(rowVectors, (j) => `let x${j} = ${name}A(p, r${j});`)}
${norm ? `let length = ${norm.stats}[p].y;` : ""}
${unroll(vectors, (j) => `let y${j} = ${name}B(p, c${j})${norm ? " * length" : ""};`)}
${unroll(tm * vectors, (e) => {
  const i = Math.floor(e / vectors);
  return `${at(e)} += x${i >> 2}[${i & 3}] * y${e % vectors};`;
})}
${sums ? unroll(rowVectors, (j) => `t${j} += x${j};`) : ""}
  }
${norm ? unroll(vectors, (j) => `let gain${j} = ${name}Gain(model, c${j});`) : ""}
${inTurn(
  tm * vectors,
  [(e) => `${at(e)}${norm ? ` * gain${e % vectors}` : ""}`],
  ([value]) => `${name}Store(out * ${m}u, row + e / ${vectors}u, column + e % ${vectors}u, ${value});`,
)}
${
  sums
    ? `  if (column == 0u) {
${unroll(tm, (i) => `if (row + ${i}u < ${m}u) { ${sum(i)} }`)}
  }`
    : ""
}
${folded ? "}" : ""}
}`;
}
