/**
 * Reads a collection in BEIR form (Thakur et al. 2021, "BEIR: A Heterogenous Benchmark for Zero-shot Evaluation of
 * Information Retrieval Models"): corpus.jsonl, queries.jsonl, qrels/<split>.tsv, and the ways real files stray from it.
 * Everything decided on the way stands in the collection's `notices`. Text is data: nothing in it is interpreted.
 */
import { LabError } from "../errors";
import { clozePairs } from "./cloze";
import type { DataFile } from "./files";
import { type Records, readCorpus, readQueries } from "./jsonl";
import { layoutOf } from "./layout";
import { counted, Problems, quoted } from "./problems";
import { Passed, readJudgements } from "./qrels";
import { makeSplits, type Pools } from "./splits";
import { titlePairs } from "./titles";
import type { Dataset, Doc, Query } from "./types";
import { startReading, type Watch } from "./watch";

/** The score from which a document counts as relevant. */
const LEVEL = 1;

/** Where queries come from if the files have none. */
export type QueriesFrom = "cloze" | "titles";

export interface BeirOptions extends Watch {
  /** Seed of every split that the data does not name. */
  seed: number;
  /** What the page calls the collection; else the folder's or the .zip's name. */
  name?: string;
  /** What serves as queries where there are none: sentences of the documents (the default) or their titles. */
  queriesFrom?: QueriesFrom | undefined;
}

/**
 * Reads a collection.
 *
 * Hard negatives are a query's `metadata.negative_ids` and its judgements of score exactly 0; judgements below 0 mean "not
 * judged" and are dropped. Judgements of unknown queries or documents are counted in the notices.
 *
 * @param files as `openFiles` gives them
 * @throws LabError bad-input: faults with file, line and field (the first 20, the others counted); no corpus or several; no
 * judgement that fits; too few queries; stopped
 */
export async function readBeir(files: readonly DataFile[], options: BeirOptions): Promise<Dataset> {
  const layout = layoutOf(files);
  const problems = new Problems();
  const used = [...layout.corpus, ...layout.queries, ...layout.qrels.map(({ file }) => file)];
  const reading = startReading(used, options);
  const docs = await readCorpus(layout.corpus, problems, reading);
  const queries = await readQueries(layout.queries, problems, reading);
  const pools: Pools = {};
  const passed = new Passed();
  const ids = { docs: docs.place, queries: queries.place };
  for (const { split, file } of layout.qrels) {
    const qrels = pools[split] ?? new Map();
    pools[split] = qrels;
    await readJudgements(file, { ids, qrels, problems, passed }, reading);
  }
  problems.throwIfAny();
  if (docs.list.length === 0)
    throw new LabError(
      "bad-input",
      `${layout.corpus[0]!.path} holds no documents.`,
      "Check that it is the right file.",
    );

  const notices = [...layout.notices, ...emptyDocs(docs.list)];
  const name = options.name ?? (layout.name || "collection");
  if (queries.list.length === 0 && layout.qrels.length === 0) {
    const pairs = (options.queriesFrom === "titles" ? titlePairs : clozePairs)(docs.list, options.seed);
    return { name, relevanceLevel: LEVEL, ...pairs, notices: [...notices, ...pairs.notices] };
  }
  checkParts(queries.list, layout.qrels.length, pools, passed);
  notices.push(...passed.notices(), ...setNegatives(queries, docs, pools));
  const { train, validation, test, notices: decisions } = makeSplits(queries.list, pools, LEVEL, options.seed);
  notices.push(...decisions);
  return { name, docs: docs.list, train, validation, test, relevanceLevel: LEVEL, notices };
}

function emptyDocs(docs: readonly Doc[]): string[] {
  const empty = docs.filter(({ title, text }) => title.trim() === "" && text.trim() === "").length;
  return empty > 0 ? [`${counted(empty, "document")} without any text.`] : [];
}

function checkParts(queries: readonly Query[], files: number, pools: Pools, passed: Passed): void {
  if (queries.length === 0)
    throw new LabError(
      "bad-input",
      "There are judgements but no queries.",
      "Add queries.jsonl with the text of the queries.",
    );
  if (files === 0)
    throw new LabError(
      "bad-input",
      `There are ${counted(queries.length, "query", "queries")} but no judgements.`,
      "Add qrels/train.tsv or qrels.tsv. Without queries.jsonl, sentences of the documents serve as queries.",
    );
  if (Object.values(pools).every((qrels) => qrels.size === 0))
    throw new LabError(
      "bad-input",
      ["No judgement is left to use.", ...passed.notices()].join(" "),
      "Check that corpus, queries and judgements belong together.",
    );
}

/** Gives each query its known negatives: listed ones first, then judgements of score 0; never a document graded above 0. */
function setNegatives(queries: Records<Query>, docs: Records<Doc>, pools: Pools): string[] {
  let unknown = 0;
  let relevant = 0;
  let withSome = 0;
  let firstUnknown = "";
  queries.list.forEach((query, place) => {
    const above = new Set<string>();
    const negatives = new Set<string>();
    const judged = Object.values(pools).map((qrels) => qrels.get(query.id) ?? []);
    for (const grades of judged) for (const [id, grade] of grades) if (grade > 0) above.add(id);
    for (const id of query.negatives ?? []) {
      if (!docs.place.has(id)) {
        if (unknown++ === 0) firstUnknown = `${quoted(id)} in ${queries.where(place)}`;
      } else if (above.has(id)) relevant++;
      else negatives.add(id);
    }
    for (const grades of judged) for (const [id, grade] of grades) if (grade === 0 && !above.has(id)) negatives.add(id);
    if (negatives.size > 0) {
      query.negatives = [...negatives];
      withSome++;
    } else delete query.negatives;
  });
  const notices: string[] = [];
  if (withSome > 0) notices.push(`${counted(withSome, "query has", "queries have")} known negatives.`);
  if (unknown > 0)
    notices.push(`${counted(unknown, "known negative")} passed over: not in the corpus. The first: ${firstUnknown}.`);
  if (relevant > 0)
    notices.push(`${counted(relevant, "known negative")} passed over: judged above 0 for the same query.`);
  return notices;
}
