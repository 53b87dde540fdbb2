/** The page's checkpoints: looked at, fetched or copied into the library, listed, deleted, opened for a run. */
import { type CheckpointFiles, checkpointFromBlobs, checkpointFromUrl, inspectCheckpoint } from "../core/checkpoints";
import { hubModel, type Library, type Remote, remoteFiles, urlModel } from "../core/checkpoints/library";
import { LabError } from "../core/errors";
import { writeArchive } from "../core/formats/archive";
import type { FetchingReport, ModelFrom, ModelReport, StoredModel } from "./protocol";

export interface Models {
  /** Looks at a checkpoint: its configuration and the headers of its weights, no tensor. */
  look(from: ModelFrom): Promise<ModelReport>;
  /** Fetches or copies what was looked at last; answers with the stored one. */
  keep(): Promise<StoredModel>;
  /** Goes on fetching one that is not whole. */
  goOn(reference: string): Promise<StoredModel>;
  /** Ends the looking or fetching under way; what came is kept. */
  stop(): void;
  list(): Promise<StoredModel[]>;
  remove(id: string): Promise<void>;
  /** A kept one's folder as a .zip. */
  archive(reference: string): Promise<Blob>;
  /** What the settings teacher.checkpoint and student.checkpoint name. */
  open(reference: string): Promise<CheckpointFiles>;
}

export interface ModelsHost {
  library: Library;
  /** Told how far fetching is; null when nothing is fetched any more. */
  onFetching?: (report: FetchingReport | null) => void;
  fetcher?: typeof fetch;
  /** The address of the page's folder: the bundled models lie below it. */
  base?: string | undefined;
}

/** Prefix of references to the models that come with the page. */
const BUNDLED = "bundled:";

/** What was looked at last: enough to keep it. */
interface Looked {
  remote: Remote | null;
  files: CheckpointFiles;
}

export function createModels({ library, onFetching, fetcher, base }: ModelsHost): Models {
  let looked: Looked | null = null;
  let abort: AbortController | null = null;
  const get = fetcher ?? ((...args: Parameters<typeof fetch>) => fetch(...args));
  const byFetch = (url: string, init: { method?: string; headers?: Record<string, string> }) => get(url, init);

  /** One looking or fetching at a time: a new one ends the one before. */
  const alone = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    abort?.abort();
    const mine = new AbortController();
    abort = mine;
    try {
      const made = await work(mine.signal);
      if (mine.signal.aborted)
        throw new LabError("stopped", "Loading was stopped.", "What was loaded before is still there.");
      return made;
    } finally {
      if (abort === mine) abort = null;
    }
  };
  const remoteOf = (from: Exclude<ModelFrom, { kind: "files" }>, signal: AbortSignal): Promise<Remote> =>
    from.kind === "hub"
      ? hubModel(from.name, { fetcher: get, hubUrl: from.hubUrl, signal })
      : urlModel(from.url, byFetch);
  const fetching = (remote: Remote) =>
    alone(async (signal) => {
      let last = 0;
      const onProgress = (done: number, total: number) => {
        const now = performance.now();
        if (done < total && now - last < EVERY_MS) return;
        last = now;
        onFetching?.({ name: remote.name, done, total });
      };
      try {
        return await library.fetch(remote, { signal, onProgress });
      } finally {
        onFetching?.(null);
      }
    });

  return {
    look: (from) =>
      alone(async (signal) => {
        const remote = from.kind === "files" ? null : await remoteOf(from, signal);
        const files = remote
          ? remoteFiles(remote, byFetch)
          : checkpointFromBlobs(
              (from as Extract<ModelFrom, { kind: "files" }>).files.map(({ path, file }) => ({ path, data: file })),
              folderName((from as Extract<ModelFrom, { kind: "files" }>).files.map(({ path }) => path)),
            );
        const inspection = await inspectCheckpoint(files);
        const list = await files.list();
        looked = { remote, files };
        const { config } = inspection;
        return {
          name: files.name,
          modelType: inspection.modelType,
          kind: config.kind,
          width: config.width,
          layers: config.layers,
          embeddingSize: config.embeddingSize,
          pooling: config.pooling,
          maxTokens: inspection.maxTokens,
          vocabulary: config.vocabulary,
          prompts: inspection.prompts,
          tokenizer: inspection.tokenizer !== null,
          parameters: inspection.parameters,
          fileBytes: list.reduce((sum, { size }) => sum + size, 0),
          bytes: inspection.bytes,
          dtypes: Object.keys(inspection.dtypes),
          ignored: inspection.ignored,
          notes: inspection.notes,
        };
      }),
    async keep() {
      if (!looked) throw new LabError("bad-input", "No checkpoint has been looked at.", "Choose one first.");
      const { remote, files } = looked;
      if (remote) return fetching(remote);
      return alone(async (signal) => {
        try {
          return await library.copy(files, {
            signal,
            onProgress: (done, total) => onFetching?.({ name: files.name, done, total }),
          });
        } finally {
          onFetching?.(null);
        }
      });
    },
    async goOn(reference) {
      const stored = (await library.list()).find((one) => one.reference === reference);
      const from: ModelFrom | null = reference.startsWith("hub:")
        ? { kind: "hub", name: reference, hubUrl: stored?.hubUrl }
        : /^https?:/.test(reference)
          ? { kind: "url", url: reference }
          : null;
      if (!from) throw new LabError("bad-input", "This one was copied from files.", "Choose the folder again.");
      return fetching(await remoteOf(from, new AbortController().signal));
    },
    stop: () => abort?.abort(),
    list: () => library.list(),
    async archive(reference) {
      const files = await library.open(reference);
      const all = new Map<string, Uint8Array>();
      for (const { path } of await files.list()) all.set(path, await files.read(path));
      return new Blob([writeArchive(all) as BlobPart], { type: "application/zip" });
    },
    remove: (id) => library.remove(id),
    async open(reference) {
      if (!reference.startsWith(BUNDLED)) return library.open(reference);
      const name = reference.slice(BUNDLED.length);
      if (!/^[\w.-]+$/.test(name) || name.includes("..") || base === undefined)
        throw new LabError(
          "bad-input",
          `There is no bundled model "${name.slice(0, 60)}".`,
          "Choose one under Models.",
        );
      return checkpointFromUrl(new URL(`models/${name}`, base).href, byFetch);
    },
  };
}

/** The commands of the page that concern checkpoints. */
export function modelCommands(models: Models) {
  return {
    lookAtModel: ({ from }: { from: ModelFrom }) => models.look(from),
    keepModel: () => models.keep(),
    fetchModel: ({ reference }: { reference: string }) => models.goOn(reference),
    stopModel: async () => {
      models.stop();
      return null;
    },
    listModels: () => models.list(),
    exportModel: ({ reference }: { reference: string }) => models.archive(reference),
    removeModel: async ({ id }: { id: string }) => {
      await models.remove(id);
      return null;
    },
  };
}

const EVERY_MS = 200;

/** The folder that was dropped, or what its first file is called. */
function folderName(paths: readonly string[]): string {
  const first = paths[0] ?? "";
  const folder = first.split("/")[0]!;
  return paths.every((path) => path.startsWith(`${folder}/`)) ? folder : "Checkpoint";
}
