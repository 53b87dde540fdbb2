/** What stage 2 learns from: the training queries, altered copies of them, and documents, each with its teacher vector. */

import { concatFloats } from "../bytes";
import { paraphraser } from "../data/notes/paraphrase";
import { joinTables, paddedLength, type TokenTable, tokenTable } from "../training/inputs";
import { queryOrder } from "../training/pairs";
import { queryCopies } from "../training/queryCopies";
import type { RunContext } from "./context";
import { documentsOfBatch } from "./plan";

export interface Stage2Texts {
  /** The student's tokens: queries, their copies, documents. */
  table: TokenTable;
  /** Padded length of them all. */
  length: number;
  /** Raw teacher vectors, and which of them each text has. */
  teacher: Float32Array;
  teacherRow: Int32Array | undefined;
  /** The query that a text is or is a copy of; -1: a document. */
  queryOf: (text: number) => number;
  /** Texts of any step, `batch` of them. */
  order: (batch: number, seed: number) => (step: number) => Int32Array;
  /** The same from queries alone whose answers are known. */
  labelledOrder: (batch: number, seed: number) => (step: number) => Int32Array;
}

/**
 * @param queries the teacher's raw vectors of all training queries
 * @param encode those of other texts, where copies have targets of their own
 * @param frozen raw vectors of all documents
 */
export async function stage2Texts(
  context: RunContext,
  queries: Float32Array,
  encode: (table: TokenTable) => Promise<Float32Array>,
  frozen: Float32Array,
): Promise<Stage2Texts> {
  const { experiment, dataset, texts, pairs } = context;
  const { stage2, embeddingSize, student, seed } = experiment;
  const asked = dataset.train.queries.map(({ text }) => text);
  const count = asked.length;
  const range = (n: number) => Int32Array.from({ length: n }, (_, i) => i);
  const vectors = [queries];
  const tables = [texts.student.train];
  const rows = [range(count)];
  if (stage2.copies > 0) {
    const anew = experiment.data.source === "notes" ? paraphraser(experiment.data.notes, seed, dataset.train) : null;
    const copies = queryCopies(asked, { ...stage2, seed }, anew);
    tables.push(tokenTable(copies, texts.student.encodeQuery));
    if (stage2.copyTarget === "own") {
      vectors.push(await encode(tokenTable(copies, texts.teacher.encodeQuery)));
      rows.push(range(copies.length).map((i) => count + i));
    } else rows.push(range(copies.length).map((i) => i % count));
  }
  const forms = count * (1 + stage2.copies);
  const perBatch = (batch: number) => documentsOfBatch(stage2, batch);
  const documents = perBatch(experiment.training.batch) > 0 ? dataset.docs.length : 0;
  if (documents > 0) {
    const before = vectors.reduce((sum, { length }) => sum + length / embeddingSize, 0);
    tables.push(texts.student.documents);
    vectors.push(frozen);
    rows.push(range(documents).map((i) => before + i));
  }
  const plain = tables.length === 1;
  const table = plain ? tables[0]! : joinTables(tables);
  const { maxTokens } = context.towers.learner;
  const limit = Math.min(maxTokens, Math.max(student.queryTokens, documents > 0 ? student.docTokens : 0));
  const answered = new Set(pairs.query);
  const labelled = range(forms).filter((text) => answered.has(text % count));
  return {
    table,
    length: plain ? texts.student.queryLength : paddedLength([table], limit),
    teacher: vectors.length === 1 ? vectors[0]! : concatFloats(vectors),
    teacherRow: plain ? undefined : Int32Array.from(rows.flatMap((part) => [...part])),
    queryOf: (text) => (text < forms ? text % count : -1),
    order(batch, seed) {
      const many = documents > 0 ? perBatch(batch) : 0;
      const ofQueries = queryOrder(forms, batch - many, seed);
      if (many === 0) return ofQueries;
      const ofDocuments = queryOrder(documents, many, seed, "documents");
      return (step) => {
        const all = new Int32Array(batch);
        all.set(ofQueries(step));
        all.set(
          ofDocuments(step).map((i) => forms + i),
          batch - many,
        );
        return all;
      };
    },
    labelledOrder(batch, seed) {
      const order = queryOrder(labelled.length, batch, seed, "refinement");
      return (step) => order(step).map((i) => labelled[i]!);
    },
  };
}
