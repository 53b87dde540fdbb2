/** Writes a collection in BEIR form; `readBeir` gives it back. */
import { concatBytes } from "../bytes";
import { writeJudgements } from "./qrels";
import type { Dataset } from "./types";

const encoder = new TextEncoder();
const TOGETHER = 1000;

/** One JSON object a line, encoded some at a time: a corpus may be longer than a string can be. */
function jsonLines<T>(records: readonly T[], shape: (record: T) => object): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let i = 0; i < records.length; i += TOGETHER) {
    const lines = records.slice(i, i + TOGETHER).map((record) => `${JSON.stringify(shape(record))}\n`);
    parts.push(encoder.encode(lines.join("")));
  }
  return concatBytes(parts);
}

/**
 * The files of a collection: corpus.jsonl, queries.jsonl (training, validation, test; known negatives as
 * `metadata.negative_ids`) and qrels/{train,dev,test}.tsv. BEIR has no place for `name`, `notices` and `relevanceLevel`:
 * reading takes 1 for the level.
 */
export function writeBeir(dataset: Dataset): { path: string; bytes: Uint8Array }[] {
  const splits = [dataset.train, dataset.validation, dataset.test];
  const queries = splits.flatMap((split) => split.queries);
  const judgements = (["train", "dev", "test"] as const).map((name, i) => ({
    path: `qrels/${name}.tsv`,
    bytes: encoder.encode(writeJudgements(splits[i]!.qrels)),
  }));
  return [
    { path: "corpus.jsonl", bytes: jsonLines(dataset.docs, ({ id, title, text }) => ({ _id: id, title, text })) },
    {
      path: "queries.jsonl",
      bytes: jsonLines(queries, ({ id, text, negatives }) => ({
        _id: id,
        text,
        ...(negatives && negatives.length > 0 ? { metadata: { negative_ids: negatives } } : {}),
      })),
    },
    ...judgements,
  ];
}
