/** The two ways to multiply matrices (variants.ts) as product.ts uses them: tiles, threads, shaders. */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import {
  type ProductOverRowsPart,
  type ProductPart,
  productOverRowsPart,
  productPart,
  type Tile,
  tilesOf,
} from "./matmul";
import {
  blocksOf,
  SHARED_MEMORY,
  sharedProductOverRowsPart,
  sharedProductPart,
  sharedTileFor,
  sharedTileOverRows,
} from "./sharedMatmul";
import { type Variants, variantsOf } from "./variants";

/** What product.ts asks of a variant. */
export interface Matmul {
  /** What distinguishes its shaders; nothing for registers. */
  key: string;
  /** A thread's tile of each model's [m, n] result. */
  tile(m: number, n: number, models: number, pair?: boolean): Tile;
  tileOverRows(m: number, n: number): Tile;
  threads(size: { m: number; n: number; tile: Tile }): number;
  part(part: ProductPart): string;
  partOverRows(part: ProductOverRowsPart): string;
  /** Of workgroup memory, for the shader's parts. */
  memory: { memory: number } | object;
  /**
   * Whether its parts read the number of rows rather than have it baked in, so that towers which differ in nothing else share
   * their pipelines. A CPU takes seconds to compile them.
   */
  readsRows: boolean;
}

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

/** So many keep a GPU busy. */
export const ENOUGH_THREADS = 512;

/**
 * Rows and columns of a thread's tile in an [m, n] result of each model: the largest tile that still makes threads enough.
 */
export function tileFor(m: number, n: number, models = 1): Tile {
  const fits = (tile: Tile) => n >= tile[1] && (models === 1 || m >= tile[0]);
  return TILES.find((tile) => fits(tile) && models * tilesOf({ m, n, tile }) >= ENOUGH_THREADS) ?? TILES[2];
}

/*
 * The tile of dW, whose threads come from cutting the rows. 16x8 would suit several models on lavapipe (two thirds of the
 * time of 8x8 for 16 students' 32 x 128), but SwiftShader takes minutes to compile it.
 */
const tileOverRows = (m: number, n: number): Tile => [m > 4 ? 8 : 4, n > 4 ? 8 : 4];

const MATMULS: Record<Variants["matmul"], Matmul> = {
  registers: {
    key: "",
    tile: (m, n, models, pair) => (pair ? [8, 4] : tileFor(m, n, models)),
    tileOverRows,
    threads: tilesOf,
    part: productPart,
    partOverRows: productOverRowsPart,
    memory: {},
    readsRows: true,
  },
  shared: {
    key: " shared",
    tile: (m, n, _models, pair) => sharedTileFor(m, n, pair),
    tileOverRows: sharedTileOverRows,
    threads: (size) => 64 * blocksOf(size),
    part: sharedProductPart,
    partOverRows: sharedProductOverRowsPart,
    memory: { memory: SHARED_MEMORY },
    readsRows: false,
  },
};

/** The backend's products. */
export const matmulOf = (backend: WebGPUBackend): Matmul => MATMULS[variantsOf(backend).matmul];
