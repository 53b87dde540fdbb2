/**
 * The matrix products of matmul.ts with workgroup memory: 64 threads, 8 x 8, compute a block of the result together. They
 * fetch a slice of both matrices once, and each thread reads it there eight times over. On a GPU, whose memory is far
 * slower than its arithmetic, this wins; on a CPU that stands in for one the barriers cost more than they save.
 *
 * Thread (ty, tx) has the rows ty + 8 i and the four-column groups tx + 8 j of its block, so that neighbours read
 * neighbouring memory. Whatever lies outside the matrices is fetched as zero. Interfaces as in matmul.ts; a part's
 * function is given its workgroup and the thread in it.
 *
 * Of several models at once: c, a and b are theirs one under the other, and a block is within one model's.
 */
import { loader, type ProductOverRowsPart, type ProductPart, storer, type Tile } from "./matmul";
import { float, unroll } from "./wgsl";

/** Vectors of a slice of one matrix: two fetches a thread. */
const SLICE = 128;
/** Vectors of workgroup memory: a slice of A, and of B or of both matrices of a pair. */
export const SHARED_MEMORY = 3 * SLICE;

/** Workgroups of one product with this tile a thread. */
export const blocksOf = ({ m, n, tile }: { m: number; n: number; tile: Tile }): number =>
  Math.ceil(m / (8 * tile[0])) * Math.ceil(n / (8 * tile[1]));

// Blocks that keep a GPU busy: below, smaller ones use more of it.
const BUSY = 96;

/** The tile of a thread: the larger one where its blocks are many enough. */
export const sharedTileFor = (m: number, n: number, pair = false): Tile =>
  !pair && blocksOf({ m, n, tile: [8, 8] }) >= BUSY ? [8, 8] : [4, 4];

/** The same for dW, whose rows are cut into `splits` blocks. */
export const sharedTileOverRows = (m: number, n: number): Tile => (m > 32 && n > 32 ? [8, 8] : [4, 4]);

/** A slice's vectors `each` a row; WGSL of a fetch by all threads, of rows `rows` high in the matrix. */
const fetch = (at: number, each: number, value: (row: string, column: string, slot: number) => string): string =>
  unroll(SLICE / 64, (s) => {
    const row = `(lane + ${64 * s}u) / ${each}u`;
    const column = `(lane + ${64 * s}u) % ${each}u`;
    return `sharedMemory[${at}u + lane + ${64 * s}u] = ${value(row, column, s)};`;
  });

/** WGSL `nameOr0(first, row, column4, end)`: row first + row by the loader; zeros from row `end` or column `columns` (in fours) on. */
const guarded = (name: string, columns: number): string =>
  `fn ${name}Or0(first: u32, row: u32, c: u32, end: u32) -> vec4f {
  if (row < end && c < ${columns}u) { return ${name}(first + row, c); }
  return vec4f(0.0);
}`;

/** WGSL: `fn name(group: u32, lane: u32)` computes block `group` of the product. */
export function sharedProductPart(part: ProductPart): string {
  const { name, mode, models, m, n, k, tile, bias, pair = false, norm, finish } = part;
  const [tm, tn] = tile;
  const vectors = tn / 4;
  const blocks = blocksOf(part);
  const matrices = pair ? 2 : 1;
  const all = matrices * vectors;
  const [high, wide] = [8 * tm, 8 * tn];
  // Vectors along k in a slice of A: 64 rows of 2, or 32 of 4.
  const deep = SLICE / high;
  const k4 = Math.ceil(k / 4);
  const n4 = Math.ceil(n / 4);
  const columnBlocks = Math.ceil(n / wide);
  const bAt = (matrix: number) => SLICE * (1 + matrix);
  const sliceB = (matrix: number) =>
    mode === "NT"
      ? fetch(
          bAt(matrix),
          deep,
          (row, column) => `${name}BOr0(firstB + ${matrix * n}u, column0 + ${row}, q * ${deep}u + ${column}, ${n}u)`,
        )
      : fetch(bAt(matrix), wide / 4, (row, column) => {
          return `${name}BOr0(firstB, q * ${4 * deep}u + ${row}, column0 / 4u + ${column}, ${k}u)`;
        });
  const sliceA = fetch(0, deep, (row, column, s) =>
    norm
      ? `${name}Normed(model, ${name}AOr0(first, row0 + ${row}, q * ${deep}u + ${column}, ${m}u), q * ${deep}u + ${column}, &square${s})`
      : `${name}AOr0(first, row0 + ${row}, q * ${deep}u + ${column}, ${m}u)`,
  );
  const bVector = (j: number, l: number) =>
    `sharedMemory[${bAt(Math.floor(j / vectors))}u + (tx * 4u + ${32 * (j % vectors) + l}u) * ${deep}u + d]`;
  const multiply =
    mode === "NT"
      ? `${unroll(4 * all, (c) => `let y${c} = ${bVector(Math.floor(c / 4), c % 4)};`)}
${unroll(
  tm,
  (i) => `let x${i} = sharedMemory[(ty + ${8 * i}u) * ${deep}u + d];
${unroll(all, (j) => `s${i}_${j} += vec4f(${[0, 1, 2, 3].map((l) => `dot(x${i}, y${4 * j + l})`).join(", ")});`)}`,
)}`
      : `${unroll(4 * vectors, (e) => {
          const [l, j] = [Math.floor(e / vectors), e % vectors];
          return `let y${l}_${j} = sharedMemory[${bAt(0)}u + (d * 4u + ${l}u) * ${wide / 4}u + tx + ${8 * j}u];`;
        })}
${unroll(
  tm,
  (i) => `let x${i} = sharedMemory[(ty + ${8 * i}u) * ${deep}u + d];
${unroll(vectors, (j) => `s${i}_${j} += x${i}.x * y0_${j} + x${i}.y * y1_${j} + x${i}.z * y2_${j} + x${i}.w * y3_${j};`)}`,
)}`;
  const column = (j: number) => `column0 / 4u + tx + ${8 * (j % vectors)}u`;
  const biasAt = (j: number) => {
    const own = (l: number) => `min((${column(j)}) * 4u + ${l}u, ${n - 1}u)`;
    return `vec4f(${[0, 1, 2, 3].map((l) => `${bias}[firstB + ${j < vectors ? own(l) : `${n}u + ${own(l)}`}]`).join(", ")})`;
  };
  const value = (i: number, j: number) => `s${i}_${j}${norm ? ` * length${i}` : ""}${bias ? ` + start${j}` : ""}`;
  const ownRows = mode === "NT" ? n * matrices : k;
  return `${loader(`${name}A`, part.a, models * m, k)}
${guarded(`${name}A`, k4)}
${loader(`${name}B`, part.b, models * ownRows, mode === "NT" ? k : n, part.half)}
${guarded(`${name}B`, mode === "NT" ? k4 : n4)}
${
  norm
    ? `${loader(`${name}Gain`, norm.gain, models, k)}
fn ${name}Normed(model: u32, v: vec4f, c: u32, square: ptr<function, f32>) -> vec4f {
  *square += dot(v, v);
  return v * ${name}Gain(model, min(c, ${k4 - 1}u));
}`
    : ""
}
fn ${name}Finish(first: u32, row: u32, c: u32, v: vec4f${pair ? ", w: vec4f" : ""}) {
  ${finish}
}
fn ${name}(group: u32, lane: u32) {
  let model = ${models === 1 ? "0u" : `group / ${blocks}u`};
  let first = model * ${m}u;
  let firstB = model * ${ownRows}u;
  let row0 = (${models === 1 ? "group" : `group % ${blocks}u`} / ${columnBlocks}u) * ${high}u;
  let column0 = (group % ${columnBlocks}u) * ${wide}u;
  let ty = lane / 8u;
  let tx = lane % 8u;
${unroll(tm * all, (e) => `var s${Math.floor(e / all)}_${e % all} = vec4f(0.0);`)}
${norm ? unroll(SLICE / 64, (s) => `var square${s} = 0.0;`) : ""}
  for (var q = 0u; q < ${Math.ceil(k4 / deep)}u; q++) {
${sliceA}
${unroll(matrices, sliceB)}
    workgroupBarrier();
    for (var d = 0u; d < ${deep}u; d++) {
${multiply}
    }
    workgroupBarrier();
  }
${
  norm
    ? `${unroll(SLICE / 64, (s) => `sharedMemory[lane + ${64 * s}u].x = square${s};`)}
  workgroupBarrier();
${unroll(tm, (i) => {
  const sum = Array.from({ length: deep }, (_, d) => `sharedMemory[(ty + ${8 * i}u) * ${deep}u + ${d}u].x`).join(" + ");
  return `let length${i} = 1.0 / sqrt((${sum}) / ${float(k)} + ${float(norm.eps)});
  if (column0 + tx == 0u && row0 + ty + ${8 * i}u < ${m}u) { ${norm.stats}[first + row0 + ty + ${8 * i}u] = vec2f(0.0, length${i}); }`;
})}`
    : ""
}
${bias ? unroll(all, (j) => `let start${j} = ${biasAt(j)};`) : ""}
${unroll(tm * vectors, (e) => {
  const [i, j] = [Math.floor(e / vectors), e % vectors];
  return `${name}Finish(first, row0 + ty + ${8 * i}u, ${column(j)}, ${value(i, j)}${pair ? `, ${value(i, j + vectors)}` : ""});`;
})}
}`;
}

/** WGSL: `fn name(group: u32, lane: u32)` computes a block of a^T b over one block of rows; there are blocksOf times models times splits, folded without those. */
export function sharedProductOverRowsPart(part: ProductOverRowsPart): string {
  const { name, models, m, n, k, tile, splits, block, folded, sums, norm } = part;
  const [tm, tn] = tile;
  const rowVectors = tm / 4;
  const vectors = tn / 4;
  const [high, wide] = [8 * tm, 8 * tn];
  const columnBlocks = Math.ceil(n / wide);
  const blocks = blocksOf(part);
  // Rows of both matrices in a slice; tiles are square.
  const deep = (4 * SLICE) / high;
  const [m4, n4] = [Math.ceil(m / 4), Math.ceil(n / 4)];
  const more = `${name}More`;
  const end = splits === 1 ? `let end = ${k}u;` : `let end = min((split + 1u) * ${block}u, ${k}u);`;
  return `${loader(`${name}A`, part.a, models * k, m)}
${guarded(`${name}A`, m4)}
${loader(`${name}B`, part.b, models * k, n)}
${guarded(`${name}B`, n4)}
${norm ? loader(`${name}Gain`, norm.gain, models, n) : ""}
${folded ? `var<private> ${more}: bool;` : ""}
${storer(`${name}Store`, part.out, `${m}u`, n, folded ? more : undefined)}
fn ${name}(group: u32, lane: u32) {
  let out = group / ${blocks}u; // (split, model)
  ${folded ? "" : `let split = out / ${models}u;`}
  let model = out % ${models}u;
  let first = model * ${k}u;
  let row0 = ((group % ${blocks}u) / ${columnBlocks}u) * ${high}u;
  let column0 = (group % ${columnBlocks}u) * ${wide}u;
  let ty = lane / 8u;
  let tx = lane % 8u;
  ${folded ? `for (var split = 0u; split < ${splits}u; split++) {\n${more} = split > 0u;` : ""}
${unroll(tm * vectors, (e) => `var s${Math.floor(e / vectors)}_${e % vectors} = vec4f(0.0);`)}
${sums ? unroll(rowVectors, (j) => `var t${j} = vec4f(0.0);`) : ""}
  ${end}
  for (var p = split * ${block}u; p < end; p += ${deep}u) {
${fetch(0, high / 4, (row, column) => `${name}AOr0(first, p + ${row}, row0 / 4u + ${column}, end)`)}
${fetch(SLICE, wide / 4, (row, column) => {
  const scale = norm ? ` * ${norm.stats}[first + min(p + ${row}, ${k - 1}u)].y` : "";
  return `${name}BOr0(first, p + ${row}, column0 / 4u + ${column}, end)${scale}`;
})}
    workgroupBarrier();
    for (var d = 0u; d < ${deep}u; d++) {
${unroll(rowVectors, (i) => `let x${i} = sharedMemory[d * ${high / 4}u + ty + ${8 * i}u];`)}
${unroll(vectors, (j) => `let y${j} = sharedMemory[${SLICE}u + d * ${wide / 4}u + tx + ${8 * j}u];`)}
${unroll(tm * vectors, (e) => {
  const [i, j] = [Math.floor(e / vectors), e % vectors];
  return `s${i}_${j} += x${i >> 2}[${i & 3}] * y${j};`;
})}
${sums ? unroll(rowVectors, (j) => `t${j} += x${j};`) : ""}
    }
    workgroupBarrier();
  }
${norm ? unroll(vectors, (j) => `let gain${j} = ${name}Gain(model, min(column0 / 4u + tx + ${8 * j}u, ${n4 - 1}u));`) : ""}
${unroll(tm * vectors, (e) => {
  const [i, j] = [Math.floor(e / vectors), e % vectors];
  const row = `row0 + (ty + ${8 * (i >> 2)}u) * 4u + ${i & 3}u`;
  return `${name}Store(out * ${m}u, ${row}, column0 / 4u + tx + ${8 * j}u, s${i}_${j}${norm ? ` * gain${j}` : ""});`;
})}
${
  sums
    ? `  if (column0 + tx == 0u) {
${unroll(tm, (i) => {
  const row = `row0 + (ty + ${8 * (i >> 2)}u) * 4u + ${i & 3}u`;
  const [to, own] = [`${sums}[out * ${m}u + ${row}]`, `t${i >> 2}[${i & 3}]`];
  return `if (${row} < ${m}u) { ${to} = ${folded ? `select(${own}, ${to} + ${own}, ${more})` : own}; }`;
})}
  }`
    : ""
}
${folded ? "}" : ""}
}`;
}
