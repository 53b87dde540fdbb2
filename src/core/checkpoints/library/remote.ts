/** Checkpoints that are elsewhere: what files there are, and where. */
import { LabError } from "../../errors";
import { hubRefusal } from "../../hubRefusal";
import type { CheckpointFile, CheckpointFiles } from "../files";
import { checkpointFromUrl, type FetchLike } from "../files";

/** A file with the address it is fetched from. */
export interface RemoteFile extends CheckpointFile {
  url: string;
  /** Of its bytes, as 64 hex digits; null where nobody says. */
  sha256: string | null;
}

export interface Remote {
  /** What names it in settings: "hub:owner/name@commit" or its address. */
  reference: string;
  /** For people. */
  name: string;
  /** The hub's address, where it is not the usual one. */
  hubUrl?: string;
  files: RemoteFile[];
}

/** A model on the hub: `owner/name[@revision]`. */
export interface HubModelName {
  name: string;
  revision: string | undefined;
}

const FORM =
  "Write owner/name, with @revision for a branch, tag or commit, as in sentence-transformers/all-MiniLM-L6-v2@main.";

/** Reads `owner/name[@revision]`, or the address of a model's page. @throws LabError "bad-input" */
export function hubModelName(text: string): HubModelName {
  const words = text
    .trim()
    .replace(/^https?:\/\/[^/]+\//, "")
    .replace(/^hub:/, "")
    .replace(/\/tree\//, "@")
    .replace(/\/+$/, "");
  const match = /^([\w.-]+(?:\/[\w.-]+)?)(?:@([\w./-]+))?$/.exec(words);
  if (!match || words.split(/[/@]/).includes(".."))
    throw new LabError("bad-input", `"${text.slice(0, 100)}" is no name of a model on the hub.`, FORM);
  return { name: match[1]!, revision: match[2] };
}

/** What a reader has use for: other formats of the same weights stay where they are. */
const wanted = (path: string): boolean =>
  /(^|\/)(config|modules|tokenizer|tokenizer_config|config_sentence_transformers|sentence_bert_config|special_tokens_map)\.json$/.test(
    path,
  ) || /\.safetensors(\.index\.json)?$/.test(path);

/** Folders that hold the same model once more, in other forms. */
const doubled = (path: string): boolean => /^(onnx|openvino|coreml|tflite|gguf|quantized)\//i.test(path);

export interface HubOptions {
  fetcher?: typeof fetch | undefined;
  /** Another hub than huggingface.co, without a slash at the end. */
  hubUrl?: string | undefined;
  signal?: AbortSignal | undefined;
}

const DEFAULT_HUB = "https://huggingface.co";

/**
 * The files of a model on the hub, at one commit: what is fetched today is what is fetched when it goes on tomorrow.
 * @throws LabError "bad-input" where there is no such model, it is not open to all, or it has no safetensors weights
 */
export async function hubModel(text: string, { fetcher = fetch, hubUrl, signal }: HubOptions = {}): Promise<Remote> {
  const { name, revision } = hubModelName(text);
  const { listFiles, modelInfo } = await import("@huggingface/hub");
  const hub = (hubUrl ?? DEFAULT_HUB).replace(/\/+$/, "");
  const guarded: typeof fetch = (input, init) => fetcher(input, { ...init, ...(signal ? { signal } : {}) });
  const of = { fetch: guarded, hubUrl: hub };
  try {
    const { sha } = await modelInfo({ name, ...(revision ? { revision } : {}), additionalFields: ["sha"], ...of });
    const files: RemoteFile[] = [];
    const pages = listFiles({ repo: { type: "model", name }, recursive: true, revision: sha, ...of });
    for await (const { type, path, size, lfs } of pages) {
      if (type !== "file" || !wanted(path) || doubled(path)) continue;
      const url = `${hub}/${name}/resolve/${sha}/${path.split("/").map(encodeURIComponent).join("/")}`;
      files.push({ path, size: lfs?.size ?? size, url, sha256: lfs ? lfs.oid.replace(/^sha256:/, "") : null });
    }
    if (!files.some(({ path }) => path.endsWith(".safetensors")))
      throw new LabError(
        "bad-input",
        `${name} has no weights as .safetensors.`,
        "Choose a model, or a revision of it, that has: pickled weights (.bin, .pt) can run code and are not read.",
      );
    return {
      reference: `hub:${name}@${sha}`,
      name: revision && revision !== sha ? `${name}@${revision}` : name,
      ...(hub === DEFAULT_HUB ? {} : { hubUrl: hub }),
      files,
    };
  } catch (cause) {
    throw cause instanceof LabError ? cause : unreachable(name, cause, signal);
  }
}

function unreachable(name: string, cause: unknown, signal: AbortSignal | undefined): LabError {
  if (signal?.aborted) return new LabError("stopped", "Looking was stopped.", "Nothing was changed.", { cause });
  return hubRefusal("model", name, cause, "download the folder and choose it here", "reached on the hub");
}

/**
 * The files of a checkpoint's folder at an address.
 * @throws LabError "bad-input" where it is no address, or nothing of a checkpoint is there
 */
export async function urlModel(address: string, get?: FetchLike): Promise<Remote> {
  let url: URL;
  try {
    url = new URL(address.trim());
  } catch (cause) {
    throw new LabError(
      "bad-input",
      `"${address.slice(0, 200)}" is no address.`,
      "Give one that begins with https://.",
      {
        cause,
      },
    );
  }
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw new LabError(
      "bad-input",
      `An address of ${url.protocol} cannot be fetched.`,
      "Give one that begins with https://.",
    );
  const base = url.href.replace(/\/(config\.json|model\.safetensors)$/, "").replace(/\/+$/, "");
  const files = await checkpointFromUrl(base, get).list();
  if (files.length === 0)
    throw new LabError(
      "bad-input",
      `There is no checkpoint at ${base}: neither config.json nor model.safetensors answers.`,
      "Give the address of the folder that holds them.",
    );
  return {
    reference: base,
    name: decodeURIComponent(base.split("/").at(-1)!),
    files: files.map(({ path, size }) => ({
      path,
      size,
      sha256: null,
      url: `${base}/${path.split("/").map(encodeURIComponent).join("/")}`,
    })),
  };
}

/** A remote checkpoint to be looked at before it is fetched: headers by ranges. */
export function remoteFiles(remote: Remote, get: FetchLike = fetch): CheckpointFiles {
  const byPath = new Map(remote.files.map((file) => [file.path, file]));
  return {
    name: remote.name,
    list: async () => remote.files,
    async read(path, from = 0, to) {
      const file = byPath.get(path);
      if (!file) throw new LabError("bad-input", `${remote.name} has no file ${path}.`, "Choose another checkpoint.");
      const folder = checkpointFromUrl(file.url.slice(0, file.url.lastIndexOf("/")), get);
      return folder.read(path.slice(path.lastIndexOf("/") + 1), from, to ?? file.size);
    },
  };
}
