/**
 * A tower: text in, one vector out. Its configuration follows Hugging Face's config.json closely enough to be written as
 * one; its parameters are named as Hugging Face names them, so that a checkpoint is a Hugging Face folder.
 */
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { DropoutKey, RopeScaling, TokenIds } from "../../gpu/ops";

/** "bench" is the benchmark's model alone: no setting chooses it, and it has no checkpoint format. */
export type TowerKind = "decoder" | "encoder" | "lookup" | "bench";
export type Pooling = "mean" | "last" | "cls";
/** What a feed-forward layer does between its matrices; a decoder's is gated and has silu. "gelu-tanh" is gelu_new. */
export type Activation = "gelu" | "gelu-tanh" | "relu" | "silu";
export type DenseActivation = "identity" | "tanh" | "relu" | "gelu";

/** A Dense module of sentence-transformers: act(W x + b). Its tensors are "dense.<n>.weight" and ".bias" here. */
export interface DenseLayer {
  in: number;
  out: number;
  bias: boolean;
  activation: DenseActivation;
}

/**
 * Shape and arithmetic of a tower. What is optional is what other programs' checkpoints have and this program's own towers
 * do not; absent, it is as said.
 */
export interface TowerConfig {
  kind: TowerKind;
  vocabulary: number;
  width: number;
  /** 0 for a lookup tower. */
  layers: number;
  heads: number;
  /** Equal to `heads` for an encoder and for the benchmark's model. */
  kvHeads: number;
  /** Width of the feed-forward layer. */
  hidden: number;
  /** Longest input in tokens (an encoder has that many learned positions). */
  maxTokens: number;
  pooling: Pooling;
  /** Length of the vector that comes out. */
  embeddingSize: number;

  /** Added to the mean square or variance in norms; decoder 1e-6, encoder 1e-12 unless given. */
  eps?: number;
  /** Base of the rotary positions of a decoder; 10,000 unless given. */
  ropeTheta?: number;
  /** How rotary positions are stretched (Llama 3.1); not, unless given. */
  ropeScaling?: RopeScaling;
  /** Width of a head; width / heads unless given (Qwen3 has wider ones). */
  headSize?: number;
  /** A decoder's attention has biases: of queries, keys and values (Qwen2), or of its output too. None unless given. */
  attentionBias?: "qkv" | "all";
  /** An RMS norm of each head's queries and keys before the rotary positions (Qwen3). */
  qkNorm?: boolean;
  /** Rows of an encoder's token type embeddings, of which retrieval reads the first; 1 unless given (BERT: 2). */
  typeVocabulary?: number;
  /** Encoder gelu, decoder silu unless given. */
  activation?: Activation;
  /** Dense modules between pooling and projection; none unless given. */
  dense?: readonly DenseLayer[];
  /** false: the vector is what pooling and dense modules give. Else a matrix "projection.weight" comes last. */
  projection?: boolean;
  /** Whether the checkpoint's own vectors have length 1 (its Normalize module). Scores are cosines either way. */
  normalise?: boolean;
}

/** One named tensor on the host. */
export interface HostTensor {
  shape: number[];
  values: Float32Array;
}
/** Parameters on the host, by Hugging Face name, in a fixed order. */
export type HostParameters = Map<string, HostTensor>;
/** Parameters on the device, by the same names; of several students with a leading dimension. */
export type DeviceParameters = Record<string, Tensor>;

/** One batch of tokenised texts on the device. All of it is an input of the step. */
export interface TowerInputs extends TokenIds {
  /** float32 [batch, tokens]: 1 = token, 0 = padding. */
  mask: Tensor2D;
  /** float32 [batch, tokens]: rows sum to 1; the pooling as numbers (mean, last and cls differ only here). */
  poolWeights: Tensor2D;
}

/** The same batch on the host: what a step uploads. */
export interface HostInputs {
  ids: Int32Array; // [batch * tokens]
  order: Int32Array; // [batch * tokens]
  offsets: Int32Array; // [vocabulary + 1]
  mask: Float32Array; // [batch * tokens]
  poolWeights: Float32Array; // [batch * tokens]
}

/**
 * Dropout of one forward pass; sites are numbered by the tower. `firstText`: texts of the batch before these, where they
 * are a piece of it.
 */
export type TowerDropout = Omit<DropoutKey, "site" | "firstRow"> & { firstSite: number; firstText?: number };

/** The vector before normalisation. [batch, embeddingSize] */
export type RawVectors = Tensor2D;
export type { Tensor1D };
