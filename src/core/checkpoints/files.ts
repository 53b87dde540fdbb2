/**
 * Where a checkpoint's files come from: dropped files, a folder of the disk, an address, a cache. A reader asks for what it
 * needs, a byte range at a time, so that no file has to be in memory as a whole.
 */
import { LabError } from "../errors";

export interface CheckpointFile {
  /** Below the checkpoint's folder, with "/" between: "1_Pooling/config.json". */
  path: string;
  /** In bytes. */
  size: number;
}

export interface CheckpointFiles {
  /** For messages: a folder's path, an address, a model's name on the hub. */
  readonly name: string;
  /** All files, or those that can be of use. */
  list(): Promise<readonly CheckpointFile[]>;
  /**
   * Bytes from .. to of a file; the whole file where neither is given. The bytes are the caller's own.
   * @throws LabError "bad-input" where there is no such file or it cannot be read
   */
  read(path: string, from?: number, to?: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Something bytes can be sliced from: a File or Blob of the page. */
export interface BlobLike {
  readonly size: number;
  slice(from: number, to: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

const missing = (name: string, path: string) =>
  new LabError("bad-input", `${name} has no file ${path}.`, "Give the whole checkpoint folder.");

/**
 * Files of a page or in memory. Where all are below one folder, that folder is the checkpoint.
 * @param entries paths, as a folder that was dropped gives them
 */
export function checkpointFromBlobs(
  entries: readonly { path: string; data: BlobLike | Uint8Array }[],
  name = "The checkpoint",
): CheckpointFiles {
  const top = commonFolder(entries.map((entry) => entry.path));
  const files = new Map(entries.map(({ path, data }) => [path.slice(top.length), data]));
  const sizeOf = (data: BlobLike | Uint8Array) => (data instanceof Uint8Array ? data.byteLength : data.size);
  return {
    name,
    list: async () => [...files].map(([path, data]) => ({ path, size: sizeOf(data) })),
    async read(path, from = 0, to) {
      const data = files.get(path);
      if (!data) throw missing(name, path);
      const end = to ?? sizeOf(data);
      if (data instanceof Uint8Array) return new Uint8Array(data.subarray(from, end));
      return new Uint8Array(await data.slice(from, end).arrayBuffer());
    },
  };
}

/** The folder with its "/" in which config.json or modules.json lies that is nearest to the top; "" where it is the top. */
function commonFolder(paths: readonly string[]): string {
  const marks = paths.filter((path) => /(^|\/)(modules|config)\.json$/.test(path));
  const folders = marks.map((path) => path.slice(0, path.lastIndexOf("/") + 1));
  return folders.reduce(
    (best, folder) => (folder.split("/").length < best.split("/").length ? folder : best),
    folders[0] ?? "",
  );
}

/** What a folder can hold that a reader wants, where nothing tells what is there. */
const KNOWN = [
  "config.json",
  "modules.json",
  "config_sentence_transformers.json",
  "sentence_bert_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "model.safetensors",
  "model.safetensors.index.json",
];

/** The part of `fetch` that is used. */
export type FetchLike = (
  url: string,
  init: { method?: string; headers?: Record<string, string> },
) => Promise<{
  status: number;
  ok: boolean;
  headers: { get(name: string): string | null };
  arrayBuffer(): Promise<ArrayBuffer>;
}>;

/**
 * Files below an address that answers to GET with ranges, as the hub's ".../resolve/main/" does. Which are there is found
 * by asking for those that a checkpoint can have.
 * @param base with or without a "/" at its end
 */
export function checkpointFromUrl(base: string, get: FetchLike = fetch): CheckpointFiles {
  const root = base.endsWith("/") ? base : `${base}/`;
  const address = (path: string) => root + path.split("/").map(encodeURIComponent).join("/");
  const reached = async <T>(path: string, answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (cause) {
      throw new LabError(
        "bad-input",
        `${address(path)} could not be reached: ${cause instanceof Error ? cause.message : String(cause)}.`,
        "Check the address and the network; from a page, the server has to allow it (CORS).",
        { cause },
      );
    }
  };
  const ask = (path: string, init: Parameters<FetchLike>[1]) => reached(path, get(address(path), init));
  const refused = (path: string, status: number) =>
    new LabError("bad-input", `${address(path)} answers with ${status}.`, "Check the address.");
  /** Null where there is none. */
  const sizeOf = async (path: string): Promise<number | null> => {
    let answer = await ask(path, { method: "HEAD" });
    let length = answer.headers.get("content-length");
    if (answer.status === 405 || answer.status === 501) {
      // A server that knows no HEAD tells the size along with the first byte.
      answer = await ask(path, { headers: { Range: "bytes=0-0" } });
      length = /\/(\d+)$/.exec(answer.headers.get("content-range") ?? "")?.[1] ?? null;
    }
    if (answer.status === 404 || answer.status === 403) return null;
    // A host that answers every address with its start page has none of these files.
    if (/text\/html/i.test(answer.headers.get("content-type") ?? "")) return null;
    if (!answer.ok) throw refused(path, answer.status);
    if (length !== null && /^\d+$/.test(length)) return Number(length);
    // Small files may come packed, of no length known before. They are read as a whole; weights are not.
    if (!path.endsWith(".safetensors")) return 0;
    throw new LabError(
      "bad-input",
      `${address(path)}: the server does not say how large it is.`,
      "Download the folder and give that.",
    );
  };
  const read: CheckpointFiles["read"] = async (path, from, to) => {
    const ranged = from !== undefined || to !== undefined;
    const answer = await ask(
      path,
      ranged ? { headers: { Range: `bytes=${from ?? 0}-${to === undefined ? "" : to - 1}` } } : {},
    );
    if (answer.status === 404) throw missing(base, path);
    if (!answer.ok) throw refused(path, answer.status);
    const bytes = new Uint8Array(await reached(path, answer.arrayBuffer()));
    // A server without ranges sends the whole file.
    const part = ranged && answer.status === 200 ? bytes.slice(from ?? 0, to) : bytes;
    if (to !== undefined && part.length !== to - (from ?? 0))
      throw new LabError(
        "bad-input",
        `${address(path)}: ${part.length} bytes came where ${to - (from ?? 0)} were asked for.`,
        "Try again.",
      );
    return part;
  };
  let listed: Promise<CheckpointFile[]> | undefined;
  const probe = async (paths: readonly string[]): Promise<CheckpointFile[]> => {
    const sizes = await Promise.all(paths.map(sizeOf));
    return paths.flatMap((path, i) => (sizes[i] === null ? [] : [{ path, size: sizes[i]! }]));
  };
  /** What the index of a sharded checkpoint and the list of modules name. */
  const named = async (files: readonly CheckpointFile[]): Promise<string[]> => {
    const json = async (path: string): Promise<unknown> => {
      if (!files.some((file) => file.path === path)) return null;
      try {
        return JSON.parse(new TextDecoder().decode(await read(path)));
      } catch {
        return null; // the reader says what is wrong with it
      }
    };
    const index = (await json("model.safetensors.index.json")) as { weight_map?: Record<string, unknown> } | null;
    const modules = await json("modules.json");
    const shards = Object.values(index?.weight_map ?? {}).filter((path) => typeof path === "string");
    const folders = (Array.isArray(modules) ? modules : [])
      .map((module) => (module as { path?: unknown } | null)?.path)
      .filter((path): path is string => typeof path === "string" && path !== "" && path !== ".");
    const within = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
    const all = [...shards, ...folders.flatMap((folder) => within.map((file) => `${folder}/${file}`))];
    return [...new Set(all)].filter((path) => !path.split("/").includes(".."));
  };
  return {
    name: base,
    read,
    list() {
      listed ??= probe(KNOWN).then(async (files) => [...files, ...(await probe(await named(files)))]);
      return listed;
    },
  };
}
