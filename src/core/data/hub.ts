/** Datasets of the Hugging Face hub, by the hub's own client, which is loaded when one is asked for. */
import { bytesInWords } from "../bytes";
import { LabError } from "../errors";
import { hubRefusal } from "../hubRefusal";
import { readAnswer } from "./download";
import { blobEntry, type FileEntry, isDataFile, LARGEST } from "./files";
import { isAside, layoutOf, sortFiles, tableHome } from "./layout";
import { firstFew, quoted } from "./problems";
import { checkStopped, type Watch } from "./watch";

/** A dataset on the hub: `owner/name[@revision][:folder]`. */
export interface HubName {
  name: string;
  revision: string | undefined;
  /** A folder of it, or one file; empty: all of it. */
  part: string;
}

const FORM =
  "Write owner/name, with @revision for a branch, tag or commit and :folder for one part, as in BeIR/scifact@main.";

/** Reads `owner/name[@revision][:folder]`, or the address of a dataset's page. @throws LabError bad-input */
export function hubName(text: string): HubName {
  const words = text
    .trim()
    .replace(/^https?:\/\/[^/]+\/datasets\//, "")
    .replace(/^hub:/, "")
    .replace(/\/$/, "");
  const match = /^([\w.-]+(?:\/[\w.-]+)?)(?:@([\w./-]+))?(?::([^:]+))?$/.exec(
    words.replace(/\/tree\/([\w.-]+)\/?/, "@$1:").replace(/:$/, ""),
  );
  const part = (match?.[3] ?? "").replace(/^\/|\/$/g, "");
  if (!match || [match[1], match[2] ?? "", part].some((piece) => piece!.split("/").includes("..")))
    throw new LabError("bad-input", `${quoted(text)} is no name of a dataset on the hub.`, FORM);
  return { name: match[1]!, revision: match[2], part };
}

export interface HubOptions extends Watch {
  fetcher?: typeof fetch | undefined;
  /** Another hub than huggingface.co, without a slash at the end. */
  hubUrl?: string | undefined;
}

interface Listed {
  path: string;
  size: number;
}

/**
 * The files of a dataset that make a collection, without the others: a hub keeps many forms side by side.
 *
 * @throws LabError bad-input where there are none, or tables of several folders
 */
export function wantedFiles(all: readonly Listed[], what: string): Listed[] {
  const files = all.filter(({ path }) => isDataFile(path) && !isAside(path));
  const { corpus, queries, qrels, others, tables, texts } = sortFiles(files);
  const judged = qrels.map(({ file }) => file);
  if (corpus.length > 0) {
    const layout = layoutOf(files);
    return [...layout.corpus, ...layout.queries, ...layout.qrels.map(({ file }) => file)];
  }
  // A loose train.tsv may be a table: what it holds decides, once it is here.
  const found = [...others, ...tables, ...judged];
  const homes = [...new Set(found.map(({ path }) => tableHome(path)))];
  if (homes.length > 1)
    throw new LabError(
      "bad-input",
      `${what} has several parts: ${firstFew(
        homes.map((path) => path || "(top)"),
        homes.length,
      )}.`,
      `Name one, as in ${what}:${homes.find(Boolean)}.`,
    );
  if (found.length > 0) return [...found, ...queries];
  const zips = all.filter(({ path }) => /\.zip(\.gz)?$/i.test(path));
  const rest = texts.length > 0 ? texts : zips;
  if (rest.length > 0) return rest;
  throw new LabError(
    "bad-input",
    `${what} has no files that this program reads.`,
    "It reads .jsonl, .csv, .tsv, .parquet, .txt, .md and .zip files.",
  );
}

/**
 * Fetches a dataset.
 *
 * @returns its files and the commit they are of
 * @throws LabError bad-input: no such dataset, not open to all, too large, no answer; stopped
 */
export async function hubFiles(
  { name, revision, part }: HubName,
  { fetcher = fetch, hubUrl, signal, onProgress }: HubOptions,
): Promise<{ files: FileEntry[]; commit: string }> {
  const { datasetInfo, downloadFile, listFiles } = await import("@huggingface/hub");
  const hub = hubUrl ? { hubUrl: hubUrl.replace(/\/+$/, "") } : {};
  const guarded: typeof fetch = (input, init) => fetcher(input, { ...init, ...(signal ? { signal } : {}) });
  const list = async (dataset: string, from: string | undefined) => {
    const { sha } = await datasetInfo({
      name: dataset,
      ...(from ? { revision: from } : {}),
      additionalFields: ["sha"],
      fetch: guarded,
      ...hub,
    });
    const found: (Listed & { dataset: string; commit: string })[] = [];
    const repo = { type: "dataset" as const, name: dataset };
    const pages = listFiles({ repo, recursive: true, revision: sha, fetch: guarded, ...hub });
    for await (const { type, path, size } of pages)
      if (type === "file") found.push({ path, size, dataset, commit: sha });
    return { found, sha };
  };
  try {
    const { found: all, sha } = await list(name, revision);
    const found = part === "" ? all : all.filter(({ path }) => path === part || path.startsWith(`${part}/`));
    if (found.length === 0) {
      const tops = [...new Set(all.map(({ path }) => path.split("/")[0]!))];
      throw new LabError(
        "bad-input",
        part === "" ? `${name} holds no files.` : `${name} has no folder or file ${quoted(part)}.`,
        tops.length > 0 ? `It holds ${firstFew(tops, tops.length)}.` : "Check the name.",
      );
    }
    const wanted = new Set(wantedFiles(found, name).map(({ path }) => path));
    const files = found.filter(({ path }) => wanted.has(path));
    const { corpus, qrels, others } = sortFiles(files);
    // The BEIR organisation keeps judgements in a dataset of their own.
    if (corpus.length > 0 && qrels.length + others.length === 0) {
      const judged = await list(`${name}-qrels`, undefined).catch(() => null);
      for (const file of judged?.found ?? []) if (/\.tsv$/i.test(file.path)) files.push({ ...file, path: file.path });
    }
    const total = files.reduce((sum, { size }) => sum + size, 0);
    if (total > LARGEST)
      throw new LabError(
        "bad-input",
        `${name} has ${bytesInWords(total)} of data, more than the ${bytesInWords(LARGEST)} that this program takes.`,
        `Name a part of it, as in ${name}:folder.`,
      );
    const entries: FileEntry[] = [];
    const folder = name.split("/").at(-1)!;
    let before = 0;
    for (const { path, size, dataset, commit } of files) {
      const repo = { type: "dataset" as const, name: dataset };
      const blob = await downloadFile({ repo, path, revision: commit, xet: false, fetch: guarded, ...hub });
      if (!blob) throw new LabError("bad-input", `${path} is not in ${dataset} any more.`, "Try again.");
      const answer = new Response(blob.stream());
      const content = await readAnswer(answer, path, { signal, ...(onProgress ? { onProgress } : {}) }, before, total);
      const inQrels = dataset === name ? path : `qrels/${path}`;
      entries.push(blobEntry(`${folder}/${inQrels}`, content));
      before += size;
    }
    return { files: entries, commit: sha };
  } catch (cause) {
    checkStopped(signal);
    throw cause instanceof LabError
      ? cause
      : hubRefusal("dataset", name, cause, "download the files and choose them here", "fetched from the hub");
  }
}
