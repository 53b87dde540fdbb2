/** Matrix products as dispatches: forward with what follows it, backward with dx and dW in one. */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { OutputSpec } from "../dispatch";
import { mostPartials } from "../gradients";
import { NORMAL, SIGMOID } from "./activations";
import {
  loader,
  matrixType,
  type ProductOverRowsPart,
  productOverRowsPart,
  productPart,
  storer,
  type Tile,
  tilesOf,
} from "./matmul";
import { freeIntermediates, type GradientSink } from "./op";
import { type Binding, dispatchParts, type ShaderPart } from "./shader";
import { sumPartials } from "./sumPartials";

/*
 * GFLOP/s on lavapipe (two CPU cores), best of three short runs, bias sums and the adding up of blocks included:
 *
 *   rows in->out       NT: tf.matMul 8x8  4x8  4x4    NN: tf  8x8  4x8  4x4    TN: tf  8x8  4x8  4x4
 *   3072 64->64             1.9  14.4 10.7  9.0          4.2  7.9  6.3  9.4       4.6 12.5  9.6  7.4
 *   3072 64->256            2.5  14.3 10.2  9.0          4.6 15.7 11.0  9.7       3.9 13.0 10.4  6.7
 *   3072 256->64            2.2  14.3 11.3  9.8          4.9 15.7 10.7  5.8       2.2  8.7  7.2  7.4
 *   512  32->32             1.8  13.7  9.7  7.7          4.1 13.1  9.1  8.1       4.3 10.6  8.1  6.3
 *
 * 16x8 gains at most a tenth and halves the threads. Blocks of 32, 128, 512 and all rows in TN 3072 64->64: 9.1, 12.8,
 * 13.2, 13.2; a real GPU needs the threads more than this one minds them.
 */
const TILES = [
  [8, 8],
  [4, 8],
  [4, 4],
] as const;

/** Rows and columns of a thread's tile in an [m, n] result: the largest tile that still makes 512 threads. */
export function tileFor(m: number, n: number): Tile {
  return TILES.find((tile) => n >= tile[1] && tilesOf({ m, n, tile }) >= 512) ?? TILES[2];
}

/** The tile of dW, whose threads come from cutting the rows. */
const tileOverRows = (m: number, n: number): Tile => [m > 4 ? 8 : 4, n > 4 ? 8 : 4];

/** Blocks that the rows of dW = dy^T x are cut into, at most `most` of 32 rows and more. */
export function splitRows(rows: number, most: number): { splits: number; block: number } {
  const block = Math.ceil(rows / Math.max(1, Math.min(Math.ceil(rows / 32), most)));
  return { splits: Math.ceil(rows / block), block };
}

/** What becomes of a forward product. */
export type Ending = "none" | "gelu" | "silu gate";

export interface ForwardProduct {
  x: TensorInfo;
  /** [n, k]; with "silu gate" [2 n, k], the gate's rows first. */
  weight: TensorInfo;
  bias?: TensorInfo | undefined;
  /** Added to the result, with ending "none". */
  residual?: TensorInfo | undefined;
  ending: Ending;
  /** Whether what the activation was made from is written too, for the way back. */
  keep: boolean;
}

const KEEP: Record<Ending, string> = {
  none: "",
  gelu: "uStore(0u, row, c, v);",
  "silu gate": "uStore(0u, row, c, v); uStore(0u, row, c + HALF, w);",
};

/**
 * x weight^T + bias, then the ending, in one dispatch.
 * @returns the result, and with an activation and `keep` what it was made from: [m, n], or [m, 2 n] with "silu gate"
 */
export function forwardProduct(backend: WebGPUBackend, product: ForwardProduct): TensorInfo[] {
  const { x, weight, bias, residual, ending } = product;
  const keep = product.keep && ending !== "none";
  const [m, k] = x.shape as [number, number];
  const pair = ending === "silu gate";
  const n = weight.shape[0]! / (pair ? 2 : 1);
  const tile: Tile = pair ? [8, 4] : tileFor(m, n);
  const inner = pair ? 2 * n : n;
  const reads: Binding<TensorInfo>[] = [
    { name: "x", type: matrixType(k), to: x },
    { name: "weight", type: matrixType(k), to: weight },
  ];
  if (bias) reads.push({ name: "bias", type: "array<f32>", to: bias });
  if (residual) reads.push({ name: "residual", type: matrixType(n), to: residual });
  const writes: Binding<OutputSpec>[] = [{ name: "y", type: matrixType(n), to: { shape: [m, n] } }];
  if (keep) writes.push({ name: "u", type: matrixType(inner), to: { shape: [m, inner] } });
  const value = {
    none: residual ? "v + residualAt(row, c)" : "v",
    gelu: "v * below(v)",
    "silu gate": "v * sigmoid(v) * w",
  }[ending];
  const part = (): ShaderPart => ({
    name: "product",
    threads: tilesOf({ m, n, tile }),
    code: `alias T = vec4f;
const HALF = ${Math.floor(n / 4)}u;
${ending === "gelu" ? NORMAL : pair ? SIGMOID : ""}
${residual ? loader("residualAt", "residual", m, n) : ""}
${storer("yStore", "y", m, n)}
${keep ? storer("uStore", "u", m, inner) : ""}
${productPart({
  name: "product",
  mode: "NT",
  m,
  n,
  k,
  tile,
  a: "x",
  b: "weight",
  ...(bias ? { bias: "bias" } : {}),
  pair,
  finish: `${pair ? `if (c >= HALF) { return; }` : ""} ${keep ? KEEP[ending] : ""} yStore(0u, row, c, ${value});`,
})}`,
  });
  return dispatchParts(
    backend,
    `matmul NT ${m} ${n} ${k} ${tile.join("x")} ${ending}${keep ? " kept" : ""}${bias ? " bias" : ""}${residual ? " residual" : ""}`,
    reads,
    writes,
    () => [part()],
    [tilesOf({ m, n, tile })],
  );
}

export interface BackwardProduct {
  /** [rows, out] */
  dy: TensorInfo;
  /** Asks for dx = dy weight, then: nothing, a sum with what is there, or the way back through an activation. */
  dx?: {
    weight: TensorInfo;
    after:
      | { kind: "none" }
      | { kind: "add"; to: TensorInfo }
      /** dx of gelu(u); u [rows, in]. */
      | { kind: "gelu"; u: TensorInfo }
      /** [dgate, dup] of silu(gate) * up; u [rows, 2 in]. */
      | { kind: "silu gate"; u: TensorInfo };
  };
  /** Asks for dW = dy^T x and, with `bias`, the column sums of dy. */
  dw?: {
    x: TensorInfo;
    weight: GradientSink | null;
    bias: { sink: GradientSink | null } | null;
  };
}

/** All that is asked for, in one dispatch; where sums over blocks of rows have no sink, one more. */
export function backwardProduct(
  backend: WebGPUBackend,
  { dy, dx, dw }: BackwardProduct,
): { dx: TensorInfo | null; dw: TensorInfo | null; db: TensorInfo | null } {
  const [rows, out] = dy.shape as [number, number];
  const reads: Binding<TensorInfo>[] = [{ name: "dy", type: matrixType(out), to: dy }];
  const writes: Binding<OutputSpec | GPUBufferBinding>[] = [];
  const parts: (() => ShaderPart)[] = [];
  const threads: number[] = [];
  const keys: string[] = [];

  if (dx) {
    const { after } = dx;
    const n = dx.weight.shape[1]!;
    const inner = after.kind === "silu gate" ? 2 * n : n;
    const tile = tileFor(rows, n);
    reads.push({ name: "weight", type: matrixType(n), to: dx.weight });
    if (after.kind === "add") reads.push({ name: "other", type: matrixType(n), to: after.to });
    if (after.kind === "gelu" || after.kind === "silu gate")
      reads.push({ name: "u", type: matrixType(inner), to: after.u });
    writes.push({ name: "dx", type: matrixType(inner), to: { shape: [rows, inner] } });
    threads.push(tilesOf({ m: rows, n, tile }));
    keys.push(`NN ${rows} ${n} ${out} ${tile.join("x")} ${after.kind}`);
    const finish = {
      none: "dxStore(0u, row, c, v);",
      add: "dxStore(0u, row, c, v + otherAt(row, c));",
      gelu: `let z = uAt(row, c);
  dxStore(0u, row, c, v * (below(z) + z * 0.3989422804014327 * exp(-0.5 * z * z)));`,
      "silu gate": `if (c >= ${Math.floor(n / 4)}u) { return; }
  let gate = uAt(row, c);
  let up = uAt(row, c + ${Math.floor(n / 4)}u);
  let s = sigmoid(gate);
  dxStore(0u, row, c, v * up * s * (1.0 + gate * (1.0 - s)));
  dxStore(0u, row, c + ${Math.floor(n / 4)}u, v * gate * s);`,
    }[after.kind];
    parts.push(() => ({
      name: "toX",
      threads: tilesOf({ m: rows, n, tile }),
      code: `alias T = vec4f;
${after.kind === "gelu" ? NORMAL : after.kind === "silu gate" ? SIGMOID : ""}
${after.kind === "add" ? loader("otherAt", "other", rows, n) : ""}
${after.kind === "gelu" || after.kind === "silu gate" ? loader("uAt", "u", rows, inner) : ""}
${storer("dxStore", "dx", rows, inner)}
${productPart({ name: "toX", mode: "NN", m: rows, n, k: out, tile, a: "dy", b: "weight", finish })}`,
    }));
  }

  let splits = 1;
  const sinkOf = (sink: GradientSink | null | undefined) => (sink && sink.most > 0 ? sink : null);
  const weightSink = sinkOf(dw?.weight);
  const biasSink = sinkOf(dw?.bias?.sink);
  if (dw) {
    const n = dw.x.shape[1]!;
    const tile = tileOverRows(out, n);
    const most = Math.min(weightSink?.most ?? mostPartials(out * n), biasSink?.most ?? mostPartials(out));
    const blocks = splitRows(rows, most);
    splits = blocks.splits;
    const place = (sink: GradientSink | null, shape: number[]) =>
      sink ? sink.take(splits) : { shape: splits > 1 ? [splits, ...shape] : shape };
    reads.push({ name: "x", type: matrixType(n), to: dw.x });
    writes.push({ name: "dw", type: matrixType(n), to: place(weightSink, [out, n]) });
    if (dw.bias) writes.push({ name: "db", type: "array<f32>", to: place(biasSink, [out]) });
    threads.push(tilesOf({ m: out, n, tile }) * splits);
    keys.push(`TN ${out} ${n} ${rows} ${tile.join("x")} in ${splits}${dw.bias ? " sums" : ""}`);
    const spec: ProductOverRowsPart = {
      name: "toWeight",
      m: out,
      n,
      k: rows,
      tile,
      ...blocks,
      a: "dy",
      b: "x",
      out: "dw",
      ...(dw.bias ? { sums: "db" } : {}),
    };
    parts.push(() => ({
      name: "toWeight",
      threads: tilesOf({ m: out, n, tile }) * splits,
      code: productOverRowsPart(spec),
    }));
  }

  const made = dispatchParts(
    backend,
    `matmul ${keys.join(" and ")}`,
    reads,
    writes,
    () => parts.map((part) => part()),
    threads,
  );
  const result = { dx: dx ? made.shift()! : null, dw: null as TensorInfo | null, db: null as TensorInfo | null };
  if (dw && !weightSink) result.dw = made.shift()!;
  if (dw?.bias && !biasSink) result.db = made.shift()!;
  const open = (["dw", "db"] as const).filter((name) => splits > 1 && result[name]);
  if (open.length > 0) {
    const partials = open.map((name) => result[name]!);
    const sums = sumPartials(
      backend,
      splits,
      partials,
      partials.map((info) => info.shape.slice(1)),
    );
    freeIntermediates(backend, ...partials);
    open.forEach((name, i) => {
      result[name] = sums[i]!;
    });
  }
  return result;
}
