/** What a contrastive training step takes: its loss's own tensors between two towers, whole or piece by piece. */
import { infoNceFits } from "../../gpu/kernels/infoNce";
import { prefixSizes } from "../objectives/term";
import { type Cell, createTape, type Tape, type Value } from "./memoryTape";
import { towerMemory } from "./memoryTowers";
import { inputBytes, type StepMemory, type StepShape, stepMemory, type TowerTexts, tellingPieces } from "./stepMemory";

/** What the loss of a contrastive step has beside batch and hard negatives; nothing unless given. */
export interface ContrastiveLoss {
  /** Documents of earlier batches. */
  queued?: number;
  /** Halvings of the vectors. */
  matryoshka?: number;
  symmetric?: boolean;
}

/** The loss's own tensors: gradients of both sides' vectors, which it returns, and matrices of queries by documents. */
function infoNceMemory(
  tape: Tape,
  size: number,
  batch: number,
  columns: number,
  { queued = 0, matryoshka = 0, symmetric = false }: ContrastiveLoss,
): [Cell, Cell] {
  const sizes = prefixSizes(size, matryoshka);
  const alone = sizes.length === 1 && queued === 0 && !symmetric;
  const all = columns + queued;
  const passing: Cell[] = [];
  const pass = (...counts: number[]) => passing.push(...counts.map(tape.make));
  /** One softmax; what it makes of the gradients is kept for the way back. */
  const softmax = (rows: number, others: number) => {
    // The kernels keep one matrix, for as long as they run. tfjs' operations, which take their place where documents are
    // many, hold ten, and a square one for the diagonal: counted in a recording of 960 by 1,920.
    const fits = infoNceFits(others);
    const matrices = Array.from({ length: fits ? 1 : 10 }, () => tape.make(rows * others));
    if (!fits) matrices.push(tape.make(rows * rows));
    for (const cell of [tape.make(rows + others), tape.make(2 * rows), ...matrices])
      if (fits) tape.release(cell);
      else passing.push(cell);
  };
  const first = tape.make(batch * size);
  if (alone) {
    softmax(batch, all);
    const second = tape.make(columns * size);
    for (const cell of passing) tape.release(cell);
    return [first, second];
  }
  if (queued > 0) pass(all * size);
  if (symmetric) pass(batch * batch, batch * batch);
  for (const one of sizes) {
    if (one < size) pass(batch * one, all * one);
    softmax(batch, all);
    pass(batch * one, all * one);
    if (!symmetric) continue;
    if (columns > batch || one < size) pass(batch * one, batch * one);
    softmax(batch, batch);
    pass(batch * one, batch * one);
  }
  // On the way back gradients of prefixes and of the queue's part are brought to the vectors' shape and added up.
  if (sizes.length > 1 || symmetric) pass(batch * size, all * size);
  if (queued > 0) pass(columns * size);
  const second = tape.make(columns * size);
  for (const cell of passing) tape.release(cell);
  return [first, second];
}

/** A tower's texts piece by piece, each walked back from its part of the vectors' gradients. */
function piecesMemory(
  tape: Tape,
  { config, batch, tokens }: TowerTexts,
  pieces: number,
  dropout: boolean,
  lora: StepShape["lora"],
): void {
  tape.recording = true;
  for (const { count } of tellingPieces(batch, pieces)) {
    const dy = tape.make(count * config.embeddingSize);
    const vectors = towerMemory(tape, config, { batch: count, tokens, dropout, lora });
    vectors.gradient = tape.hold(dy);
    tape.backward();
    tape.release(vectors.cell);
    tape.release(dy);
  }
}

/** A step that trains a pair of towers contrastively. The same configuration object twice: they share their weights. */
export function contrastiveMemory(
  query: TowerTexts,
  document: TowerTexts,
  shared: boolean,
  shape: StepShape,
  loss: ContrastiveLoss = {},
): StepMemory {
  const { pieces, lora } = shape;
  const { queued = 0 } = loss;
  const { embeddingSize } = document.config;
  const dropout = shape.dropout > 0;
  const tape = createTape(pieces === 1);
  const sides = [query, document];
  if (pieces === 1) {
    const vectors = sides.map(({ config, batch, tokens }) =>
      towerMemory(tape, config, { batch, tokens, dropout, lora }),
    );
    const [q, d] = vectors as [Value, Value];
    [q.gradient, d.gradient] = infoNceMemory(tape, embeddingSize, query.batch, document.batch, loss);
    for (const { cell } of vectors) tape.release(cell);
    tape.backward();
  } else {
    const vectors = sides.map(({ config, batch, tokens }) => {
      const parts = tellingPieces(batch, pieces).map(({ count }) =>
        towerMemory(tape, config, { batch: count, tokens, dropout, lora }),
      );
      const whole = tape.make(batch * config.embeddingSize);
      for (const { cell } of parts) tape.release(cell);
      return whole;
    });
    const dys = infoNceMemory(tape, embeddingSize, query.batch, document.batch, loss);
    for (const cell of vectors) tape.release(cell);
    sides.forEach((side, i) => {
      piecesMemory(tape, side, pieces, dropout, lora);
      tape.release(dys[i]!);
    });
  }
  const configs = shared ? [query.config] : [query.config, document.config];
  const made = stepMemory(tape, configs, shared && pieces === 1 ? 2 : 1, shape);
  return {
    ...made,
    // A step's positives are an output, on their way to the queue.
    activations: made.activations + (queued > 0 ? 4 * query.batch * embeddingSize : 0),
    inputs: inputBytes(query, pieces) + inputBytes(document, pieces) + 4 * query.batch * (document.batch + queued),
    vectors: 4 * queued * embeddingSize,
  };
}
