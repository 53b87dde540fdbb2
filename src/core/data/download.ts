/** Files of a collection from an address: one file of any form, or a folder in BEIR form. */
import { bytesInWords } from "../bytes";
import { LabError } from "../errors";
import { blobEntry, type FileEntry, LARGEST } from "./files";
import { checkStopped, type Watch } from "./watch";

export interface DownloadOptions extends Watch {
  fetcher?: typeof fetch | undefined;
}

const REMEDY =
  "Check the address and the connection. From a page, only servers that allow other pages to read them (CORS) can be read; else download the file and choose it here.";

/** The bytes of an answer as they come in, kept by the browser. `total` is 0 where the server does not say. */
export async function readAnswer(
  answer: Response,
  path: string,
  { signal, onProgress }: Watch,
  before = 0,
  total = 0,
): Promise<Blob> {
  const announced = Number(answer.headers.get("Content-Length") ?? 0) || 0;
  const tooLarge = () =>
    new LabError("bad-input", `${path} is larger than ${bytesInWords(LARGEST)}.`, "Load a part of the collection.");
  if (announced > LARGEST) throw tooLarge();
  const reader = answer.body?.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    checkStopped(signal);
    size += value.length;
    if (size > LARGEST) {
      await reader.cancel();
      throw tooLarge();
    }
    parts.push(value as Uint8Array<ArrayBuffer>);
    onProgress?.(path, before + size, Math.max(total, before + announced, before + size));
  }
  return new Blob(parts);
}

/** @throws LabError bad-input where there is no answer; stopped */
async function get(url: string, { fetcher = fetch, signal }: DownloadOptions): Promise<Response> {
  try {
    return await fetcher(url, signal ? { signal } : {});
  } catch (cause) {
    checkStopped(signal);
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LabError("bad-input", `${url} could not be fetched: ${why}.`, REMEDY, { cause });
  }
}

/** Checks an address. @throws LabError bad-input */
export function addressOf(text: string): URL {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch (cause) {
    throw new LabError(
      "bad-input",
      `"${text.trim().slice(0, 200)}" is no address.`,
      "Give one that begins with https://, of a .zip, .jsonl, .csv, .tsv or .parquet file, or of a folder that ends with /.",
      { cause },
    );
  }
  if (url.protocol === "https:" || url.protocol === "http:") return url;
  throw new LabError(
    "bad-input",
    `An address of ${url.protocol} cannot be fetched.`,
    "Give one that begins with https://.",
  );
}

const isPage = (answer: Response) => /text\/html/i.test(answer.headers.get("Content-Type") ?? "");

const FOLDER: { names: string[]; needed: boolean }[] = [
  { names: ["corpus.jsonl", "corpus.jsonl.gz"], needed: true },
  { names: ["queries.jsonl", "queries.jsonl.gz"], needed: false },
  ...["train", "dev", "test"].map((split) => ({ names: [`qrels/${split}.tsv`], needed: false })),
];

/**
 * Fetches a file, or, of an address that ends with /, the files of a collection in BEIR form below it.
 *
 * @throws LabError bad-input: no answer, an answer that is no file, too large; stopped
 */
export async function download(address: string, options: DownloadOptions): Promise<FileEntry[]> {
  const url = addressOf(address);
  const last = (path: string) => decodeURIComponent(path.split("/").filter(Boolean).at(-1) ?? url.hostname);
  if (!url.pathname.endsWith("/") || url.search !== "") {
    const answer = await get(url.href, options);
    if (!answer.ok) throw new LabError("bad-input", `${url.href} answers ${answer.status}.`, REMEDY);
    if (isPage(answer)) {
      await answer.body?.cancel();
      throw new LabError(
        "bad-input",
        `${url.href} answers with a web page, not with a file.`,
        "Give the address of the file itself.",
      );
    }
    const blob = await readAnswer(answer, last(url.pathname), options);
    return [await entryOf(last(url.pathname), blob)];
  }
  const folder = last(url.pathname);
  const entries: FileEntry[] = [];
  let size = 0;
  for (const { names, needed } of FOLDER) {
    let found: Blob | null = null;
    for (const name of names) {
      const answer = await get(new URL(name, url).href, options);
      // A host that answers every address with its start page has none of these files.
      if (!answer.ok || isPage(answer)) {
        await answer.body?.cancel();
        continue;
      }
      found = await readAnswer(answer, name, options, size);
      entries.push(await entryOf(`${folder}/${name}`, found));
      size += found.size;
      break;
    }
    if (needed && !found)
      throw new LabError(
        "bad-input",
        `${url.href} has no ${names.join(" and no ")}.`,
        "Give the address of a .zip, or of one file.",
      );
  }
  return entries;
}

/** A server may unpack what it sends, and keep the name. */
async function entryOf(path: string, blob: Blob): Promise<FileEntry> {
  const [a, b] = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  return blobEntry(a === 0x1f && b === 0x8b ? path : path.replace(/\.gz$/i, ""), blob);
}
