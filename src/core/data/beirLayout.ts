/** Which of many files is what in a collection of BEIR's form, told by the names alone. */
import { LabError } from "../errors";
import type { TextFile } from "./files";
import { counted, quoted } from "./problems";

export type SplitName = "train" | "validation" | "test";

export interface Layout {
  /** Name of the folder that holds the collection; "" where the files came without one. */
  name: string;
  corpus: TextFile[];
  queries: TextFile[];
  /** Judgements; `split` is null where the name says none. */
  qrels: { file: TextFile; split: SplitName | null }[];
  notices: string[];
}

const LINES = "(?:jsonl|ndjson|json)";
const CORPUS_FILE = new RegExp(`^(?:corpus|documents|segment|collection)[^/]*\\.${LINES}$`, "i");
const CORPUS_FOLDER = new RegExp(`^(.*/)?(?:corpus|documents)/[^/]+\\.${LINES}$`, "i");
const QUERIES = new RegExp(`^queries[^/]*\\.${LINES}$`, "i");
const QRELS = /^(?:qrels?[._-]?)?([a-z]*)\.(?:tsv|txt|qrels?|trec)$/i;

const SPLITS: Record<string, SplitName> = {
  train: "train",
  training: "train",
  dev: "validation",
  val: "validation",
  valid: "validation",
  validation: "validation",
  test: "test",
};

const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/") + 1);
const fileOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/** The folder (ending in "/", or "") whose collection a corpus file belongs to; null for any other file. */
function rootOf(path: string): string | null {
  const folder = CORPUS_FOLDER.exec(path);
  if (folder) return folder[1] ?? "";
  return CORPUS_FILE.test(fileOf(path)) ? folderOf(path) : null;
}

/**
 * Finds the collection nearest to the top.
 * @throws LabError bad-input where there is no corpus, or more than one beside each other
 */
export function beirLayout(files: readonly TextFile[]): Layout {
  const byRoot = new Map<string, TextFile[]>();
  for (const file of files) {
    const root = rootOf(file.path);
    if (root !== null) byRoot.set(root, [...(byRoot.get(root) ?? []), file]);
  }
  const depth = (root: string) => root.split("/").length;
  const roots = [...byRoot.keys()].sort((a, b) => depth(a) - depth(b));
  const root = roots[0];
  if (root === undefined)
    throw new LabError(
      "bad-input",
      `There is no corpus.jsonl among ${counted(files.length, "file", "files")} (${quoted(files[0]?.path ?? "")} ...).`,
      'Documents belong in corpus.jsonl, one a line: {"_id": "...", "title": "...", "text": "..."}.',
    );
  const beside = roots.filter((other) => depth(other) === depth(root));
  if (beside.length > 1)
    throw new LabError(
      "bad-input",
      `There are ${beside.length} collections: ${beside.slice(0, 5).map((r) => quoted(r || "the top folder")).join(", ")}.`,
      "Give one of them.",
    );
  const corpus = byRoot.get(root)!;
  const queries: TextFile[] = [];
  const qrels: Layout["qrels"] = [];
  const notices: string[] = [];
  for (const file of files) {
    if (!file.path.startsWith(root)) continue;
    const path = file.path.slice(root.length);
    const name = fileOf(path);
    const below = path.slice(0, path.length - name.length);
    if (corpus.includes(file)) continue;
    if ((below === "" && QUERIES.test(name)) || below === "queries/") queries.push(file);
    else if (below === "qrels/" || below === "") {
      const found = QRELS.exec(name);
      const word = found?.[1]?.toLowerCase() ?? "";
      const split = SPLITS[word];
      if (found && split) qrels.push({ file, split });
      else if (found && (word === "" || word === "all" || word === "qrels")) qrels.push({ file, split: null });
      else if (below === "qrels/")
        notices.push(`${file.path} was not read: its name is not train, dev, validation or test.`);
    }
  }
  return { name: fileOf(root.slice(0, -1)), corpus, queries, qrels, notices };
}
