/**
 * Scaled dot-product attention without a [tokens, tokens] matrix in memory (the idea of FlashAttention, Dao et al.,
 * arXiv 2205.14135, at one query a thread):
 *
 *   z_ts = q_t . k_s / sqrt(size),   p_ts = exp(z_ts - lse_t),   o_t = sum_s p_ts v_s
 *   delta_t = dy_t . o_t,            dz_ts = p_ts (dy_t . v_s - delta_t) / sqrt(size)
 *   dq_t = sum_s dz_ts k_s,          dk_s = sum_t dz_ts q_t,     dv_s = sum_t p_ts dy_t
 *
 * s runs over the keys that are tokens (mask 1) and, where causal, not after t. Masked keys get no weight, those at a
 * text's end are not even read; a query that sees no key gives zeros. Grouped queries: key/value head g serves the query heads
 * g * group .. (g + 1) * group - 1. Every sum is one thread's own: no atomics.
 *
 * q, k and v come side by side, as one linear map makes them, and their gradients go back so. Backward is one dispatch:
 * a workgroup owns a key/value head of a text (or of several short ones), makes its dq and delta, and then dk and dv; of
 * long texts every thread owns a query or a key.
 *
 * Rotary positions are applied to q and k once, before (rotary.ts), because turning a key anew for each query would
 * cost more than attending to it; their gradients are turned back as they are stored.
 *
 * Milliseconds on lavapipe (two CPU cores), 32 texts of 48 tokens, 4 heads of 16, against tfjs' ops: forward 4.6 to 57,
 * with all gradients 15 to 118; causal with rotary positions 3.0 to 66 and 9.1 to 130.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, linearGrid, workgroupGrid } from "../dispatch";
import type { AttentionShape } from "../ops";
import { attentionCode, threadsForward } from "./attentionForward";
import { attentionGradCode, inWorkgroups, queriesOfGroup, threadsOfGradient } from "./attentionGradient";
import { type AttentionSizes, counts, headsOfGroup } from "./attentionShader";
import { registerOp } from "./op";
import { ropeKey, rotary } from "./rotary";
import { variantsOf } from "./variants";

/*
 * What a thread loads serves as many queries or keys as it has at once. Where register tiles are the faster way to multiply,
 * loads are dear; elsewhere threads are what is wanted, and it has one. Milliseconds of a CPU's threads, 32 texts of 48
 * tokens, 4 heads of 32, by 1, 2, 4 at once: forward 11, 8, 5 on lavapipe and 68, 40, 29 on SwiftShader; and back 30, 19, 13
 * and 143, 105, 82. But SwiftShader compiles the way back for .26, .8 and 1.9 s, forward for .05, .1 and .2.
 */
function inBlocks(backend: WebGPUBackend, whole: WholeSizes, back: boolean): AttentionSizes {
  const { size, tokens } = whole;
  const registers = variantsOf(backend).matmul === "registers";
  const reads = registers && whole.masks === whole.batch;
  if (!registers || tokens === 1) return { ...whole, block: 1, reads };
  if (back) return { ...whole, block: size <= 32 ? 2 : 1, reads };
  return { ...whole, block: size <= 32 && tokens >= 4 ? 4 : size <= 64 ? 2 : 1, reads };
}

/** What does not hang on how a thread goes about it. */
type WholeSizes = Omit<AttentionSizes, "block" | "reads">;
type Inputs = Record<"qkv" | "mask", TensorInfo>;

/** @param extent what of the grid or of a workgroup's memory is baked in all the same, where the counts are read */
function key(name: string, sizes: AttentionSizes, extent: string): string {
  const { batch, masks, tokens, heads, kvHeads, size, causal, ropeTheta, block, reads } = sizes;
  const many = reads
    ? `any${tokens % block === 0 ? "" : " overhanging"} ${extent}`
    : `${batch === masks ? "" : `${masks} shared by `}${batch}x${tokens}`;
  return `${name} ${many} heads ${heads}/${kvHeads} of ${size}${causal ? " causal" : ""}${ropeTheta === undefined ? "" : ` rope ${ropeKey(sizes)}`}${block === 1 ? "" : ` by ${block}`}`;
}

function forward(backend: WebGPUBackend, qk: TensorInfo, { qkv, mask }: Inputs, whole: WholeSizes): TensorInfo[] {
  const { batch, tokens, heads, size } = whole;
  const sizes = inBlocks(backend, whole, false);
  const grid = linearGrid(threadsForward(sizes));
  return dispatch(
    backend,
    {
      key: key("attention", sizes, grid.index),
      workgroups: grid.workgroups,
      code: () => attentionCode(sizes),
      ...(sizes.reads && { uniforms: counts(sizes).values }),
    },
    [qk, qkv, mask],
    [{ shape: [batch * tokens, heads * size] }, { shape: [batch * heads * tokens] }],
  );
}

const gradOp = registerOp<Record<"qk" | "qkv" | "mask" | "lse" | "dy" | "o", TensorInfo>, WholeSizes>({
  name: "LabAttentionGrad",
  run(backend, { qk, qkv, mask, lse, dy, o }, whole) {
    const sizes = inBlocks(backend, whole, true);
    const { batch, kvHeads } = sizes;
    const groups = Math.ceil((batch * kvHeads) / headsOfGroup(sizes));
    const grid = inWorkgroups(sizes)
      ? { workgroups: workgroupGrid(groups), index: `groups of ${queriesOfGroup(sizes)}` }
      : linearGrid(threadsOfGradient(sizes));
    return dispatch(
      backend,
      {
        key: key("attention-grad", sizes, grid.index),
        workgroups: grid.workgroups,
        code: () => attentionGradCode(sizes),
        ...(sizes.reads && { uniforms: counts(sizes).values }),
      },
      [qk, qkv, mask, lse, dy, o],
      [{ shape: qkv.shape }],
    )[0]!;
  },
});

const attentionOp = registerOp<Inputs, WholeSizes>({
  name: "LabAttention",
  saveInputs: ["qkv", "mask"],
  saveOutputs: [true, true],
  run: (backend, inputs, sizes) => forward(backend, inputs.qkv, inputs, sizes),
  gradient: ({ dy, saved, attributes }) => {
    const [qkv, mask, o, lse] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    return { qkv: () => gradOp({ qk: qkv, qkv, mask, lse, dy, o }, attributes)[0]! };
  },
});

const rotaryAttentionOp = registerOp<Inputs, WholeSizes>({
  name: "LabRotaryAttention",
  saveInputs: ["qkv", "mask"],
  saveOutputs: [true, true, true],
  run(backend, inputs, sizes) {
    const qk = rotary(backend, inputs.qkv, sizes);
    const [o, lse] = forward(backend, qk, inputs, sizes) as [TensorInfo, TensorInfo];
    return [o, lse, qk];
  },
  gradient: ({ dy, saved, attributes }) => {
    const [qkv, mask, o, lse, qk] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    return { qkv: () => gradOp({ qk, qkv, mask, lse, dy, o }, attributes)[0]! };
  },
});

/**
 * qkv [batch * tokens, (heads + 2 kvHeads) * size]: queries, keys and values side by side; mask [batch, tokens] of ones
 * and zeros, or of fewer texts where several models share it, batch being a multiple of theirs -> [batch * tokens, heads * size]. Throws where the heads do not divide, or a rotated head has an odd size.
 */
export function attention(qkv: Tensor2D, mask: Tensor2D, shape: AttentionShape): Tensor2D {
  const size = headSize(qkv, shape);
  if (shape.ropeTheta !== undefined && size % 2 !== 0)
    throw new Error(`attention: rotary positions need heads of even size, not ${size}`);
  const [masks] = mask.shape;
  if (shape.batch % masks !== 0) throw new Error(`attention: ${shape.batch} texts, but a mask for ${masks}`);
  const op = shape.ropeTheta === undefined ? attentionOp : rotaryAttentionOp;
  return op({ qkv, mask }, { ...shape, size, masks })[0] as Tensor2D;
}

/** Width of a head. Throws where heads and widths do not fit. */
export function headSize(qkv: Tensor2D, { heads, kvHeads }: AttentionShape): number {
  const size = qkv.shape[1] / (heads + 2 * kvHeads);
  if (!Number.isInteger(size) || !Number.isInteger(heads / kvHeads))
    throw new Error(`attention: ${heads} heads over ${kvHeads} do not fit a width of ${qkv.shape[1]}`);
  return size;
}
