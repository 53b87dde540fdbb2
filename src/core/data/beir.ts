/**
 * Reads a retrieval collection in BEIR's form (Thakur et al. 2021): corpus.jsonl, queries.jsonl, qrels/<split>.tsv, and the
 * variants met in real files: several segments, no header, mixed separators, TREC's four columns, numbers as ids.
 */
import { LabError } from "../errors";
import { beirLayout, type Layout } from "./beirLayout";
import { clozePairs, restoreSome } from "./cloze";
import type { TextFile } from "./files";
import { fieldsOf, jsonLines } from "./jsonl";
import { counted, createProblems, createTally, type Problems } from "./problems";
import { readJudgements } from "./qrels";
import { completeSplits, type NamedQrels } from "./splits";
import type { Dataset, Doc, Qrels, Query } from "./types";

export interface ReadOptions {
  /** Draws the splits that the files do not give. */
  seed: number;
  /** Told now and then how many bytes have been read; what it returns is awaited, so a page may breathe. */
  onProgress?: (done: number, total: number) => void | Promise<void>;
}

/** In BEIR's form a judgement of 1 or more means relevant. */
const LEVEL = 1;
const MEND = "Mend these lines and give the files again.";

/**
 * @throws LabError bad-input: with file, line and field of what is wrong (the first 20, the rest counted), or with what is
 * missing for an experiment
 */
export async function readBeir(files: readonly TextFile[], options: ReadOptions): Promise<Dataset> {
  const layout = beirLayout(files);
  const notices = [...layout.notices];
  const problems = createProblems();
  const progress = progressOf(layout, options);

  const docs: Doc[] = [];
  const docIds = new Set<string>();
  for (const file of layout.corpus) {
    readDocs(file, docs, docIds, problems);
    await progress(file);
  }
  const queries: Query[] = [];
  const queryById = new Map<string, Query>();
  for (const file of layout.queries) {
    readQueries(file, queries, queryById, problems);
    await progress(file);
  }
  const named: NamedQrels = { train: new Map(), validation: new Map(), test: new Map(), unnamed: new Map() };
  const known = { docIds, queryById };
  const left = { documents: createTally(), queries: createTally() };
  let judgements = 0;
  for (const { file, split } of layout.qrels) {
    judgements += readQrels(file, named[split ?? "unnamed"], known, left, problems);
    await progress(file);
  }
  problems.throwIfAny(MEND);

  if (docs.length === 0)
    throw new LabError("bad-input", `${layout.corpus[0]!.path} holds no documents.`, "Give a collection with documents.");
  tell(docs, queries, left, notices);
  const dataset = { name: layout.name || "Your files", relevanceLevel: LEVEL, notices };

  if (queries.length === 0 && layout.qrels.length > 0)
    throw new LabError("bad-input", "There are judgements, but no queries.jsonl.", "Give queries.jsonl with them.");
  if (judgements === 0) {
    if (left.documents.count + left.queries.count > 0)
      throw new LabError(
        "bad-input",
        `None of the judgements is for a query and a document that are there (${left.queries.count > 0 ? `unknown queries, ${left.queries.examples()}` : `unknown documents, ${left.documents.examples()}`}).`,
        "Check that the ids in qrels are those of corpus.jsonl and queries.jsonl.",
      );
    if (queries.length > 0)
      notices.push(`${counted(queries.length, "query has", "queries have")} no judgements (qrels), so they cannot be used.`);
    return { ...dataset, ...clozeDataset(docs, options.seed, notices) };
  }
  addNegatives(queryById, named, docIds, notices);
  return { ...dataset, docs, ...completeSplits(queries, named, options.seed, LEVEL, notices) };
}

function progressOf(layout: Layout, options: ReadOptions): (file: TextFile) => Promise<void> {
  const all = [...layout.corpus, ...layout.queries, ...layout.qrels.map(({ file }) => file)];
  const total = all.reduce((sum, file) => sum + file.bytes.length, 0);
  let done = 0;
  return async (file) => {
    done += file.bytes.length;
    await options.onProgress?.(done, total);
  };
}

function readDocs(file: TextFile, docs: Doc[], ids: Set<string>, problems: Problems): void {
  for (const [line, object] of jsonLines(file, problems)) {
    const fields = fieldsOf(object, file.path, line, problems);
    const id = fields.id(["_id", "id"]);
    const title = fields.optionalText("title");
    const text = fields.text(["text", "contents"]);
    if (id === null || title === null || text === null) continue;
    if (ids.has(id)) problems.add(file.path, line, "_id", `a document before it has the id "${id}".`);
    ids.add(id);
    docs.push({ id, title, text });
  }
}

function readQueries(file: TextFile, queries: Query[], byId: Map<string, Query>, problems: Problems): void {
  for (const [line, object] of jsonLines(file, problems)) {
    const fields = fieldsOf(object, file.path, line, problems);
    const id = fields.id(["_id", "id"]);
    const text = fields.text(["text"]);
    const negatives = fields.ids(["metadata", "negative_ids"]);
    if (id === null || text === null || negatives === null) continue;
    if (byId.has(id)) problems.add(file.path, line, "_id", `a query before it has the id "${id}".`);
    const query: Query = negatives.length > 0 ? { id, text, negatives } : { id, text };
    byId.set(id, query);
    queries.push(query);
  }
}

/** Adds a file's judgements; returns how many are for a query and a document that are there. */
function readQrels(
  file: TextFile,
  qrels: Qrels,
  known: { docIds: ReadonlySet<string>; queryById: ReadonlyMap<string, Query> },
  left: { documents: ReturnType<typeof createTally>; queries: ReturnType<typeof createTally> },
  problems: Problems,
): number {
  let used = 0;
  for (const { line, queryId, docId, score } of readJudgements(file, problems)) {
    if (!known.queryById.has(queryId)) {
      left.queries.add(queryId);
      continue;
    }
    if (!known.docIds.has(docId)) {
      left.documents.add(docId);
      continue;
    }
    let grades = qrels.get(queryId);
    if (!grades) {
      grades = new Map();
      qrels.set(queryId, grades);
    }
    const before = grades.get(docId);
    if (before !== undefined && before !== score)
      problems.add(file.path, line, "score", `document "${docId}" of query "${queryId}" was judged ${before} before, now ${score}.`);
    grades.set(docId, score);
    used++;
  }
  return used;
}

function tell(
  docs: readonly Doc[],
  queries: readonly Query[],
  left: { documents: ReturnType<typeof createTally>; queries: ReturnType<typeof createTally> },
  notices: string[],
): void {
  const blankDocs = docs.filter((doc) => !/\S/.test(doc.title + doc.text)).length;
  if (blankDocs > 0) notices.push(`${counted(blankDocs, "document has", "documents have")} neither title nor text.`);
  const blankQueries = queries.filter((query) => !/\S/.test(query.text)).length;
  if (blankQueries > 0) notices.push(`${counted(blankQueries, "query has", "queries have")} no text.`);
  for (const [kind, tally] of [
    ["queries", left.queries],
    ["documents", left.documents],
  ] as const)
    if (tally.count > 0)
      notices.push(
        `${counted(tally.count, "judgement was", "judgements were")} left out: for ${kind} that are not there (${tally.examples()}).`,
      );
}

/** Known near misses: a judgement of exactly 0, or the query's own metadata.negative_ids; never a document graded above 0. */
function addNegatives(
  queryById: ReadonlyMap<string, Query>,
  named: NamedQrels,
  docIds: ReadonlySet<string>,
  notices: string[],
): void {
  const unknown = createTally();
  const relevant = createTally();
  for (const query of queryById.values()) {
    const negatives = new Set<string>();
    const grades = [named.train, named.validation, named.test, named.unnamed].flatMap((qrels) => [...(qrels.get(query.id) ?? [])]);
    const above = new Set(grades.filter(([, grade]) => grade > 0).map(([id]) => id));
    for (const id of query.negatives ?? [])
      if (!docIds.has(id)) unknown.add(id);
      else if (above.has(id)) relevant.add(id);
      else negatives.add(id);
    for (const [id, grade] of grades) if (grade === 0 && !above.has(id)) negatives.add(id);
    if (negatives.size > 0) query.negatives = [...negatives];
    else delete query.negatives;
  }
  if (unknown.count > 0)
    notices.push(`${counted(unknown.count, "hard negative was", "hard negatives were")} left out: not in the corpus (${unknown.examples()}).`);
  if (relevant.count > 0)
    notices.push(
      `${counted(relevant.count, "hard negative was", "hard negatives were")} left out: judged above 0 for the same query (${relevant.examples()}).`,
    );
}

function clozeDataset(docs: readonly Doc[], seed: number, notices: string[]): Pick<Dataset, "docs" | "train" | "validation" | "test"> {
  const pairs = clozePairs(docs, seed);
  if (pairs.queries.length < 4)
    throw new LabError(
      "bad-input",
      "There are no judged queries, and the documents are too short to make some of their sentences.",
      "Give queries.jsonl and qrels/*.tsv, or documents of several sentences.",
    );
  const none: Qrels = new Map();
  const said: string[] = [];
  const splits = completeSplits(
    pairs.queries,
    { train: none, validation: none, test: none, unnamed: pairs.qrels },
    seed,
    LEVEL,
    said,
  );
  const whole = restoreSome(pairs, splits.train.queries, seed, notices);
  notices.push(...said);
  return { docs: whole, ...splits };
}
