/** The collection as tokens: each kind of tower has its own tokenizer, prompt and lengths. */
import type { Experiment } from "../config/schema";
import { type Dataset, documentText } from "../data/types";
import { trainBpe } from "../text/bpe";
import { loadTokenizer, type TextTokenizer } from "../text/tokenizer";
import { paddedLength, type TokenTable, tokenTable } from "../training/inputs";
import type { Starts } from "./starts";

/** One tokenizer's view of the collection. */
export interface TowerText {
  tokenizer: TextTokenizer;
  documents: TokenTable;
  train: TokenTable;
  validation: TokenTable;
  test: TokenTable;
  /** Padded lengths in tokens. */
  queryLength: number;
  documentLength: number;
  /** Texts that were cut at the longest length. */
  cutDocuments: number;
  /** A query as this tower reads it, prompt included. */
  encodeQuery(text: string): Int32Array;
}

export interface Texts {
  teacher: TowerText;
  student: TowerText;
}

type TextSettings = Pick<
  Experiment["teacher"],
  "vocabulary" | "queryTokens" | "docTokens" | "prompt" | "docPrompt" | "pooling"
>;

/**
 * Learns the tokenizers from documents and training queries (never from test queries) and tokenises everything.
 * @param stored tokenizer.json objects of a run that is resumed or searched
 * @param starts checkpoints that towers start from: they bring their tokenizers
 */
export function prepareTexts(
  experiment: Experiment,
  dataset: Dataset,
  stored?: { teacher: unknown; student: unknown },
  starts: Starts = {},
): Texts {
  const documents = dataset.docs.map(documentText);
  const learned = new Map<string, TextTokenizer>();
  const tokenizerOf = (settings: TextSettings, json: unknown): TextTokenizer => {
    if (json) return loadTokenizer(json);
    // A mean needs no marks; the first or the last token does, so that it is the same one in every text.
    const special = settings.pooling !== "mean";
    const key = `${settings.vocabulary} ${special}`;
    let tokenizer = learned.get(key);
    if (!tokenizer) {
      const texts = [...documents, ...dataset.train.queries.map((q) => q.text)];
      tokenizer = loadTokenizer(trainBpe(texts, settings.vocabulary, { special }));
      learned.set(key, tokenizer);
    }
    return tokenizer;
  };
  const view = (settings: TextSettings, tokenizer: TextTokenizer): TowerText => {
    const encodeQuery = (text: string) => tokenizer.encode(settings.prompt + text, settings.queryTokens);
    const queries = (split: { queries: { text: string }[] }) => tokenTable(split.queries, (q) => encodeQuery(q.text));
    const train = queries(dataset.train);
    const validation = queries(dataset.validation);
    const test = queries(dataset.test);
    const docs = tokenTable(documents, (text) => tokenizer.encode(settings.docPrompt + text, settings.docTokens));
    let cutDocuments = 0;
    for (let i = 0; i < documents.length; i++)
      if (docs.offsets[i + 1]! - docs.offsets[i]! >= settings.docTokens) cutDocuments++;
    return {
      tokenizer,
      documents: docs,
      train,
      validation,
      test,
      queryLength: paddedLength([train, validation, test], settings.queryTokens),
      documentLength: paddedLength([docs], settings.docTokens),
      cutDocuments,
      encodeQuery,
    };
  };
  const { teacher, student } = experiment;
  const big = starts.teacher?.tokenizer ?? tokenizerOf(teacher, stored?.teacher);
  // The teacher's own layers and embeddings want the ids that they were trained with.
  const inherited = starts.teacher && student.init !== "random" ? big : null;
  const small = starts.student?.tokenizer ?? inherited ?? tokenizerOf(student, stored?.student);
  return { teacher: view(teacher, big), student: view(student, small) };
}
