/**
 * How much GPU memory steps and encoders take, before they take it: from shapes alone, nothing is allocated. Activations
 * are those of captured steps of this project's own kernels: the requests of a recording are made up (memoryTape.ts,
 * memoryTowers.ts) and given to the planner that recordings are given to. A contrastive step's are in contrastiveMemory.ts.
 *
 * stepMemory.test.ts holds it against captures of every kind of tower: within 1 %.
 */
import { mostPartials } from "../../gpu/gradients";
import { nextTokenBlock } from "../../gpu/kernels/nextToken";
import { GROUP, paddedSize } from "../../gpu/kernels/scores";
import { planBuffers, type Request } from "../../gpu/lifetimes";
import { SEARCH_BATCH, SEARCH_BLOCK } from "../../gpu/search";
import { prefixSizes } from "../objectives/term";
import { type LoraSettings, trainedSizes } from "../towers/lora";
import type { TowerConfig } from "../towers/types";
import { piecesOf } from "../training/pieces";
import { type Cell, createTape, type Tape } from "./memoryTape";
import { towerMemory } from "./memoryTowers";
import { aligned, optimizerBytes, parameterBytes, sum, tensorSizes } from "./parameterMemory";

/** What the bytes of a stage are for. */
export interface MemoryParts {
  parameters: number;
  gradients: number;
  /** The optimizer's. */
  moments: number;
  /** Intermediate tensors of steps and encoders. */
  activations: number;
  /** Token ids, masks and what else is uploaded for each step. */
  inputs: number;
  /** Document index and teacher's query vectors, as far as they are on the GPU. */
  vectors: number;
}

/** Texts of one tower in a step or an encoder. */
export interface TowerTexts {
  config: TowerConfig;
  batch: number;
  /** Padded length. */
  tokens: number;
}

export interface StepShape {
  dropout: number;
  captured: boolean;
  /** Pieces that the batch is walked in. */
  pieces: number;
  /** Adapters are trained in place of the towers. */
  lora?: LoraSettings | null;
}

/** Bytes of a tower's inputs. @param pieces in training, where positions sorted by token are among them; else 0 */
export function inputBytes({ config, batch, tokens }: TowerTexts, pieces: number): number {
  return 4 * (batch * tokens * (pieces > 0 ? 4 : 3) + pieces * (config.vocabulary + 1));
}

/** Sizes of the buffers that these requests share, the largest first. */
function bufferSizes(all: readonly Request[], captured: boolean): number[] {
  const requests = all.filter(({ to }) => to !== Number.POSITIVE_INFINITY);
  if (captured) return planBuffers(requests).buffers.map(({ size }) => size);
  // tfjs' pool gives a buffer to a request of the same size only, and keeps them all.
  const bySize = new Map<number, Request[]>();
  for (const request of requests) bySize.set(request.size, [...(bySize.get(request.size) ?? []), request]);
  return [...bySize].flatMap(([size, same]) => planBuffers(same).buffers.map(() => size)).sort((a, b) => b - a);
}

/**
 * As many pieces as decide the memory: they run one after the other and use the same buffers, so that two of the largest
 * say it. (All of them, up to 64, would take seconds to plan.)
 */
export const tellingPieces = (batch: number, pieces: number) =>
  piecesOf(batch, pieces)
    .toSorted((a, b) => b.count - a.count)
    .slice(0, 2);

/** What a step or an encoder takes beside its towers. */
export interface StepMemory extends MemoryParts {
  /** Sizes of the buffers that its intermediate tensors share, the largest first: with outputs, its activations. */
  buffers: number[];
  /** The largest single buffer. */
  largest: number;
}

/** What the loss of a distillation has beside MSE and cosine; nothing unless given. */
export interface DistilLoss {
  /** Terms that score documents, and how many of those. */
  terms?: number;
  columns?: number;
  /** Halvings of the vectors. */
  matryoshka?: number;
  /** The teacher's size, where the student's own is another. */
  teacherSize?: number;
}

// Of a term that scores documents, made of tfjs' operations: matrices of rows by documents, and documents by size. Counted
// in recordings (stepMemory.test.ts).
const TERM_MATRICES = 12;
const TERM_DOCUMENTS = 4;

/** A step that trains a student on stored vectors, and the smaller one that measures how its losses pull. */
export function distilMemory(student: TowerTexts, shape: StepShape, loss: DistilLoss = {}): StepMemory {
  const { config, batch, tokens } = student;
  const { pieces } = shape;
  const { terms = 0, matryoshka = 0, teacherSize = config.embeddingSize } = loss;
  const columns = terms > 0 ? (loss.columns ?? 0) : 0;
  const projected = teacherSize !== config.embeddingSize;
  const sizes = prefixSizes(teacherSize, matryoshka);
  const dropout = shape.dropout > 0;
  const tape = createTape(true);
  // Each piece's loss leaves the gradient of its vectors, and what that is times the piece's share of the batch.
  for (const { count } of tellingPieces(batch, pieces)) {
    const vectors = towerMemory(tape, config, { batch: count, tokens, dropout });
    const passing: Cell[] = [];
    if (projected) passing.push(tape.make(count * teacherSize), tape.make(count * teacherSize));
    for (const size of sizes) {
      // A prefix of student and teacher, its gradient, and that in the whole vectors' shape.
      if (size < teacherSize) for (let i = 0; i < 4; i++) passing.push(tape.make(count * size));
      for (let i = 0; i < terms * TERM_MATRICES; i++) passing.push(tape.make(count * columns));
      for (let i = 0; i < terms * TERM_DOCUMENTS; i++) passing.push(tape.make(columns * size));
    }
    const dy = tape.make(vectors.size);
    vectors.gradient = pieces === 1 ? dy : tape.make(vectors.size);
    tape.release(vectors.cell);
    for (const cell of passing) tape.release(cell);
    if (pieces > 1) tape.release(dy);
    tape.backward();
  }
  const made = stepMemory(tape, [config], 1, shape);
  const matrix = projected ? teacherSize * config.embeddingSize : 0;
  const inputs =
    inputBytes(student, pieces) +
    4 * (batch * teacherSize + (columns > 0 ? columns * (teacherSize + batch) + batch : 0));
  return {
    ...made,
    parameters: 4 * matrix,
    gradients: made.gradients + (projected ? aligned(4 * matrix * mostPartials(matrix)) : 0),
    moments: made.moments + 8 * matrix,
    inputs,
  };
}

/**
 * Next-token training of a decoder, and the measuring of its loss on held-out rows: two steps that are never run at once.
 * @param rows.tokens of a row that are predicted
 */
export function languageMemory(rows: TowerTexts, captured: boolean): StepMemory[] {
  const { config, batch, tokens } = rows;
  const positions = batch * tokens;
  const block = nextTokenBlock(positions, config.vocabulary);
  const inputs = inputBytes(rows, 1) + 8 * positions;
  return [true, false].map((training) => {
    const tape = createTape(training);
    const states = towerMemory(tape, config, { batch, tokens, dropout: false, states: true });
    // As kernels/nextToken.ts asks for it: logits of a block, and the gradients of states and table with the loss.
    const rest = block < positions ? [tape.make(block * config.width)] : [];
    const logits = tape.make(block * config.vocabulary);
    const losses = tape.make(positions);
    if (training) {
      const size = config.vocabulary * config.width;
      const dx = tape.make(positions * config.width);
      // A small table's gradient is made as partial sums.
      const partials = mostPartials(size) > 1 ? [tape.make(mostPartials(size) * size)] : [];
      const dtable = tape.make(size);
      for (const cell of [...partials, ...rest, logits, losses]) tape.release(cell);
      states.gradient = dx;
      tape.backward();
      tape.release(states.cell);
      tape.release(dtable);
      return { ...stepMemory(tape, [config], 2, { dropout: 0, captured, pieces: 1 }), inputs };
    }
    for (const cell of [...rest, logits, losses, states.cell]) tape.release(cell);
    const buffers = bufferSizes(tape.requests, captured);
    return {
      ...{ parameters: 0, gradients: 0, moments: 0, inputs, vectors: 0 },
      activations: sum(buffers),
      buffers,
      largest: Math.max(...buffers),
    };
  });
}

/** What each of several students takes that are trained side by side on stored vectors; and its part of the largest buffer. */
export function besideMemory(
  student: TowerTexts,
  shape: Omit<StepShape, "pieces">,
  loss: DistilLoss = {},
): { bytes: number; largest: number } {
  const { gradients, moments, activations, largest } = distilMemory(student, { ...shape, pieces: 1 }, loss);
  return { bytes: gradients + moments + activations + parameterBytes(student.config), largest };
}

export function stepMemory(
  tape: Tape,
  configs: readonly TowerConfig[],
  uses: number,
  { captured, pieces, lora }: StepShape,
) {
  const buffers = bufferSizes(tape.requests, captured);
  const sizes = configs.flatMap((config) => (lora ? trainedSizes(config, lora) : tensorSizes(config)));
  const { gradients, moments, largest } = optimizerBytes(sizes, uses, pieces > 1);
  const activations = sum(buffers);
  return {
    // Those of towers are counted where they are kept; adapters are there for the step alone.
    parameters: lora ? 4 * sum(sizes) : 0,
    gradients,
    moments,
    activations,
    vectors: 0,
    buffers,
    largest: Math.max(largest, ...buffers),
  };
}

/** An encoder of so many texts at once. */
export function encoderMemory(texts: TowerTexts, captured: boolean): StepMemory {
  const tape = createTape(false);
  const vectors = towerMemory(tape, texts.config, { batch: texts.batch, tokens: texts.tokens, dropout: false });
  tape.release(vectors.cell);
  const buffers = bufferSizes(tape.requests, captured);
  return {
    ...{ parameters: 0, gradients: 0, moments: 0, inputs: inputBytes(texts, 0), vectors: 0 },
    // The output has a buffer of its own.
    activations: sum(buffers) + 4 * vectors.size,
    buffers,
    largest: Math.max(...buffers),
  };
}

/**
 * Searching a batch of queries, and the index that is searched.
 * @param size of a vector @param k documents found a query
 */
export function searchMemory(documents: number, size: number, k: number): { index: number; step: StepMemory } {
  const padded = paddedSize(size);
  const places = Math.ceil(documents / GROUP) * GROUP;
  const found = 8 * SEARCH_BATCH * Math.min(k, documents);
  // A block's scores, and where the index is looked through in several parts what was best in each: at most four parts
  // of a block, or as many as there are blocks (gpu/search.ts).
  const lists = Math.max(
    Math.ceil(documents / SEARCH_BLOCK),
    Math.min(4, Math.ceil(documents / Math.max(4096, 16 * k))),
  );
  const buffers = [
    4 * SEARCH_BATCH * Math.min(places, SEARCH_BLOCK),
    ...(lists > 1 ? [lists * found] : []),
    4 * SEARCH_BATCH * padded,
  ].toSorted((a, b) => b - a);
  const index = 4 * places * padded;
  return {
    index,
    step: {
      ...{ parameters: 0, gradients: 0, moments: 0, vectors: 0, inputs: 4 * SEARCH_BATCH * size },
      activations: sum(buffers) + found,
      buffers,
      // Blocks of the index, and with them the scores, are cut to what the device binds: one group is the least.
      largest: 4 * GROUP * padded,
    },
  };
}
