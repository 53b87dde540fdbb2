/**
 * The few operations a tower is made of. Two implementations: `plainOps` (tfjs ops only: the reference, and what any
 * backend can run) and `fusedOps` (own WGSL kernels on WebGPU). Both are differentiable through tfjs' tape, so a tower
 * or a loss is written once.
 *
 * Matrices are two-dimensional throughout: tokens are flattened to rows [batch * tokens, width], because the gradient of
 * a batched tfjs matMul against one matrix throws.
 */
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";

/**
 * Token ids of a batch with what the embedding's gradient needs: a counting sort of the positions by id, so that the sum
 * over equal ids has one fixed order (no float atomics: equal seeds give equal runs).
 */
export interface TokenIds {
  /** int32 [n]: the id at each position. */
  ids: Tensor1D;
  /** int32 [n]: positions sorted by id, ascending within an id. */
  order: Tensor1D;
  /** int32 [vocabulary + 1]: id v owns order[offsets[v] .. offsets[v + 1]). */
  offsets: Tensor1D;
}

export interface AttentionShape {
  batch: number;
  tokens: number;
  heads: number;
  /** Divides `heads`; each key/value head serves heads / kvHeads query heads. */
  kvHeads: number;
  /** A token sees itself and the past only. */
  causal: boolean;
  /** Base of the rotary position embedding (Llama's split-half layout); absent: none. */
  ropeTheta?: number;
}

export interface DropoutKey {
  /** Share of values set to zero; the rest is divided by 1 - rate. */
  rate: number;
  /** int32 [2]: seed of the run and number of the step, in GPU memory so that a captured step can be replayed. */
  counter: Tensor1D;
  /** Tells this dropout from the others of the step. */
  site: number;
}

export interface TowerOps {
  readonly name: "plain" | "fused";
  /** x [n, in] times weight [out, in] transposed (Hugging Face's layout) plus bias [out] -> [n, out]. */
  linear(x: Tensor2D, weight: Tensor2D, bias?: Tensor1D): Tensor2D;
  /** Rows of table [vocabulary, width] -> [n, width]. */
  embed(table: Tensor2D, tokens: TokenIds): Tensor2D;
  /** x / rms(x) * gain over rows. x [n, width], gain [width]. */
  rmsNorm(x: Tensor2D, gain: Tensor1D, eps: number): Tensor2D;
  /** (x - mean) / sd * gain + bias over rows. */
  layerNorm(x: Tensor2D, gain: Tensor1D, bias: Tensor1D, eps: number): Tensor2D;
  /**
   * Scaled dot-product attention. q [batch * tokens, heads * size], k and v [batch * tokens, kvHeads * size],
   * mask float32 [batch, tokens] (1 = a token, 0 = padding: never attended to) -> [batch * tokens, heads * size].
   * Rotary positions, if any, are applied to q and k inside.
   */
  attention(q: Tensor2D, k: Tensor2D, v: Tensor2D, mask: Tensor2D, shape: AttentionShape): Tensor2D;
  /** Exact (erf) GELU. */
  gelu(x: Tensor2D): Tensor2D;
  /** silu(gate) * up: SwiGLU's product. */
  siluGate(gate: Tensor2D, up: Tensor2D): Tensor2D;
  /** Weighted sum of each text's rows. x [batch * tokens, width], weights [batch, tokens] -> [batch, width]. */
  pool(x: Tensor2D, weights: Tensor2D): Tensor2D;
  /** Counter-based dropout: bits depend on (seed, step, site, index) alone. Rate 0 returns x itself. */
  dropout<T extends Tensor>(x: T, key: DropoutKey): T;
}
