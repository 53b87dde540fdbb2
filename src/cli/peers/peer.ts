/** Another program that computes the benchmark's step: two towers forward and backward, InfoNCE, Adam. */
import type { BenchProblem, BenchSide } from "../../core/pipeline/benchProblem";

export interface Peer {
  name: string;
  /** Where it computes, in a person's words. */
  where: string;
  /** Computes step `number` (from 1) to its end. */
  step(number: number): Promise<{ loss: number; ms: number }>;
  dispose(): void | Promise<void>;
}

export type OpenPeer = (problem: BenchProblem) => Promise<Peer>;

/** A tower's weights by the names that the peers' own models use; matrices as the checkpoint has them, [out, in]. A type, not an interface: jax-js' trees want one. */
export type PeerTower<T> = {
  words: T;
  positions: T;
  norm: T;
  layers: { norm1: T; query: T; key: T; value: T; output: T; norm2: T; up: T; down: T }[];
};

/** @param make a tensor from a shape and its values */
export function peerTower<T>(
  { parameters }: BenchSide,
  layers: number,
  make: (shape: number[], values: Float32Array) => T,
): PeerTower<T> {
  const get = (name: string) => {
    const { shape, values } = parameters.get(`${name}.weight`)!;
    return make(shape, values);
  };
  return {
    words: get("embeddings.word_embeddings"),
    positions: get("embeddings.position_embeddings"),
    norm: get("norm"),
    layers: Array.from({ length: layers }, (_, i) => {
      const part = (name: string) => get(`layers.${i}.${name}`);
      return {
        norm1: part("norm1"),
        query: part("query"),
        key: part("key"),
        value: part("value"),
        output: part("output"),
        norm2: part("norm2"),
        up: part("up"),
        down: part("down"),
      };
    }),
  };
}

/** Adam's constants, the same for all. */
export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
