/**
 * Matrix products as dispatches: forward with what follows it, backward with dx and dW in one. Of several models at once
 * where weights are [models, out, in]: then the rows of x and dy are the models' one under the other (models.ts).
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { OutputSpec } from "../dispatch";
import { isHalf } from "../flat";
import { mostPartials } from "../gradients";
import { NORMAL, SIGMOID } from "./activations";
import { loader, matrixType, type ProductOverRowsPart, storer } from "./matmul";
import { ENOUGH_THREADS, type Matmul, matmulOf } from "./matmulVariant";
import { modelsOf, ofModels } from "./models";
import { freeIntermediates, type GradientSink, usableSink } from "./op";
import { type Binding, dispatchParts, partSize, type ShaderPart } from "./shader";
import { sumPartials } from "./sumPartials";
import { HALF_ROWS } from "./wgsl";

/** Blocks that the rows of dW = dy^T x are cut into, at most `most` of 32 rows and more. */
export function splitRows(rows: number, most: number): { splits: number; block: number } {
  const block = Math.ceil(rows / Math.max(1, Math.min(Math.ceil(rows / 32), most)));
  return { splits: Math.ceil(rows / block), block };
}

/**
 * Whether each thread adds up all blocks of dW itself: where several models make threads enough without cutting the rows,
 * which are not so many that the one loop over them is what a GPU waits for. Their partial sums would be written and read
 * twice, and the optimizer of 16 students take 1.3 to 1.6 times as long a student as that of one.
 */
export const foldsBlocks = (models: number, tiles: number, rows: number): boolean =>
  models > 1 && models * tiles >= ENOUGH_THREADS / 2 && rows <= 1024;

/** Whether the number of rows can be read by the code, which then serves any: of one model, in rows of 4k values. */
const readsRows = (matmul: Matmul, models: number, ...widths: number[]): boolean =>
  matmul.readsRows && models === 1 && widths.every((width) => width % 4 === 0);
/** For keys: the number of rows, or whether tiles overhang where the code reads it. */
const rowsKey = (read: boolean, rows: number, step: number): string =>
  !read ? `${rows}` : rows % step === 0 ? `rows by ${step}` : "rows";

/** What becomes of a forward product. */
export type Ending = "none" | "gelu" | "silu gate";

export interface ForwardProduct {
  x: TensorInfo;
  /** [n, k] or [models, n, k]; with "silu gate" 2 n for n, the gate's rows first. */
  weight: TensorInfo;
  bias?: TensorInfo | undefined;
  /** Added to the result, with ending "none". */
  residual?: TensorInfo | undefined;
  ending: Ending;
  /** An RMS norm of x before the product. */
  norm?: { gain: TensorInfo; eps: number } | undefined;
  /** Whether what the activation was made from is written too, for the way back. */
  keep: boolean;
}

const KEEP: Record<Ending, string> = {
  none: "",
  gelu: "uStore(first, row, c, v);",
  "silu gate": "uStore(first, row, c, v); uStore(first, row, c + HALF, w);",
};

/**
 * x weight^T + bias, then the ending, in one dispatch.
 * @returns the result [rows, n]; with an activation and `keep` what it was made from, [rows, n], or [rows, 2 n] with
 * "silu gate"; and with a norm its stats [rows, 2]
 */
export function forwardProduct(backend: WebGPUBackend, product: ForwardProduct): TensorInfo[] {
  const { x, weight, bias, residual, ending, norm } = product;
  const keep = product.keep && ending !== "none";
  const [rows, k] = x.shape as [number, number];
  const models = modelsOf(weight, 2);
  const m = rows / models;
  const pair = ending === "silu gate";
  const n = weight.shape.at(-2)! / (pair ? 2 : 1);
  const matmul = matmulOf(backend);
  const tile = matmul.tile(m, n, models, pair);
  const inner = pair ? 2 * n : n;
  const reads: Binding<TensorInfo>[] = [
    { name: "x", type: matrixType(k), to: x },
    { name: "weight", type: isHalf(weight) ? HALF_ROWS : matrixType(k), to: weight },
  ];
  if (bias) reads.push({ name: "bias", type: "array<f32>", to: bias });
  if (residual) reads.push({ name: "residual", type: matrixType(n), to: residual });
  if (norm) reads.push({ name: "gain", type: matrixType(k), to: norm.gain });
  const writes: Binding<OutputSpec>[] = [{ name: "y", type: matrixType(n), to: { shape: [rows, n] } }];
  if (keep) writes.push({ name: "u", type: matrixType(inner), to: { shape: [rows, inner] } });
  if (norm) writes.push({ name: "stats", type: "array<vec2f>", to: { shape: [rows, 2] } });
  const value = {
    none: residual ? "v + residualAt(first + row, c)" : "v",
    gelu: "v * below(v)",
    "silu gate": "v * sigmoid(v) * w",
  }[ending];
  const threads = models * matmul.threads({ m, n, tile });
  const anyRows = readsRows(matmul, models, n, k);
  const rowCount = anyRows ? partSize(0, 0) : `${m}u`;
  const part = (): ShaderPart => ({
    name: "product",
    threads,
    ...matmul.memory,
    code: `alias T = vec4f;
const HALF = ${Math.floor(n / 4)}u;
${ending === "gelu" ? NORMAL : pair ? SIGMOID : ""}
${residual ? loader("residualAt", "residual", rows, n) : ""}
${storer("yStore", "y", rowCount, n)}
${keep ? storer("uStore", "u", rowCount, inner) : ""}
${matmul.part({
  name: "product",
  mode: "NT",
  models,
  m,
  rows: anyRows ? rowCount : undefined,
  n,
  k,
  tile,
  a: "x",
  b: "weight",
  half: isHalf(weight),
  ...(bias ? { bias: "bias" } : {}),
  pair,
  ...(norm ? { norm: { gain: "gain", stats: "stats", eps: norm.eps } } : {}),
  finish: `${pair ? `if (c >= HALF) { return; }` : ""} ${keep ? KEEP[ending] : ""} yStore(first, row, c, ${value});`,
})}`,
  });
  return dispatchParts(
    backend,
    `matmul${matmul.key} NT ${ofModels(models)}${rowsKey(anyRows, m, tile[0])} ${n} ${k} ${tile.join("x")} ${ending}${isHalf(weight) ? " half" : ""}${keep ? " kept" : ""}${bias ? " bias" : ""}${residual ? " residual" : ""}${norm ? ` norm ${norm.eps}` : ""}`,
    reads,
    writes,
    () => [part()],
    [threads],
    anyRows ? [[m, 0]] : undefined,
  );
}

/** What becomes of dx = dy weight. */
export type Return =
  | { kind: "none" }
  | { kind: "add"; to: TensorInfo }
  /** du and h of h = gelu(u); u [rows, in]. */
  | { kind: "gelu"; u: TensorInfo }
  /** [dgate, dup] and h of h = silu(gate) * up; u [rows, 2 in]. */
  | { kind: "silu gate"; u: TensorInfo };

export interface WeightGradient {
  /** [rows, out] */
  dy: TensorInfo;
  /** [rows, in] */
  x: TensorInfo;
  /** The weight's shape: [out, in] or [models, out, in]. */
  of: readonly number[];
  /** x was normed on its way into the product. */
  norm?: { gain: TensorInfo; stats: TensorInfo } | undefined;
  weight: GradientSink | null;
  /** Asks for the column sums of dy too. */
  bias: { sink: GradientSink | null } | null;
}

export interface BackwardProducts {
  /** [rows, out] times weight [out, in] or [models, out, in]. */
  dx?: { dy: TensorInfo; weight: TensorInfo; after: Return } | undefined;
  /** Each dW = dy^T x. */
  dws: readonly WeightGradient[];
}

/** Storage bindings of one dispatch of all that is asked for. */
export function backwardBindings({ dx, dws }: BackwardProducts): number {
  const reads = new Set<unknown>();
  let writes = 0;
  const read = (...infos: (TensorInfo | undefined)[]) => {
    for (const info of infos) if (info) reads.add(info.dataId);
  };
  if (dx) {
    const { after } = dx;
    read(dx.dy, dx.weight, after.kind === "add" ? after.to : after.kind === "none" ? undefined : after.u);
    writes += after.kind === "add" || after.kind === "none" ? 1 : 2;
  }
  for (const { dy, x, norm, bias } of dws) {
    read(dy, x, norm?.gain, norm?.stats);
    writes += bias ? 2 : 1;
  }
  return reads.size + writes;
}

/** All that is asked for, in one dispatch; where sums over blocks of rows have no sink, one more for each. */
export function backwardProducts(
  backend: WebGPUBackend,
  { dx, dws }: BackwardProducts,
): {
  dx: TensorInfo | null;
  /** The activation's result, made again. */
  h: TensorInfo | null;
  /** Null where it went to its sink, or was not asked for. */
  dws: { dw: TensorInfo | null; db: TensorInfo | null }[];
} {
  const reads: Binding<TensorInfo>[] = [];
  const writes: Binding<OutputSpec | GPUBufferBinding>[] = [];
  const parts: (() => ShaderPart)[] = [];
  const threads: number[] = [];
  const keys: string[] = [];
  /** Rows of each part, and of the blocks that they are cut into. */
  const sizes: [number, number][] = [];
  const matmul = matmulOf(backend);
  // All parts read their rows, or none.
  const anyRows = [
    ...(dx ? [{ of: dx.weight.shape, widths: [dx.dy.shape[1]!, dx.weight.shape.at(-1)!] }] : []),
    ...dws.map(({ dy, x, of }) => ({ of, widths: [dy.shape[1]!, x.shape[1]!] })),
  ].every(({ of, widths }) => readsRows(matmul, modelsOf({ shape: of }, 2), ...widths));
  /** The variable of a tensor; one that is read twice is bound once. */
  const read = (to: TensorInfo, type: string): string => {
    const known = reads.find((binding) => binding.to.dataId === to.dataId);
    if (known) return known.name;
    reads.push({ name: `r${reads.length}_`, type, to });
    return reads.at(-1)!.name;
  };
  const write = (to: OutputSpec | GPUBufferBinding, type: string): string => {
    writes.push({ name: `w${writes.length}_`, type, to });
    return writes.at(-1)!.name;
  };

  if (dx) {
    const { after, weight } = dx;
    const [rows, out] = dx.dy.shape as [number, number];
    const models = modelsOf(weight, 2);
    const m = rows / models;
    const n = weight.shape.at(-1)!;
    const inner = after.kind === "silu gate" ? 2 * n : n;
    const tile = matmul.tile(m, n, models);
    const own = models * matmul.threads({ m, n, tile });
    const a = read(dx.dy, matrixType(out));
    const half = isHalf(weight);
    const b = read(weight, half ? HALF_ROWS : matrixType(n));
    const other = after.kind === "add" ? read(after.to, matrixType(n)) : "";
    const activated = after.kind === "gelu" || after.kind === "silu gate";
    const u = activated ? read(after.u, matrixType(inner)) : "";
    const to = write({ shape: [rows, inner] }, matrixType(inner));
    const h = activated ? write({ shape: [rows, n] }, matrixType(n)) : "";
    threads.push(own);
    sizes.push([m, 0]);
    const rowCount = anyRows ? partSize(0, 0) : `${m}u`;
    keys.push(
      `NN ${ofModels(models)}${rowsKey(anyRows, m, tile[0])} ${n} ${out} ${tile.join("x")} ${after.kind}${half ? " half" : ""}`,
    );
    const finish = {
      none: "toXStore(first, row, c, v);",
      add: "toXStore(first, row, c, v + otherAt(first + row, c));",
      gelu: `let z = uAt(first + row, c);
  let p = below(z);
  hStore(first, row, c, z * p);
  toXStore(first, row, c, v * (p + z * 0.3989422804014327 * exp(-0.5 * z * z)));`,
      "silu gate": `if (c >= ${Math.floor(n / 4)}u) { return; }
  let gate = uAt(first + row, c);
  let up = uAt(first + row, c + ${Math.floor(n / 4)}u);
  let s = sigmoid(gate);
  hStore(first, row, c, gate * s * up);
  toXStore(first, row, c, v * up * s * (1.0 + gate * (1.0 - s)));
  toXStore(first, row, c + ${Math.floor(n / 4)}u, v * gate * s);`,
    }[after.kind];
    parts.push(() => ({
      name: "toX",
      threads: own,
      ...matmul.memory,
      code: `alias T = vec4f;
${after.kind === "gelu" ? NORMAL : after.kind === "silu gate" ? SIGMOID : ""}
${other ? loader("otherAt", other, rows, n) : ""}
${u ? loader("uAt", u, rows, inner) : ""}
${h ? storer("hStore", h, rowCount, n) : ""}
${storer("toXStore", to, rowCount, inner)}
${matmul.part({ name: "toX", mode: "NN", models, m, rows: anyRows ? rowCount : undefined, n, k: out, tile, a, b, half, finish })}`,
    }));
  }

  const plans = dws.map(({ dy, x, of, norm, weight, bias }, index) => {
    const out = dy.shape[1]!;
    const models = modelsOf({ shape: of }, 2);
    const k = dy.shape[0]! / models;
    const n = x.shape[1]!;
    const tile = matmul.tileOverRows(out, n);
    const weightSink = usableSink(weight);
    const biasSink = usableSink(bias?.sink);
    const most = Math.min(weightSink?.most ?? mostPartials(out * n), biasSink?.most ?? mostPartials(out));
    const blocks = splitRows(k, most);
    const folded = foldsBlocks(models, matmul.threads({ m: out, n, tile }), k);
    const splits = folded ? 1 : blocks.splits;
    const place = (sink: GradientSink | null, shape: readonly number[]) =>
      sink ? sink.take(splits) : { shape: splits > 1 ? [splits, ...shape] : [...shape] };
    const a = read(dy, matrixType(out));
    const b = read(x, matrixType(n));
    const normed = norm
      ? { norm: { gain: read(norm.gain, matrixType(n)), stats: read(norm.stats, "array<vec2f>") } }
      : {};
    const to = write(place(weightSink, of), matrixType(n));
    const sums = bias ? { sums: write(place(biasSink, of.slice(0, -1)), "array<f32>") } : {};
    const own = matmul.threads({ m: out, n, tile }) * models * splits;
    threads.push(own);
    sizes.push([k, blocks.block]);
    const part = sizes.length - 1;
    keys.push(
      `TN ${ofModels(models)}${out} ${n} ${anyRows ? "rows" : `${k} in ${blocks.splits}`} ${tile.join("x")}${folded ? " folded" : ""}${bias ? " sums" : ""}${norm ? " norm" : ""} ${[a, b, to].join(" ")}`,
    );
    const name = `toWeight${index}`;
    const spec: ProductOverRowsPart = {
      name,
      models,
      m: out,
      n,
      k,
      tile,
      ...blocks,
      sizes: anyRows ? { rows: partSize(part, 0), block: partSize(part, 1) } : undefined,
      folded,
      a,
      b,
      out: to,
      ...normed,
      ...sums,
    };
    parts.push(() => ({ name, threads: own, ...matmul.memory, code: matmul.partOverRows(spec) }));
    return { splits, ownWeight: weightSink === null, ownBias: bias !== null && biasSink === null };
  });

  const made = dispatchParts(
    backend,
    `matmul${matmul.key} ${keys.join(" and ")}`,
    reads,
    writes,
    () => parts.map((part) => part()),
    threads,
    anyRows ? sizes : undefined,
  );
  const activated = dx !== undefined && dx.after.kind !== "none" && dx.after.kind !== "add";
  return {
    dx: dx ? made.shift()! : null,
    h: activated ? made.shift()! : null,
    dws: plans.map(({ splits, ownWeight, ownBias }) => {
      const partials = [ownWeight ? made.shift()! : null, ownBias ? made.shift()! : null];
      const open = partials.filter((info) => info !== null);
      if (splits === 1 || open.length === 0) return { dw: partials[0]!, db: partials[1]! };
      const shapes = open.map((info) => info.shape.slice(1));
      const sums = sumPartials(backend, splits, open, shapes);
      freeIntermediates(backend, ...open);
      const [dw, db] = partials.map((info) => (info ? sums.shift()! : null));
      return { dw: dw!, db: db! };
    }),
  };
}
