/**
 * A tower's start from the words of a language model. What such a model has learned of words is in its token embeddings,
 * but most of their length lies in a few directions that say how frequent a word is and where it stands, and pooled texts
 * then all look alike. So the table is centred and partly whitened (Mu & Viswanath 2018, arXiv 1702.01417, take the mean and
 * the first directions away), and the projection whitens the pooled texts: their second moment becomes the identity.
 */
import { tableInit } from "../towers/lmStart";
import type { HostParameters, TowerConfig } from "../towers/types";
import { matrixPower, spectrum } from "./eigen";
import type { TokenTable } from "./inputs";

const TABLE = "model.embed_tokens.weight";
const PROJECTION = "projection.weight";
/** Frequent words count for less than their share, as in word2vec's negatives. */
const DAMPING = 0.75;
/** Of the table's second moment: half of what would make it the identity, which overrates what is rare and weak. */
const TABLE_POWER = -0.25;
/** Texts of each table whose pooled vectors are looked at. */
const POOLED_TEXTS = 1536;

/**
 * @param start the tower's seeded start, of which everything but embeddings and projection stays
 * @param model a language model's values, of the tower's width and vocabulary
 * @param texts what the tower will read, as tokens: each table counts alike
 * @throws LabError "bad-setting" where the model's table has another shape
 */
export function wordsInit(
  start: HostParameters,
  model: HostParameters,
  config: TowerConfig,
  texts: readonly TokenTable[],
): HostParameters {
  const init = tableInit(start, model);
  const projection = init.get(PROJECTION);
  // What follows is of a tower whose fresh layers add nothing: its states are its normed embeddings.
  if (config.kind !== "decoder" || !projection || config.dense?.length) return init;
  const { width } = config;
  const { shape, values } = init.get(TABLE)!;
  const table = values.slice();
  const shares = wordShares(config.vocabulary, texts);
  centre(table, width, shares);
  const power = matrixPower(spectrum(tableMoment(table, width, shares), width), width, TABLE_POWER, 1e-3);
  for (let at = 0; at < table.length; at += width) table.set(product(power, table.subarray(at, at + width)), at);
  const deviation = Math.sqrt(table.reduce((sum, x) => sum + x * x, 0) / table.length);
  for (let i = 0; i < table.length; i++) table[i]! /= Math.max(deviation, 1e-12);
  const pooled = spectrum(pooledMoment(table, width, texts), width);
  return new Map(init)
    .set(TABLE, { shape, values: table })
    .set(PROJECTION, { shape: projection.shape, values: whitening(pooled, projection.values, width) });
}

/** By token: its share of the texts, damped; they sum to 1. */
function wordShares(vocabulary: number, texts: readonly TokenTable[]): Float64Array {
  const shares = new Float64Array(vocabulary);
  for (const { flat } of texts) for (const id of flat) shares[id]! += 1 / (flat.length * texts.length);
  for (let v = 0; v < vocabulary; v++) shares[v] = (shares[v]! + 1e-7) ** DAMPING;
  const total = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => share / total);
}

function centre(table: Float32Array, width: number, shares: Float64Array): void {
  const mean = new Float64Array(width);
  table.forEach((x, i) => {
    mean[i % width]! += shares[Math.floor(i / width)]! * x;
  });
  for (let i = 0; i < table.length; i++) table[i]! -= mean[i % width]!;
}

/** Adds weight x x^T. */
function addOuter(moment: Float64Array, x: ArrayLike<number>, weight: number): void {
  const n = x.length;
  for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) moment[a * n + b]! += weight * x[a]! * x[b]!;
}

const squares = (x: ArrayLike<number>) => {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * x[i]!;
  return sum;
};

/** Second moment of the rows, each brought to the length of the root of the width. */
function tableMoment(table: Float32Array, width: number, shares: Float64Array): Float64Array {
  const moment = new Float64Array(width * width);
  shares.forEach((share, v) => {
    const row = table.subarray(v * width, (v + 1) * width);
    addOuter(moment, row, (share * width) / (squares(row) + 1e-12));
  });
  return moment;
}

/** The same of texts' means of normed rows: what an RMS norm and mean pooling make of them. */
function pooledMoment(table: Float32Array, width: number, texts: readonly TokenTable[]): Float64Array {
  const moment = new Float64Array(width * width);
  for (const { flat, offsets } of texts) {
    const count = Math.min(POOLED_TEXTS, offsets.length - 1);
    for (let i = 0; i < count; i++) {
      const mean = new Float64Array(width);
      for (const id of flat.subarray(offsets[i]!, offsets[i + 1]!)) {
        const row = table.subarray(id * width, (id + 1) * width);
        const scale = 1 / Math.sqrt(squares(row) + 1e-12);
        for (let c = 0; c < width; c++) mean[c]! += scale * row[c]!;
      }
      addOuter(moment, mean, width / ((squares(mean) + 1e-12) * count * texts.length));
    }
  }
  return moment;
}

const product = (matrix: Float64Array, x: Float32Array): Float32Array =>
  Float32Array.from(x, (_, a) => {
    let sum = 0;
    for (let b = 0; b < x.length; b++) sum += matrix[a * x.length + b]! * x[b]!;
    return sum;
  });

/**
 * A projection after which the moment is the identity, in the directions that weigh most where the vector is shorter than
 * the states; of the size of a fresh one, whose rows stay where the vector is longer.
 */
function whitening(moment: ReturnType<typeof spectrum>, fresh: Float32Array, width: number): Float32Array {
  const size = fresh.length / width;
  const rows = Math.min(size, width);
  const made = Float64Array.from({ length: rows * width }, (_, i) => {
    const k = Math.floor(i / width);
    return moment.vectors[k]![i % width]! * (Math.max(0, moment.values[k]!) + 1e-4) ** -0.5;
  });
  // Turned back to the states' own directions where it can be: any turn of the vectors scores alike.
  const whole = size === width ? matrixPower(moment, width, -0.5, 1e-4) : made;
  const scale = Math.sqrt(rows / squares(whole));
  return fresh.map((x, i) => (i < whole.length ? whole[i]! * scale : x));
}
