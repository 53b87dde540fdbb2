/**
 * Validation during training: recall of the towers as they are, on the same sample for every system. Searched in
 * JavaScript: the sample has at most 1,000 documents, 15 ms of it at size 64, a small part of encoding them.
 */
import { normaliseRows, scoreAll, topK } from "../retrieval/exact";
import type { Encoder } from "../training/encode";
import type { TokenTable } from "../training/inputs";
import type { ValidationSample } from "./context";

const CUTS = [1, 5, 10, 20, 50] as const;

/** recall@k of given vectors (raw or normalised) over the sample: share of the relevant documents found, mean over queries. */
export function sampleRecall(
  sample: ValidationSample,
  queryVectors: Float32Array,
  documentVectors: Float32Array,
  size: number,
): Record<string, number> {
  const queries = normaliseRows(queryVectors, size);
  const vectors = normaliseRows(documentVectors, size);
  const ids = Array.from(sample.documents, String);
  const sums = CUTS.map(() => 0);
  const scores = new Float32Array(ids.length);
  sample.queries.forEach((_, q) => {
    scoreAll({ ids, vectors, size }, queries.subarray(q * size, (q + 1) * size), scores);
    const best = topK(scores, ids, CUTS[CUTS.length - 1]!);
    const relevant = sample.relevant[q]!;
    CUTS.forEach((cut, c) => {
      let hits = 0;
      for (let i = 0; i < Math.min(cut, best.length); i++) if (relevant.has(best[i]!)) hits++;
      sums[c]! += relevant.size > 0 ? hits / relevant.size : 0;
    });
  });
  return Object.fromEntries(CUTS.map((cut, c) => [`recall@${cut}`, sums[c]! / Math.max(1, sample.queries.length)]));
}

/** Validates both towers by encoding the sample's queries and documents. */
export function watchBoth(
  sample: ValidationSample,
  size: number,
  query: { encoder: Encoder; table: TokenTable },
  document: { encoder: Encoder; table: TokenTable },
): () => Promise<Record<string, number>> {
  return async () => {
    const q = await query.encoder.encode(query.table, sample.queries);
    const d = await document.encoder.encode(document.table, sample.documents);
    return sampleRecall(sample, q, d, size);
  };
}

/** Validates a query tower against frozen document vectors, and its cosine to the teacher's query vectors. */
export function watchStudent(
  sample: ValidationSample,
  size: number,
  query: { encoder: Encoder; table: TokenTable },
  frozen: Float32Array,
  teacherQueries: Float32Array,
): () => Promise<Record<string, number>> {
  const documents = new Float32Array(sample.documents.length * size);
  sample.documents.forEach((d, i) => {
    documents.set(frozen.subarray(d * size, (d + 1) * size), i * size);
  });
  const teacher = normaliseRows(teacherQueries, size);
  return async () => {
    const raw = await query.encoder.encode(query.table, sample.queries);
    const student = normaliseRows(raw, size);
    let cosine = 0;
    for (let i = 0; i < student.length; i++) cosine += student[i]! * teacher[i]!;
    return { ...sampleRecall(sample, raw, documents, size), cosine: cosine / Math.max(1, sample.queries.length) };
  };
}
