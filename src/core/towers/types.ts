/**
 * A tower: text in, one vector out. Its configuration follows Hugging Face's config.json closely enough to be written as
 * one; its parameters are named as Hugging Face names them, so that a checkpoint is a Hugging Face folder.
 */
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { DropoutKey, TokenIds } from "../../gpu/ops";

/** "bench" is the benchmark's model alone: no setting chooses it, and it has no checkpoint format. */
export type TowerKind = "decoder" | "encoder" | "lookup" | "bench";
export type Pooling = "mean" | "last" | "cls";

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
