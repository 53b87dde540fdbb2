/**
 * The few operations a tower is made of. Two implementations: `plainOps` (tfjs ops only: the reference, and what any
 * backend can run) and `fusedOps` (own WGSL kernels on WebGPU). Both are differentiable through tfjs' tape, so a tower
 * or a loss is written once.
 *
 * Matrices are two-dimensional throughout: tokens are flattened to rows [batch * tokens, width], because the gradient of
 * a batched tfjs matMul against one matrix throws.
 *
 * Every operation also takes several models of one shape at once. Their parameters have a leading dimension [models, ...],
 * the rows of x are the models' one under the other, and so are the results; token ids, masks and pooling weights are
 * shared.
 */
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";

/** A parameter: a matrix, or one of each model. */
export type Matrix = Tensor2D | Tensor3D;
/** A parameter: a vector, or one of each model. */
export type Vector = Tensor1D | Tensor2D;

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

/** Llama 3.1's stretching of rotary positions ("llama3"): slow frequencies are divided by `factor`, fast ones kept. */
export interface RopeScaling {
  factor: number;
  /** Turns within `originalTokens` at or below which a frequency counts as slow, and at or above which as fast. */
  slow: number;
  fast: number;
  originalTokens: number;
}

export interface AttentionShape {
  /** Texts; of several models a multiple of the mask's. */
  batch: number;
  tokens: number;
  heads: number;
  /** Divides `heads`; each key/value head serves heads / kvHeads query heads. */
  kvHeads: number;
  /** A token sees itself and the past only. */
  causal: boolean;
  /** Base of the rotary position embedding (Llama's split-half layout); absent: none. */
  ropeTheta?: number;
  ropeScaling?: RopeScaling | undefined;
}

/** What a tower adds to its tokens' embeddings. */
export interface Places {
  /** [positions, width]: row t is added at token t of every text. */
  positions: Matrix;
  /** [1, width]: added everywhere. */
  types?: Matrix;
  /** Tokens a text; at most as many as there are positions. */
  tokens: number;
}

/** A transformer's feed-forward layer. */
export interface FeedForward {
  /** silu(gate) * up instead of gelu. */
  gated: boolean;
  /** An RMS norm of x before it. */
  norm?: { gain: Vector; eps: number } | undefined;
  /** [hidden, width]; gated [2 hidden, width], the gate's rows first. */
  inner: Matrix;
  innerBias?: Vector | undefined;
  /** [width, hidden] */
  outer: Matrix;
  outerBias?: Vector | undefined;
}

export interface DropoutKey {
  /** Share of values set to zero; the rest is divided by 1 - rate. */
  rate: number;
  /**
   * int32 [2], or [models, 2]: seed of the run and number of the step, in GPU memory so that a captured step can be
   * replayed.
   */
  counter: Vector;
  /** Tells this dropout from the others of the step. */
  site: number;
  /** Rows of the batch before x's own, where x is a piece of it: it is given the whole batch's bits. 0 unless given. */
  firstRow?: number;
}

export interface TowerOps {
  readonly name: "plain" | "fused";
  /** x [n, in] times weight [out, in] transposed (Hugging Face's layout) plus bias [out] plus residual -> [n, out]. */
  linear(x: Tensor2D, weight: Matrix, bias?: Vector, residual?: Tensor2D): Tensor2D;
  /** `linear` of `rmsNorm`. */
  rmsNormLinear(x: Tensor2D, gain: Vector, eps: number, weight: Matrix, bias?: Vector): Tensor2D;
  /** outer(act(inner(x))) + residual. x [n, width] -> [n, width]. */
  feedForward(x: Tensor2D, layer: FeedForward, residual?: Tensor2D): Tensor2D;
  /** Rows of table [vocabulary, width], plus those of the tokens' places -> [n, width]. */
  embed(table: Matrix, tokens: TokenIds, places?: Places): Tensor2D;
  /** x / rms(x) * gain over rows. x [n, width], gain [width]. */
  rmsNorm(x: Tensor2D, gain: Vector, eps: number): Tensor2D;
  /** (x - mean) / sd * gain + bias over rows. */
  layerNorm(x: Tensor2D, gain: Vector, bias: Vector, eps: number): Tensor2D;
  /** `pool` of `rmsNorm`: what a tower that ends in a norm makes of its tokens. */
  rmsNormPool(x: Tensor2D, gain: Vector, eps: number, weights: Tensor2D): Tensor2D;
  /** `pool` of `layerNorm`. */
  layerNormPool(x: Tensor2D, gain: Vector, bias: Vector, eps: number, weights: Tensor2D): Tensor2D;
  /**
   * Scaled dot-product attention. qkv [batch * tokens, (heads + 2 kvHeads) * size]: queries, keys and values side by
   * side; mask float32 [batch, tokens] (1 = a token, 0 = padding: never attended to) -> [batch * tokens, heads * size].
   * Rotary positions, if any, are applied to q and k inside.
   */
  attention(qkv: Tensor2D, mask: Tensor2D, shape: AttentionShape): Tensor2D;
  /** Exact (erf) GELU. */
  gelu(x: Tensor2D): Tensor2D;
  /** silu(gate) * up: SwiGLU's product. */
  siluGate(gate: Tensor2D, up: Tensor2D): Tensor2D;
  /** Weighted sum of each text's rows. x [batch * tokens, width], weights [batch, tokens] -> [batch, width]. */
  pool(x: Tensor2D, weights: Tensor2D): Tensor2D;
  /** Counter-based dropout: bits depend on (seed, step, site, index in the model) alone. Rate 0 returns x itself. */
  dropout<T extends Tensor>(x: T, key: DropoutKey): T;
}
