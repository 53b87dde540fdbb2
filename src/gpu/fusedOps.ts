/**
 * The towers' operations as own WGSL kernels: what training and encoding run on WebGPU. Differentiable through tfjs'
 * tape; deterministic, for no sum is made by atomics; an input that is not trained costs no dispatch backward.
 *
 * Dispatches forward / backward with everything trained, in a pass of ours (backward.ts): linear 1 / 1, rmsNormLinear
 * 1 / 2, feedForward 2 / 2 (with a norm 2 / 3), embed 1 / 1, norms with or without pooling 1 / 1, attention 1 / 1 (with rotary
 * positions 2 / 1), gelu, siluGate, pool and dropout 1 / 1.
 */
import { gelu, siluGate } from "./kernels/activations";
import { attention } from "./kernels/attention";
import { dropout } from "./kernels/dropout";
import { embed } from "./kernels/embed";
import { feedForward } from "./kernels/feedForward";
import { linear, rmsNormLinear } from "./kernels/linear";
import { layerNorm, layerNormPool, rmsNorm, rmsNormPool } from "./kernels/norm";
import { pool } from "./kernels/pool";
import type { TowerOps } from "./ops";

/** Needs tfjs' current backend to be the one that `openGpu` made. */
export const fusedOps: TowerOps = {
  name: "fused",
  linear,
  rmsNormLinear,
  feedForward,
  embed,
  rmsNorm,
  layerNorm,
  rmsNormPool,
  layerNormPool,
  attention,
  gelu,
  siluGate,
  pool,
  dropout,
};
