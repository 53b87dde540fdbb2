/** What a user's files are, from their names alone: which is the corpus, which hold queries, judgements, tables or texts. */
import { LabError } from "../errors";
import { counted, firstFew } from "./problems";
import type { PoolName } from "./splits";

interface Named {
  path: string;
}

export interface Layout<F extends Named> {
  corpus: F[];
  queries: F[];
  qrels: { split: PoolName; file: F }[];
  /** From the folder or .zip that holds the corpus; empty where its name is not known. */
  name: string;
  notices: string[];
}

const FORM =
  "A collection has corpus.jsonl (or segments of it), queries.jsonl and qrels/train.tsv, qrels/dev.tsv, qrels/test.tsv; each may be gzipped, all may be in one .zip. Pairs as .csv, .tsv, .jsonl or .parquet and texts as .txt or .md are read too.";

const plain = (path: string) => path.replace(/\.gz$/i, "");
const folders = (path: string) => path.split("/").slice(0, -1);
const base = (path: string) => plain(path).split("/").at(-1)!.toLowerCase();
const isRecords = (path: string) => /\.(jsonl|ndjson|parquet)$/i.test(plain(path));
const QUERIES = /^quer(y|ies)([^a-z].*)?\.(jsonl|ndjson|parquet)$/;
const SEGMENT =
  /^(corpus|segment|collection|documents?|docs?|passages?|part|shard)([^a-z].*|\d.*)?\.(jsonl|ndjson|parquet)$/;
const CORPUS_FOLDER = /^(corpus|documents|docs|passages|segments)$/i;
const SPLIT: [RegExp, PoolName][] = [
  [/(^|[^a-z])train(ing)?([^a-z]|$)/, "train"],
  [/(^|[^a-z])(dev|valid|val|validation|development)([^a-z]|$)/, "validation"],
  [/(^|[^a-z])test([^a-z]|$)/, "test"],
];

/** Where one corpus lies: its own folder, or the one that holds that. */
function home(path: string): string {
  const parts = folders(path);
  const own = parts.findIndex((part) => CORPUS_FOLDER.test(part));
  return parts.slice(0, own < 0 ? parts.length : own).join("/");
}

/** The split that a file's name speaks of. */
export function namedSplit(path: string): PoolName | null {
  const name = base(path).replace(/\.[a-z]+$/, "");
  return SPLIT.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

/** The split of a table: from its name, or from the folder that it lies in. */
export function tableSplit(path: string): PoolName | null {
  return namedSplit(path) ?? (isSplitFolder(path) ? namedSplit(folders(path).at(-1)!) : null);
}

const isSplitFolder = (path: string) => /^(train|dev|valid|validation|test)$/i.test(folders(path).at(-1) ?? "");

/** The folder of a table, without one that is named after its split: tables of one folder belong together. */
export function tableHome(path: string): string {
  return folders(path)
    .slice(0, isSplitFolder(path) ? -1 : undefined)
    .join("/");
}

/** Whether a file's name or folder says that it holds judgements. */
export const judges = (path: string) => /qrels?/.test(base(path)) || folders(path).some((part) => /qrels?/i.test(part));

/** The split whose judgements a file holds; null where it holds none. */
function splitOf(path: string): PoolName | null {
  if (!/\.(tsv|txt|trec|qrels|jsonl|ndjson|parquet)$/i.test(plain(path))) return null;
  if (judges(path)) return namedSplit(path) ?? "all";
  // Loose files lose their folder: train.tsv, dev.tsv, test.tsv.
  return !isRecords(path) && /^[a-z]+\.[a-z]+$/.test(base(path)) ? namedSplit(path) : null;
}

/** Of a file that is there in two forms, plain and gzipped or .tsv and .jsonl, the one that is read faster. */
function once<F extends Named>(files: readonly F[], notices: string[]): F[] {
  const paths = new Set(files.map(({ path }) => path));
  return files.filter(({ path }) => {
    const tsv = judges(path) ? plain(path).replace(/\.(jsonl|ndjson|parquet)$/i, ".tsv") : path;
    const twin = [plain(path), tsv].find((other) => other !== path && paths.has(other));
    if (twin) notices.push(`${path} is not used: ${twin} is there too.`);
    return !twin;
  });
}

function corpusFiles<F extends Named>(files: F[]): F[] {
  const whole = files.filter(({ path }) => base(path) === "corpus.jsonl");
  if (whole.length > 0) return whole;
  const inFolder = (path: string) => folders(path).some((part) => CORPUS_FOLDER.test(part));
  return files.filter(({ path }) => SEGMENT.test(base(path)) || inFolder(path));
}

const isQueries = (path: string) =>
  isRecords(path) && (QUERIES.test(base(path)) || folders(path).at(-1)?.toLowerCase() === "queries");

/** What lies beside data to be read by people: no one misses it in a collection. */
export const isAside = (path: string) => /^(readme|licen[cs]e|notice)([^a-z].*)?$/.test(base(path));

/** Files by what their names say; of a collection in BEIR form only the first three are used. */
export interface Sorted<F extends Named> {
  corpus: F[];
  queries: F[];
  qrels: { split: PoolName; file: F }[];
  /** Records of a name that says nothing. */
  others: F[];
  /** What can only be a table: .csv, and .tsv that holds no judgements. */
  tables: F[];
  /** .md, and .txt that holds no judgements. */
  texts: F[];
  notices: string[];
}

/** Sorts files by their names. */
export function sortFiles<F extends Named>(all: readonly F[]): Sorted<F> {
  const notices: string[] = [];
  const files = once(all, notices);
  const qrels = files.flatMap((file) => {
    const split = splitOf(file.path);
    return split === null ? [] : [{ split, file }];
  });
  const rest = files.filter((file) => !qrels.some((q) => q.file === file));
  const queries = rest.filter(({ path }) => isQueries(path));
  const records = rest.filter((file) => isRecords(file.path) && !queries.includes(file));
  const corpus = corpusFiles(records);
  const named = (pattern: RegExp) => rest.filter(({ path }) => pattern.test(plain(path)));
  return {
    corpus,
    queries,
    qrels,
    others: records.filter((file) => !corpus.includes(file)),
    tables: named(/\.(csv|tsv)$/i),
    texts: named(/\.(md|markdown|txt)$/i),
    notices,
  };
}

/**
 * Sorts the files of a collection.
 *
 * @throws LabError bad-input where there is no corpus, or several
 */
export function layoutOf<F extends Named>(all: readonly F[]): Layout<F> {
  const { queries, qrels, notices, ...sorted } = sortFiles(all);
  let { corpus, others } = sorted;
  // One file of unknown name can only be it.
  if (corpus.length === 0 && others.length === 1) [corpus, others] = [others, []];
  // Hubs keep judgements in a folder of any name: data/test-00000-of-00001.parquet.
  if (qrels.length === 0 && queries.length > 0) {
    const judged = others.flatMap((file) => {
      const split = namedSplit(file.path);
      return split === null ? [] : [{ split, file }];
    });
    qrels.push(...judged);
    others = others.filter((file) => !judged.some((j) => j.file === file));
  }
  if (corpus.length === 0) {
    const seen =
      all.length > 0
        ? ` Seen: ${firstFew(
            all.map(({ path }) => path),
            all.length,
          )}.`
        : "";
    throw new LabError("bad-input", `There is no corpus.jsonl among the files.${seen}`, FORM);
  }
  const homes = [...new Set(corpus.map(({ path }) => home(path)))];
  if (homes.length > 1)
    throw new LabError(
      "bad-input",
      `There are several collections: ${firstFew(
        homes.map((path) => path || "(top)"),
        homes.length,
      )}.`,
      "Load one of these folders.",
    );
  if (corpus.length > 1) notices.push(`The corpus is in ${counted(corpus.length, "segment")}.`);
  const unused = [...others, ...sorted.tables, ...sorted.texts.filter(({ path }) => !isAside(path))];
  if (unused.length > 0)
    notices.push(
      `Not used: ${firstFew(
        unused.map(({ path }) => path),
        unused.length,
      )}.`,
    );
  return { corpus, queries, qrels, name: nameOf(homes[0]!), notices };
}

/** What a folder or a .zip is called: the last part of its path. */
export const nameOf = (path: string) =>
  path
    .split("/")
    .at(-1)!
    .replace(/\.zip(\.gz)?$/i, "");
