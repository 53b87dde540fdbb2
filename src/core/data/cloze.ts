/**
 * Queries for a corpus that has none: the inverse cloze task (Lee, Chang and Toutanova 2019, "Latent Retrieval for Weakly
 * Supervised Open Domain Question Answering"). A sentence of a document is the query, the document it came from the answer.
 *
 * The sentence is taken out of its document, else the equal words give the pair away and nothing but word matching is
 * learned or measured; as in the paper it stays in 1 of 10 training documents, since word matching has its worth too, but
 * never in a validation or test document. One sentence a document, so that no document is both trained and tested on; and
 * only sentences that stand in no other document, whose answer would be open.
 */
import { LabError } from "../errors";
import { hashString, random } from "../random";
import { counted } from "./problems";
import { makeSplits } from "./splits";
import type { Dataset, Doc, Qrels, Query } from "./types";

const MOST = 50_000;
const KEEP = 0.1;
const SHORTEST = 4; // words
const LONGEST = 300; // characters: a question is not longer
const ASIAN = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/g;

interface Span {
  from: number;
  to: number;
}

// A run of marks is looked at once, from its start: else a million dots take a million times a million steps.
const END = /(?<![.!?])[.!?]+["')\]]*(?=\s)|[。！？]+|\n+/g;

/** Sentences by their end marks, of a length that could be a question. Own rules: Intl.Segmenter differs by version. */
function sentences(text: string): Span[] {
  const spans: Span[] = [];
  let from = 0;
  const close = (to: number) => {
    const raw = text.slice(from, to);
    const start = from + (raw.length - raw.trimStart().length);
    const end = start + raw.trim().length;
    from = to;
    const sentence = text.slice(start, end);
    if (sentence.length > LONGEST) return;
    const words = sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
    // Chinese and Japanese set no blanks; two or three characters make a word.
    if (words + (sentence.match(ASIAN)?.length ?? 0) / 2.5 >= SHORTEST) spans.push({ from: start, to: end });
  };
  for (const mark of text.matchAll(END)) close(mark.index + mark[0].length);
  close(text.length);
  return spans;
}

/** Counts sentences up to 2 in one byte each; where two share a place, both count as repeated, which is harmless. */
function repeatCounter(expected: number) {
  const bits = Math.min(26, Math.max(16, Math.ceil(Math.log2(expected * 8 + 1))));
  const seen = new Uint8Array(2 ** bits);
  const place = (sentence: string) => hashString(sentence.toLowerCase().replace(/\s+/g, " ")) & (seen.length - 1);
  return {
    add: (sentence: string) => {
      const at = place(sentence);
      if (seen[at]! < 2) seen[at] = seen[at]! + 1;
    },
    once: (sentence: string) => seen[place(sentence)] === 1,
  };
}

function takeOut(doc: Doc, { from, to }: Span): Doc {
  const before = doc.text.slice(0, from).trimEnd();
  const after = doc.text.slice(to).trimStart();
  return { ...doc, text: before && after ? `${before} ${after}` : before + after };
}

/**
 * Makes queries, splits and a corpus without the queries' sentences.
 *
 * @throws LabError bad-input where fewer than 3 documents can give a sentence
 */
export function clozePairs(
  docs: readonly Doc[],
  seed: number,
): Pick<Dataset, "docs" | "train" | "validation" | "test" | "notices"> {
  const repeats = repeatCounter(docs.reduce((sum, doc) => sum + 1 + doc.text.length / 100, 0));
  for (const doc of docs) for (const { from, to } of sentences(doc.text)) repeats.add(doc.text.slice(from, to));

  const chosen = new Map<string, { place: number; span: Span }>();
  const queries: Query[] = [];
  const qrels: Qrels = new Map();
  const order = random(seed, "cloze", "documents").shuffle(docs.map((_, i) => i));
  for (const place of order) {
    if (queries.length === MOST) break;
    const doc = docs[place]!;
    const able = sentences(doc.text).filter(
      // What is left, the title included, must still be something that can be found.
      (span) =>
        /[\p{L}\p{N}]/u.test(doc.title + takeOut(doc, span).text) && repeats.once(doc.text.slice(span.from, span.to)),
    );
    if (able.length === 0) continue;
    const span = random(seed, "cloze", "sentence", place).pick(able);
    const id = `sentence-of:${doc.id}`;
    chosen.set(id, { place, span });
    queries.push({ id, text: doc.text.slice(span.from, span.to).replace(/\s+/g, " ") });
    qrels.set(id, new Map([[doc.id, 1]]));
  }
  if (queries.length < 3)
    throw new LabError(
      "bad-input",
      `There are no queries, and only ${counted(queries.length, "document")} could give a sentence as one.`,
      "Add queries.jsonl and qrels, or documents of two sentences and more.",
    );
  const { train, validation, test, notices } = makeSplits(queries, { all: qrels }, 1, seed);
  const kept = random(seed, "cloze", "keep");
  const changed = docs.slice();
  const remove = (query: Query) => {
    const { place, span } = chosen.get(query.id)!;
    changed[place] = takeOut(docs[place]!, span);
  };
  for (const query of [...validation.queries, ...test.queries]) remove(query);
  for (const query of train.queries) if (!kept.chance(KEEP)) remove(query);
  return {
    docs: changed,
    train,
    validation,
    test,
    notices: [
      `No queries: one sentence from each of ${counted(queries.length, "document")} serves as one, and the document it came from is its answer (inverse cloze).`,
      "These sentences are taken out of their documents, so that equal words do not give the answer away; 1 in 10 training documents keeps its own. What is searched is the corpus without them.",
      ...notices,
    ],
  };
}
