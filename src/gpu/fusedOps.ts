/**
 * The towers' operations as own WGSL kernels: what training and encoding run on WebGPU. Differentiable through tfjs'
 * tape; deterministic, for no sum is made by atomics; an input that is not trained costs no dispatch backward.
 *
 * Dispatches forward / backward with everything trained: linear 1 / 2 to 3, embed 1 / 1, norms 1 / 2 to 3, attention 1 / 2
 * (with rotary positions 2 / 2), gelu 1 / 1, siluGate 1 / 1, pool 1 / 1, dropout 1 / 1.
 */
import { gelu, siluGate } from "./kernels/activations";
import { attention } from "./kernels/attention";
import { dropout } from "./kernels/dropout";
import { embed } from "./kernels/embed";
import { layerNorm } from "./kernels/layerNorm";
import { linear } from "./kernels/linear";
import { pool } from "./kernels/pool";
import { rmsNorm } from "./kernels/rmsNorm";
import type { TowerOps } from "./ops";

/** Needs tfjs' current backend to be the one that `openGpu` made. */
export const fusedOps: TowerOps = {
  name: "fused",
  linear,
  embed,
  rmsNorm,
  layerNorm,
  attention,
  gelu,
  siluGate,
  pool,
  dropout,
};
