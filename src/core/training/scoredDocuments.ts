/** Which frozen documents a batch of stage 2 scores, and what of them is whose answer or negative. */
import { random } from "../random";
import { batchMask, type TrainingPairs } from "./pairs";

export interface ScoredBatch {
  /** Indices of documents: each text's own (a random one where no answer is known), then the sampled ones. */
  documents: Int32Array;
  /** float32 [batch, columns], float32 [batch]: see TermInputs. */
  counts: Float32Array;
  labelled: Float32Array;
}

/** What a step needs to know of the documents that its texts score. */
export interface ScoredDocuments {
  /** Raw frozen vectors: float32 [documents, embeddingSize]. */
  vectors: Float32Array;
  /** Columns of a batch of so many texts. */
  columns(batch: number): number;
  /** First column and number of those that a distribution over documents is made of. */
  distribution(batch: number): { from: number; count: number };
  of(step: number, texts: ArrayLike<number>): ScoredBatch;
}

export interface ScoredOptions {
  which: "batch" | "sampled" | "both";
  sampled: number;
  seed: number;
  /** The query that a text is, or is a copy of; -1: a document. */
  queryOf: (text: number) => number;
}

/** Depends on (seed, step) and the texts alone. @param vectors raw, float32 [documents, embeddingSize] */
export function scoredDocuments(pairs: TrainingPairs, vectors: Float32Array, options: ScoredOptions): ScoredDocuments {
  const { which, seed, queryOf } = options;
  const sampled = which === "batch" ? 0 : options.sampled;
  const answers: number[][] = pairs.graded.map(() => []);
  pairs.query.forEach((query, i) => {
    answers[query]!.push(pairs.document[i]!);
  });
  return {
    vectors,
    columns: (batch) => batch + sampled,
    distribution: (batch) =>
      which === "sampled" ? { from: batch, count: sampled } : { from: 0, count: batch + sampled },
    of(step, texts) {
      const batch = texts.length;
      const r = random(seed, "scored", step);
      const queries = Int32Array.from(texts, queryOf);
      const documents = new Int32Array(batch + sampled);
      const labelled = new Float32Array(batch);
      queries.forEach((query, row) => {
        const known = query < 0 ? [] : answers[query]!;
        labelled[row] = known.length > 0 ? 1 : 0;
        documents[row] = known.length > 0 ? r.pick(known) : r.int(pairs.documents);
      });
      for (let i = batch; i < documents.length; i++) documents[i] = r.int(pairs.documents);
      const counts = batchMask(pairs, queries, documents);
      if (which === "sampled")
        for (let row = 0; row < batch; row++)
          for (let column = 0; column < batch; column++)
            if (column !== row) counts[row * documents.length + column] = 0;
      const many = labelled.reduce((sum, one) => sum + one, 0);
      if (many > 0) for (let row = 0; row < batch; row++) labelled[row]! *= batch / many;
      return { documents, counts, labelled };
    },
  };
}
