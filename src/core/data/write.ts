/** Writes a collection in BEIR's form. Name, notices and relevance level are not part of that form. */
import { LabError } from "../errors";
import { quoted } from "./problems";
import type { Dataset, Query, Split } from "./types";

const utf8 = new TextEncoder();

/** Encodes lines piece by piece: a large corpus does not fit into one string. */
function encodeLines(lines: Iterable<string>): Uint8Array {
  let bytes = new Uint8Array(1 << 16);
  let size = 0;
  for (const line of lines) {
    // UTF-8 takes at most 3 bytes for each UTF-16 unit.
    const most = size + 3 * line.length + 1;
    if (most > bytes.length) {
      const larger = new Uint8Array(Math.max(most, 2 * bytes.length));
      larger.set(bytes.subarray(0, size));
      bytes = larger;
    }
    size += utf8.encodeInto(line, bytes.subarray(size)).written;
    bytes[size++] = 10;
  }
  return bytes.slice(0, size);
}

/** @throws LabError where an id cannot stand in a line with tabs */
function column(id: string): string {
  if (id === "" || /[\t\n\r]|^ | $|\p{Surrogate}/u.test(id))
    throw new LabError(
      "bad-input",
      `The id ${quoted(id)} cannot be written to qrels.`,
      "Ids must not be empty, begin or end with a blank, or hold tabs or line ends.",
    );
  return id;
}

function* judgements({ queries, qrels }: Split): Generator<string> {
  yield "query-id\tcorpus-id\tscore";
  for (const { id } of queries)
    for (const [docId, grade] of qrels.get(id) ?? []) yield `${column(id)}\t${column(docId)}\t${grade}`;
}

const queryLine = ({ id, text, negatives }: Query) =>
  JSON.stringify({ _id: id, text, ...(negatives && negatives.length > 0 ? { metadata: { negative_ids: negatives } } : {}) });

/**
 * corpus.jsonl, queries.jsonl and qrels/{train,dev,test}.tsv. Reading them again gives the same documents, queries and
 * judgements.
 * @throws LabError bad-input for an id that the form cannot hold
 */
export function writeBeir(dataset: Dataset): { path: string; bytes: Uint8Array }[] {
  const { docs, train, validation, test } = dataset;
  const queries = [...train.queries, ...validation.queries, ...test.queries];
  return [
    {
      path: "corpus.jsonl",
      bytes: encodeLines(docs.values().map(({ id, title, text }) => JSON.stringify({ _id: id, title, text }))),
    },
    { path: "queries.jsonl", bytes: encodeLines(queries.map(queryLine)) },
    { path: "qrels/train.tsv", bytes: encodeLines(judgements(train)) },
    { path: "qrels/dev.tsv", bytes: encodeLines(judgements(validation)) },
    { path: "qrels/test.tsv", bytes: encodeLines(judgements(test)) },
  ];
}
