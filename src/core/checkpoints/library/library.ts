/**
 * The checkpoints that are kept here: fetched or copied once, whole, listed, deleted, and read without the network. A
 * checkpoint's folder is known by what made it, so that settings that name it mean the same bytes everywhere.
 */
import { z } from "zod";
import type { ByteFolder } from "../../artifacts/byteFolder";
import { contentHash } from "../../artifacts/hash";
import { bytesInWords } from "../../bytes";
import { LabError } from "../../errors";
import type { CheckpointFiles } from "../files";
import { inspectCheckpoint } from "../inspect";
import { type FetchOptions, fetchFile } from "./fetchFile";
import type { Remote, RemoteFile } from "./remote";

const manifestSchema = z.object({
  reference: z.string(),
  name: z.string(),
  hubUrl: z.string().exactOptional(),
  modelType: z.string(),
  kind: z.string(),
  parameters: z.number(),
  files: z.array(z.object({ path: z.string(), size: z.number() })),
  /** False while files are still on their way. */
  complete: z.boolean(),
  /** ISO 8601. */
  addedAt: z.string(),
});

export interface StoredCheckpoint extends z.infer<typeof manifestSchema> {
  id: string;
  /** Bytes that are here, and bytes of the whole. */
  here: number;
  bytes: number;
}

export interface LibraryHost {
  folder: ByteFolder;
  fetcher?: typeof fetch;
  now: () => Date;
  /** Bytes that may still be kept; null where nobody knows. */
  room?: () => Promise<number | null>;
  /** Runs while nobody else, in another tab either, has `name`. @throws LabError where somebody has */
  alone?: <T>(name: string, work: () => Promise<T>) => Promise<T>;
  pause?: FetchOptions["pause"];
}

export interface AddOptions {
  signal?: AbortSignal | undefined;
  /** Bytes here, of all. */
  onProgress?: (done: number, total: number) => void;
}

export interface Library {
  list(): Promise<StoredCheckpoint[]>;
  /** Fetches a checkpoint, or goes on fetching it. */
  fetch(remote: Remote, options?: AddOptions): Promise<StoredCheckpoint>;
  /**
   * Copies a checkpoint of the user's disk.
   * @param options.made says which one it is where its small files and sizes do not: of two models that were trained here
   */
  copy(files: CheckpointFiles, options?: AddOptions & { made?: string }): Promise<StoredCheckpoint>;
  remove(id: string): Promise<void>;
  /** What a setting names. @throws LabError "bad-input" where it is not here or not whole */
  open(reference: string): Promise<CheckpointFiles>;
}

const MANIFEST = "manifest.json";
const utf8 = new TextEncoder();

export function checkpointLibrary({ folder, fetcher, now, room, alone, pause }: LibraryHost): Library {
  const exclusively = alone ?? (<T>(_name: string, work: () => Promise<T>) => work());
  const idOf = async (reference: string) => (await contentHash({ checkpoint: reference })).slice(0, 16);

  const readManifest = async (id: string): Promise<z.infer<typeof manifestSchema> | null> => {
    const size = await folder.size(`${id}/${MANIFEST}`);
    if (size === null) return null;
    try {
      const bytes = await folder.read(`${id}/${MANIFEST}`, 0, size);
      return manifestSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    } catch {
      return null; // what cannot be read is as good as not there: fetching writes it anew
    }
  };
  const stored = async (id: string): Promise<StoredCheckpoint | null> => {
    const manifest = await readManifest(id);
    if (!manifest) return null;
    const sizes = new Map((await folder.list(`${id}/files/`)).map(({ path, size }) => [path, size]));
    const sum = (of: (file: { path: string; size: number }) => number) =>
      manifest.files.reduce((total, file) => total + of(file), 0);
    return {
      ...manifest,
      id,
      here: sum(({ path, size }) => Math.min(size, sizes.get(`${id}/files/${path}`) ?? 0)),
      bytes: sum(({ size }) => size),
    };
  };
  const filesOf = (id: string, { name, files }: Pick<StoredCheckpoint, "name" | "files">): CheckpointFiles => {
    const sizes = new Map(files.map(({ path, size }) => [path, size]));
    return {
      name,
      list: async () => files,
      async read(path, from = 0, to) {
        const size = sizes.get(path);
        if (size === undefined)
          throw new LabError("bad-input", `${name} has no file ${path}.`, "Choose another checkpoint.");
        return folder.read(`${id}/files/${path}`, from, to ?? size);
      },
    };
  };
  const needRoom = async (bytes: number) => {
    const left = (await room?.()) ?? null;
    if (left !== null && bytes > left)
      throw new LabError(
        "bad-input",
        `It takes ${bytesInWords(bytes)} more; the browser has ${bytesInWords(left)} left for this page.`,
        "Delete models or runs that are no longer needed, or free disk space.",
      );
  };

  /** Writes the manifest, brings the files, looks at them, and only then calls the checkpoint whole. */
  const bring = async (
    source: Pick<Remote, "reference" | "name" | "hubUrl">,
    files: readonly { path: string; size: number }[],
    one: (id: string, file: number, onProgress: (bytes: number) => void) => Promise<void>,
    { onProgress }: AddOptions,
  ): Promise<StoredCheckpoint> => {
    const { reference, name } = source;
    for (const { path } of files)
      if (path.split("/").some((part) => part === "" || part === "." || part === ".."))
        throw new LabError("bad-input", `${name} names a file "${path.slice(0, 100)}".`, "Choose another checkpoint.");
    const id = await idOf(reference);
    return exclusively(`checkpoint-${id}`, async () => {
      const earlier = await stored(id);
      if (earlier?.complete) return earlier;
      const total = files.reduce((sum, { size }) => sum + size, 0);
      await needRoom(total - (earlier?.here ?? 0));
      const manifest = {
        ...source,
        modelType: "",
        kind: "",
        parameters: 0,
        files: files.map(({ path, size }) => ({ path, size })),
        complete: false,
        addedAt: now().toISOString(),
      };
      const writeManifest = (value: z.infer<typeof manifestSchema>) =>
        folder.write(`${id}/${MANIFEST}`, 0, utf8.encode(`${JSON.stringify(value, null, 1)}\n`));
      await writeManifest(manifest);
      let before = 0;
      for (const [i, { size }] of files.entries()) {
        await one(id, i, (bytes) => onProgress?.(before + bytes, total));
        before += size;
      }
      const inspection = await inspectCheckpoint(filesOf(id, manifest));
      await writeManifest({
        ...manifest,
        modelType: inspection.modelType,
        kind: inspection.config.kind,
        parameters: inspection.parameters.total,
        complete: true,
      });
      return (await stored(id))!;
    });
  };

  return {
    async list() {
      const ids = new Set((await folder.list("")).map(({ path }) => path.slice(0, path.indexOf("/"))));
      const all = await Promise.all([...ids].map(stored));
      return all
        .filter((one) => one !== null)
        .toSorted((a, b) => (a.addedAt < b.addedAt ? 1 : a.addedAt > b.addedAt ? -1 : a.name < b.name ? -1 : 1));
    },
    fetch: ({ files, ...source }, options = {}) =>
      bring(
        source,
        files,
        (id, i, onProgress) => {
          const file: RemoteFile = files[i]!;
          return fetchFile(folder, `${id}/files/${file.path}`, file, {
            ...(fetcher ? { fetcher } : {}),
            ...(pause ? { pause } : {}),
            signal: options.signal,
            onProgress,
          });
        },
        options,
      ),
    async copy(files, options = {}) {
      const list = await files.list();
      // The same folder chosen again is the same checkpoint: its small files and all sizes say so.
      const small = await Promise.all(
        list
          .filter(({ path, size }) => path.endsWith(".json") && size < 4e6)
          .map(async ({ path }) => [path, new TextDecoder().decode(await files.read(path))]),
      );
      const { made } = options;
      const hash = await contentHash({ list: list.map(({ path, size }) => [path, size]), small, made });
      const reference = `files:${files.name}#${hash.slice(0, 12)}`;
      return bring(
        { reference, name: files.name },
        list,
        async (id, i, onProgress) => {
          const { path, size } = list[i]!;
          for (let at = 0; at < size || (at === 0 && size === 0); at += COPIED) {
            if (options.signal?.aborted)
              throw new LabError("stopped", "Copying was stopped.", "Choose the folder again to go on.");
            const bytes = await files.read(path, at, Math.min(at + COPIED, size));
            await folder.write(`${id}/files/${path}`, at, bytes);
            onProgress(at + bytes.byteLength);
          }
        },
        options,
      );
    },
    remove: (id) => exclusively(`checkpoint-${id}`, () => folder.remove(id)),
    async open(reference) {
      const id = await idOf(reference);
      const one = await stored(id);
      if (!one)
        throw new LabError(
          "bad-input",
          `The checkpoint ${reference} is not kept here.`,
          "Load it under Models, or choose another one.",
        );
      if (!one.complete)
        throw new LabError(
          "bad-input",
          `Of the checkpoint ${one.name} only ${bytesInWords(one.here)} of ${bytesInWords(one.bytes)} are here.`,
          "Fetch the rest under Models.",
        );
      return filesOf(id, one);
    },
  };
}

const COPIED = 8 * 2 ** 20;
