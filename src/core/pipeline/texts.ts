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
  /** Padded lengths in tokens, of training and validation queries and of documents. */
  queryLength: number;
  documentLength: number;
  /** Texts that were cut at the longest length. */
  cutDocuments: number;
  /** A query as this tower reads it, prompt included. */
  encodeQuery(text: string): Int32Array;
  /** Queries to be answered, and their padded length: that of training, or more where one is longer. */
  asked(queries: readonly string[]): { table: TokenTable; length: number };
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
 * Learns the tokenizers from documents and training queries and tokenises what training and its watching read. Of test
 * queries nothing is known here, so that the same towers answer whatever is asked.
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
    const docs = tokenTable(documents, (text) => tokenizer.encode(settings.docPrompt + text, settings.docTokens));
    let cutDocuments = 0;
    for (let i = 0; i < documents.length; i++)
      if (docs.offsets[i + 1]! - docs.offsets[i]! >= settings.docTokens) cutDocuments++;
    const queryLength = paddedLength([train, validation], settings.queryTokens);
    return {
      tokenizer,
      documents: docs,
      train,
      validation,
      queryLength,
      documentLength: paddedLength([docs], settings.docTokens),
      cutDocuments,
      encodeQuery,
      asked(texts) {
        const table = tokenTable(texts, encodeQuery);
        return { table, length: Math.max(queryLength, paddedLength([table], settings.queryTokens)) };
      },
    };
  };
  const { teacher, student } = experiment;
  const big = starts.teacher?.tokenizer ?? tokenizerOf(teacher, stored?.teacher);
  // The teacher's own layers and embeddings want the ids that they were trained with.
  const inherited = starts.teacher && student.init !== "random" ? big : null;
  const small = starts.student?.tokenizer ?? inherited ?? tokenizerOf(student, stored?.student);
  return { teacher: view(teacher, big), student: view(student, small) };
}
