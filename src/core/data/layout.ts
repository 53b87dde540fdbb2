/** Which of a user's files is the corpus, which hold queries and which judgements, from their names alone. */
import { LabError } from "../errors";
import type { TextFile } from "./files";
import { counted, firstFew } from "./problems";
import type { PoolName } from "./splits";

export interface Layout {
  corpus: TextFile[];
  queries: TextFile[];
  qrels: { split: PoolName; file: TextFile }[];
  /** From the folder or .zip that holds the corpus; empty where its name is not known. */
  name: string;
  notices: string[];
}

const FORM =
  "A collection has corpus.jsonl (or segments of it), queries.jsonl and qrels/train.tsv, qrels/dev.tsv, qrels/test.tsv; each may be gzipped, all may be in one .zip.";

const plain = (path: string) => path.replace(/\.gz$/i, "");
const folders = (path: string) => path.split("/").slice(0, -1);
const base = (path: string) => plain(path).split("/").at(-1)!.toLowerCase();
const isJsonl = (path: string) => /\.(jsonl|ndjson)$/i.test(plain(path));
const QUERIES = /^quer(y|ies)([^a-z].*)?\.(jsonl|ndjson)$/;
const SEGMENT = /^(corpus|segment|collection|documents?|docs?|passages?|part|shard)([^a-z].*|\d.*)?\.(jsonl|ndjson)$/;
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

/** The split whose judgements a file holds; null where it holds none. */
function splitOf(path: string): PoolName | null {
  if (!/\.(tsv|txt|trec|qrels)$/i.test(plain(path))) return null;
  const name = base(path).replace(/\.[a-z]+$/, "");
  const split = SPLIT.find(([pattern]) => pattern.test(name))?.[1];
  const judged = /qrels?/.test(base(path)) || folders(path).some((part) => /qrels?/i.test(part));
  if (judged) return split ?? "all";
  // Loose files lose their folder: train.tsv, dev.tsv, test.tsv.
  return split !== undefined && /^[a-z]+$/.test(name) ? split : null;
}

/** Of a file that is there both plain and gzipped, the plain one. */
function once(files: readonly TextFile[], notices: string[]): TextFile[] {
  const paths = new Set(files.map(({ path }) => path));
  return files.filter(({ path }) => {
    const twin = plain(path) !== path && paths.has(plain(path));
    if (twin) notices.push(`${path} is not used: ${plain(path)} is there too.`);
    return !twin;
  });
}

function corpusFiles(files: TextFile[]): TextFile[] {
  const whole = files.filter(({ path }) => base(path) === "corpus.jsonl");
  if (whole.length > 0) return whole;
  const inFolder = (path: string) => folders(path).some((part) => CORPUS_FOLDER.test(part));
  const segments = files.filter(({ path }) => SEGMENT.test(base(path)) || inFolder(path));
  if (segments.length > 0) return segments;
  // One file of unknown name can only be it.
  return files.length === 1 ? files : [];
}

/**
 * Sorts the files of a collection.
 *
 * @throws LabError bad-input where there is no corpus, or several
 */
export function layoutOf(all: readonly TextFile[]): Layout {
  const notices: string[] = [];
  const files = once(all, notices);
  const inQueries = (path: string) => folders(path).at(-1)?.toLowerCase() === "queries";
  const queries = files.filter(({ path }) => isJsonl(path) && (QUERIES.test(base(path)) || inQueries(path)));
  const others = files.filter((file) => isJsonl(file.path) && !queries.includes(file));
  const corpus = corpusFiles(others);
  const qrels = files.flatMap((file) => {
    const split = splitOf(file.path);
    return split === null ? [] : [{ split, file }];
  });
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
  const unused = others.filter((file) => !corpus.includes(file));
  if (unused.length > 0)
    notices.push(
      `Not used: ${firstFew(
        unused.map(({ path }) => path),
        unused.length,
      )}.`,
    );
  const name = homes[0]!
    .split("/")
    .at(-1)!
    .replace(/\.zip$/i, "");
  return { corpus, queries, qrels, name, notices };
}
