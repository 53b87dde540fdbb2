/**
 * A batch in pieces, for less memory and the whole batch's result to rounding.
 *
 * Distillation is a sum over texts: gradients of the pieces add up (gradient accumulation). A contrastive loss is not, for
 * every text is every other's negative. There the vectors come first and the way back later (gradient caching: GradCache,
 * Gao et al. 2021, arXiv 2101.06983): all pieces are encoded without keeping what a way back needs; the loss of all
 * vectors gives each vector its gradient; then each piece is encoded once more and walked back from its vectors' gradients.
 * Dropout draws the same bits both times, those that the text has in the whole batch. It costs one forward pass more.
 *
 * All of it is one capture: every piece's inputs are uploaded before it, and pieces use one another's memory.
 */
import type { Tensor, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { AdamW } from "../../gpu/adamw";
import { valueAndGradients } from "../../gpu/backward";
import type { Vector } from "../../gpu/ops";
import type { HostValues, InputSpecs, TensorMap } from "../../gpu/step";
import type { DeviceParameters, TowerConfig, TowerInputs } from "../towers/types";
import { type TokenTable, towerInputSpecs, towerInputs, towerValues } from "./inputs";

/** Some texts of a batch. */
export interface Piece {
  first: number;
  count: number;
}

/** So many pieces, their sizes as equal as can be; no more than there are texts. */
export function piecesOf(texts: number, pieces: number): Piece[] {
  const count = Math.max(1, Math.min(texts, pieces));
  const starts = Array.from({ length: count + 1 }, (_, p) => Math.round((p * texts) / count));
  return Array.from({ length: count }, (_, p) => ({ first: starts[p]!, count: starts[p + 1]! - starts[p]! }));
}

/** One side's texts as inputs of a step: `<side>.ids` and so on, or of each of several pieces `<side>/<piece>.ids`. */
export interface PiecedInputs {
  pieces: readonly Piece[];
  specs: InputSpecs;
  /** @param into where values may be put: the step's `places` */
  values(texts: ArrayLike<number>, into?: HostValues | null): { values: HostValues; tokens: number };
  of(inputs: TensorMap, piece: number): TowerInputs;
}

export function piecedInputs(
  side: string,
  config: TowerConfig,
  table: TokenTable,
  pieces: readonly Piece[],
  length: number,
): PiecedInputs {
  const prefix = (p: number) => (pieces.length === 1 ? side : `${side}/${p}`);
  return {
    pieces,
    specs: Object.assign({}, ...pieces.map(({ count }, p) => towerInputSpecs(prefix(p), config, count, length))),
    values(texts, into) {
      const made = pieces.map(({ first, count }, p) => {
        const own = Array.from({ length: count }, (_, i) => texts[first + i]!);
        return towerValues(prefix(p), config, table, own, length, into);
      });
      return {
        values: Object.assign({}, ...made.map(({ values }) => values)),
        tokens: made.reduce((sum, { tokens }) => sum + tokens, 0),
      };
    },
    of: (inputs, p) => towerInputs(prefix(p), inputs),
  };
}

/** A tower's part in a step that walks in pieces. */
export interface PiecedTower {
  pieces: readonly Piece[];
  /** What is trained of it, by the optimizer's names. */
  parameters: DeviceParameters;
  /** Raw vectors of a piece. */
  forward(piece: number): Tensor2D;
}

export interface Walked {
  value: Tensor;
  /** What the optimizer's `apply` still has to be given. */
  gradients: Record<string, Tensor | null>;
  terms: Record<string, Tensor>;
}

/** By the names of the tensors. */
const named = (names: readonly string[], tensors: readonly (Tensor | null)[]) =>
  Object.fromEntries(names.map((name, i) => [name, tensors[i] ?? null]));

/**
 * Gradient caching: the gradients of a loss over all pieces' vectors.
 * @param others what the loss trains beside the towers, by the optimizer's names
 * @param loss of all vectors of each tower, in the order of the towers
 */
export function cachedWalk(
  optimizer: AdamW,
  towers: readonly PiecedTower[],
  others: DeviceParameters,
  loss: (vectors: readonly Tensor2D[]) => { loss: Tensor; terms: Record<string, Tensor> },
): Walked {
  const sinks = optimizer.begin();
  const vectors = towers.map(({ pieces, forward }) =>
    tf.tidy(() => tf.concat(pieces.map((_, p) => tf.tidy(() => forward(p))))),
  );
  let terms: Record<string, Tensor> = {};
  const { value, gradients } = valueAndGradients(() => {
    const made = loss(vectors);
    // Kept, for they are needed after the tape has closed.
    terms = Object.fromEntries(Object.entries(made.terms).map(([name, term]) => [name, tf.keep(tf.clone(term))]));
    return made.loss;
  }, [...vectors, ...Object.values(others)]);
  tf.dispose(vectors);
  towers.forEach(({ pieces, parameters, forward }, t) => {
    const dys = gradients[t]!;
    pieces.forEach(({ first, count }, p) => {
      tf.tidy(() => {
        const dy = tf.slice(dys, [first, 0], [count, dys.shape[1]!]);
        const back = valueAndGradients(() => forward(p), Object.values(parameters), sinks, dy);
        optimizer.add(named(Object.keys(parameters), back.gradients));
      });
    });
    dys.dispose();
  });
  return { value, gradients: named(Object.keys(others), gradients.slice(towers.length)), terms };
}

/**
 * Gradient accumulation: the gradients of a mean over texts.
 * @param loss of a piece, a mean over its texts; its terms are means too
 */
export function addedWalk(
  optimizer: AdamW,
  { pieces, parameters, forward }: PiecedTower,
  loss: (vectors: Tensor2D, piece: number) => { loss: Tensor; terms: Record<string, Tensor> },
): Walked {
  const sinks = optimizer.begin();
  const names = Object.keys(parameters);
  const texts = pieces.reduce((sum, { count }) => sum + count, 0);
  /** Of each piece: the loss, then its terms, each times the piece's share of the batch. */
  const shares: Tensor[][] = [];
  let termNames: string[] = [];
  pieces.forEach(({ count }, p) => {
    const share = count / texts;
    shares.push(
      tf.tidy(() => {
        let terms: Tensor[] = [];
        const { value, gradients } = valueAndGradients(
          () => {
            const made = loss(forward(p), p);
            termNames = Object.keys(made.terms);
            terms = Object.values(made.terms).map((term) => tf.keep(tf.clone(term)));
            return made.loss;
          },
          Object.values(parameters),
          sinks,
          tf.scalar(share),
        );
        optimizer.add(named(names, gradients));
        const own = [value, ...terms].map((number) => tf.mul(number, share));
        tf.dispose(terms);
        return own;
      }),
    );
  });
  // Not tf.addN: it binds all of them in one dispatch, and a device binds as few as eight buffers.
  const [value, ...terms] = shares[0]!.map((_, i) => shares.map((share) => share[i]!).reduce((a, b) => tf.add(a, b)));
  return {
    value: value!,
    gradients: {},
    terms: Object.fromEntries(termNames.map((name, i) => [name, tf.keep(terms[i]!)])),
  };
}

/** A dropout's counter and sites for a piece. */
export const pieceDropout = (rate: number, counter: Vector, firstSite: number, { first }: Piece) =>
  rate > 0 ? { rate, counter, firstSite, firstText: first } : undefined;
