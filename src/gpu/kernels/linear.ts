/**
 * y = x W^T + b;  dx = dy W,  dW = dy^T x,  db = column sums of dy.
 *
 * One dispatch forward, one for dx; dW and db together in one or, where the rows are cut into blocks, two.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { Tensor1D, Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, linearGrid } from "../dispatch";
import { matmulCode, matmulTnCode, tilesOf } from "./matmul";
import { freeIntermediates, registerOp, shared } from "./op";
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
export function tileFor(m: number, n: number): readonly [number, number] {
  return TILES.find((tile) => n >= tile[1] && tilesOf({ m, n, tile }) >= 512) ?? TILES[2];
}

/** The tile of dW, whose threads come from cutting the rows. */
export const tileOverRows = (m: number, n: number): readonly [number, number] => [m > 4 ? 8 : 4, n > 4 ? 8 : 4];

/** Blocks that the rows of dW = dy^T x are cut into, so that a small result has about 2,048 threads as well. */
export function splitRows(rows: number, tiles: number): { splits: number; block: number } {
  const wanted = Math.max(1, Math.min(Math.ceil(rows / 32), Math.ceil(2048 / tiles)));
  const block = Math.ceil(rows / wanted);
  return { splits: Math.ceil(rows / block), block };
}

/** c = a b^T (+ bias) or a b. `tile`: for measurements. */
export function product(
  backend: WebGPUBackend,
  mode: "NT" | "NN",
  a: TensorInfo,
  b: TensorInfo,
  bias?: TensorInfo,
  tile?: readonly [number, number],
): TensorInfo {
  const [m, k] = a.shape as [number, number];
  const n = b.shape[mode === "NT" ? 0 : 1]!;
  const sizes = { mode, m, n, k, bias: bias !== undefined, tile: tile ?? tileFor(m, n) };
  const grid = linearGrid(tilesOf(sizes));
  return dispatch(
    backend,
    {
      key: `matmul ${mode} ${m} ${n} ${k} ${sizes.tile.join("x")}${bias ? " bias" : ""}`,
      workgroups: grid.workgroups,
      code: () => matmulCode(sizes, grid.index),
    },
    bias ? [a, b, bias] : [a, b],
    [{ shape: [m, n] }],
  )[0]!;
}

/** dy^T x and, if asked for, the column sums of dy. */
export function productOverRows(
  backend: WebGPUBackend,
  dy: TensorInfo,
  x: TensorInfo,
  sums: boolean,
  tile?: readonly [number, number],
  split?: { splits: number; block: number },
): TensorInfo[] {
  const [k, m] = dy.shape as [number, number];
  const n = x.shape[1]!;
  const chosen = tile ?? tileOverRows(m, n);
  const tiles = tilesOf({ m, n, tile: chosen });
  const sizes = { m, n, k, sums, tile: chosen, ...(split ?? splitRows(k, tiles)) };
  const { splits } = sizes;
  const grid = linearGrid(tiles * splits);
  const shapes = sums ? [[m, n], [m]] : [[m, n]];
  const parts = dispatch(
    backend,
    {
      key: `matmul TN ${m} ${n} ${k} ${chosen.join("x")} in ${splits}${sums ? " sums" : ""}`,
      workgroups: grid.workgroups,
      code: () => matmulTnCode(sizes, grid.index),
    },
    [dy, x],
    shapes.map((shape) => ({ shape: splits > 1 ? [splits, ...shape] : shape })),
  );
  if (splits === 1) return parts;
  const results = sumPartials(backend, splits, parts, shapes);
  freeIntermediates(backend, ...parts);
  return results;
}

const linearDx = registerOp<{ dy: TensorInfo; weight: TensorInfo }>({
  name: "LabLinearDx",
  run: (backend, { dy, weight }) => product(backend, "NN", dy, weight),
});

const linearDw = registerOp<{ dy: TensorInfo; x: TensorInfo }, { bias: boolean }>({
  name: "LabLinearDw",
  run: (backend, { dy, x }, { bias }) => productOverRows(backend, dy, x, bias),
});

const linearOp = registerOp<{ x: TensorInfo; weight: TensorInfo; bias?: TensorInfo }, { bias: boolean }>({
  name: "LabLinear",
  saveInputs: ["x", "weight"],
  run: (backend, { x, weight, bias }) => product(backend, "NT", x, weight, bias),
  gradient({ dy, saved: [x, weight], attributes }) {
    const parameters = shared(() => linearDw({ dy, x: x! }, attributes));
    return {
      x: () => linearDx({ dy, weight: weight! }, {})[0]!,
      weight: () => parameters(0),
      bias: () => parameters(1),
    };
  },
});

/** x [n, in] times weight [out, in] transposed, plus bias [out] -> [n, out]. */
export function linear(x: Tensor2D, weight: Tensor2D, bias?: Tensor1D): Tensor2D {
  if (x.shape[1] !== weight.shape[1])
    throw new Error(`linear: x is ${x.shape[1]} wide, the weight wants ${weight.shape[1]}`);
  return linearOp(bias ? { x, weight, bias } : { x, weight }, { bias: bias !== undefined })[0] as Tensor2D;
}
