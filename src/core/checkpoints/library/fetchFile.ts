/** One file fetched into a folder: by ranges, with progress, going on where it stood. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { ByteFolder } from "../../artifacts/byteFolder";
import { LabError } from "../../errors";
import type { RemoteFile } from "./remote";

/** Kept before it is written: enough that writing does not slow a download, little enough to lose. */
const PIECE = 4 * 2 ** 20;
/** Broken connections in a row before it gives up; what came until then is kept. */
const TRIES = 4;

export interface FetchOptions {
  fetcher?: typeof fetch;
  signal?: AbortSignal | undefined;
  /** Bytes of this file that are here. */
  onProgress?: (bytes: number) => void;
  /** Waits before it tries again; milliseconds. */
  pause?: (milliseconds: number) => Promise<void>;
}

const later = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds));
const stopped = () =>
  new LabError("stopped", "Fetching was stopped.", "What has come is kept: fetching again goes on from there.");

/**
 * Fetches what is missing of a file and checks the whole.
 * @param path where it goes in the folder; a part of it that is there already is not fetched again
 * @throws LabError "stopped"; "bad-input" where the server refuses, the connection breaks too often (what came is kept), or
 * the bytes are not those that were announced (they are thrown away)
 */
export async function fetchFile(
  folder: ByteFolder,
  path: string,
  file: RemoteFile,
  { fetcher = fetch, signal, onProgress, pause = later }: FetchOptions = {},
): Promise<void> {
  let here = Math.min((await folder.size(path)) ?? 0, file.size);
  let failures = 0;
  onProgress?.(here);
  while (here < file.size) {
    if (signal?.aborted) throw stopped();
    const before = here;
    try {
      here = await fetchOnce(folder, path, file, here, fetcher, signal, onProgress);
      if (here < file.size) throw new Error("the connection ended early");
    } catch (cause) {
      if (signal?.aborted) throw stopped();
      if (cause instanceof LabError) throw cause;
      here = Math.min((await folder.size(path)) ?? 0, file.size);
      failures = here > before ? 1 : failures + 1;
      if (failures >= TRIES)
        throw new LabError(
          "bad-input",
          `${file.url} could not be fetched whole: ${cause instanceof Error ? cause.message : String(cause)}. ${here} of ${file.size} bytes are kept.`,
          "Check the connection and fetch it again: it goes on from there.",
          { cause },
        );
      await pause(250 * 2 ** failures);
    }
  }
  await folder.remove(tagOf(path));
  await checkSum(folder, path, file);
}

/** Beside a file on its way: the server's name for the version that was begun. */
const tagOf = (path: string) => `${path}.etag`;

async function readTag(folder: ByteFolder, path: string): Promise<string | null> {
  const size = await folder.size(tagOf(path));
  return size === null ? null : new TextDecoder().decode(await folder.read(tagOf(path), 0, size));
}

/** One request; answers how many bytes of the file are here after it. */
async function fetchOnce(
  folder: ByteFolder,
  path: string,
  file: RemoteFile,
  from: number,
  fetcher: typeof fetch,
  signal: AbortSignal | undefined,
  onProgress: FetchOptions["onProgress"],
): Promise<number> {
  const answer = await fetcher(file.url, {
    ...(from > 0 ? { headers: { Range: `bytes=${from}-` } } : {}),
    ...(signal ? { signal } : {}),
  });
  if (answer.status >= 500 || answer.status === 429) throw new Error(`the server answers ${answer.status}`);
  if (!answer.ok)
    throw new LabError(
      "bad-input",
      `${file.url} answers ${answer.status}.`,
      "Check the address, and that it is open to all.",
    );
  // Compared rather than sent as If-Range: a header that has to be allowed first would shut out many servers.
  const tag = answer.headers.get("etag");
  const before = await readTag(folder, path);
  if (answer.status === 206 && tag !== null && before !== null && tag !== before) {
    await answer.body?.cancel();
    await folder.remove(path);
    await folder.remove(tagOf(path));
    throw new Error("the file has changed since it was begun");
  }
  if (tag !== null && tag !== before) await folder.write(tagOf(path), 0, new TextEncoder().encode(tag));
  // A server without ranges begins again.
  let at = answer.status === 206 ? from : 0;
  const reader = answer.body?.getReader();
  if (!reader) return at;
  let waiting: Uint8Array[] = [];
  let size = 0;
  const keep = async () => {
    const bytes = new Uint8Array(size);
    let filled = 0;
    for (const part of waiting) {
      bytes.set(part, filled);
      filled += part.byteLength;
    }
    await folder.write(path, at, bytes);
    at += size;
    waiting = [];
    size = 0;
  };
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (at + size + value.byteLength > file.size)
        throw new LabError(
          "bad-input",
          `${file.url} is longer than the ${file.size} bytes that were announced.`,
          "Fetch it again: it has changed meanwhile.",
        );
      waiting.push(value);
      size += value.byteLength;
      onProgress?.(at + size);
      if (size >= PIECE) await keep();
    }
  } finally {
    if (size > 0) await keep();
  }
  return at;
}

/** @throws LabError "bad-input" where the bytes are not those that the hub names; they are thrown away */
async function checkSum(folder: ByteFolder, path: string, file: RemoteFile): Promise<void> {
  if (!file.sha256) return;
  const hash = sha256.create();
  for (let at = 0; at < file.size; at += PIECE)
    hash.update(await folder.read(path, at, Math.min(at + PIECE, file.size)));
  if (bytesToHex(hash.digest()) === file.sha256) return;
  await folder.remove(path);
  throw new LabError(
    "bad-input",
    `${file.path} came damaged: its SHA-256 is not the one that the hub names.`,
    "Fetch it again.",
  );
}
