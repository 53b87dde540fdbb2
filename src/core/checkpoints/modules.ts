/**
 * modules.json of sentence-transformers and the folders that it names: what follows the transformer, and where it lies.
 * https://sbert.net/docs/sentence_transformer/usage/custom_models.html
 */
import type { VectorRule } from "../towers";
import type { DenseActivation, DenseLayer, Pooling } from "../towers/types";
import { badInput, isObject, type Json, type Listing, readJson, readObject } from "./json";

export interface Modules {
  /** The first module: a transformer, or one vector a token. */
  first: "transformer" | "static";
  /** Its folder, with "/" at its end; "" where it is the checkpoint's own. */
  folder: string;
  /** Null: nothing is said of it. */
  pooling: Pooling | null;
  dense: (DenseLayer & { folder: string })[];
  normalise: boolean;
}

/** What comes before a text, by sentence-transformers' rules for `encode_query` and `encode_document`. */
export interface Prompts {
  query: string;
  document: string;
}

const CONVERT = "Choose another checkpoint.";

/** By pooling_mode; what is not here is refused. */
const POOLINGS: ReadonlyMap<string, Pooling> = new Map([
  ["mean_tokens", "mean"],
  ["cls_token", "cls"],
  ["lasttoken", "last"],
  ["mean", "mean"],
  ["cls", "cls"],
] as const);

const ACTIVATIONS: ReadonlyMap<string, DenseActivation> = new Map([
  ["Identity", "identity"],
  ["Tanh", "tanh"],
  ["ReLU", "relu"],
  ["GELU", "gelu"],
] as const);

const folderOf = (path: unknown): string => {
  if (typeof path !== "string") throw badInput("modules.json: a module has no path.");
  return path === "" || path === "." ? "" : `${path.replace(/\/$/, "")}/`;
};

/**
 * Null where there is no modules.json.
 * @throws LabError "bad-input" naming a module, pooling or activation that this version does not have
 */
export async function readModules(list: Listing): Promise<Modules | null> {
  const json = await readJson(list, "modules.json");
  if (json === undefined) return null;
  if (!Array.isArray(json) || json.length === 0 || !json.every(isObject))
    throw badInput("modules.json is not a list of modules.");
  let found: Modules | null = null;
  for (const module of json as Json[]) {
    const name = typeof module.type === "string" ? (module.type.split(".").at(-1) ?? "") : "";
    const folder = folderOf(module.path);
    const out = (why: string) => badInput(`modules.json: ${why}`, CONVERT);
    if (name === "Transformer" || name === "StaticEmbedding") {
      if (found) throw out(`a ${name} module comes second; only the first can be one.`);
      found = {
        first: name === "Transformer" ? "transformer" : "static",
        folder,
        pooling: name === "Transformer" ? null : "mean",
        dense: [],
        normalise: false,
      };
      continue;
    }
    if (!found) throw out(`its first module is ${name || "of no type"}, not a Transformer or StaticEmbedding.`);
    if (found.normalise && name !== "Normalize") throw out(`a ${name} module comes after Normalize.`);
    if (name === "Pooling") {
      if (found.pooling || found.dense.length > 0) throw out("Pooling does not come right after the transformer.");
      found.pooling = await readPooling(list, `${folder}config.json`);
    } else if (name === "Dense") {
      if (!found.pooling) throw out("a Dense module comes before Pooling.");
      found.dense.push({ ...(await readDense(list, `${folder}config.json`)), folder });
    } else if (name === "Normalize") found.normalise = true;
    else if (name !== "Dropout")
      throw out(
        `a module ${name || "without a type"} is not one this version computes; it has Transformer, StaticEmbedding, Pooling, Dense and Normalize.`,
      );
  }
  return found;
}

async function readPooling(list: Listing, path: string): Promise<Pooling> {
  const json = await readObject(list, path);
  if (!json) throw badInput(`${path} is missing, which modules.json asks for.`);
  const named = typeof json.pooling_mode === "string" ? [json.pooling_mode] : [];
  const modes = Object.entries(json)
    .filter(([key, value]) => key.startsWith("pooling_mode_") && value === true)
    .map(([key]) => key.slice("pooling_mode_".length));
  const all = modes.length > 0 ? modes : named;
  if (all.length !== 1)
    throw badInput(
      `${path}: ${all.length === 0 ? "no pooling is chosen" : `${all.join(" and ")} are put side by side`}; this version takes one of mean, cls, lasttoken.`,
      CONVERT,
    );
  const pooling = POOLINGS.get(all[0]!);
  if (!pooling)
    throw badInput(`${path}: pooling ${all[0]!.slice(0, 40)}; this version has mean, cls and lasttoken.`, CONVERT);
  if (json.include_prompt === false && pooling === "mean")
    throw badInput(
      `${path}: the prompt is left out of the mean (include_prompt false), which this version does not do.`,
      CONVERT,
    );
  return pooling;
}

async function readDense(list: Listing, path: string): Promise<DenseLayer> {
  const json = await readObject(list, path);
  if (!json) throw badInput(`${path} is missing, which modules.json asks for.`);
  const { in_features: from, out_features: out, bias = true, activation_function: activation } = json;
  const size = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
  if (!size(from) || !size(out) || typeof bias !== "boolean")
    throw badInput(`${path}: in_features, out_features or bias is not what it should be.`);
  const name = typeof activation === "string" ? activation.split(".").at(-1)! : "Tanh";
  const known = ACTIVATIONS.get(name);
  if (!known)
    throw badInput(
      `${path}: activation ${name.slice(0, 40)}; this version has ${[...ACTIVATIONS.keys()].join(", ")}.`,
      CONVERT,
    );
  return { in: from, out, bias, activation: known };
}

/** Whether one matrix and nothing else follows the pooling: what this program's own towers have. */
export const isProjection = (dense: readonly DenseLayer[]): boolean =>
  dense.length === 1 && !dense[0]!.bias && dense[0]!.activation === "identity";

/** The modules as a tower has them; null where nothing is said of pooling. */
export function vectorRule({ pooling, dense, normalise }: Modules): VectorRule | null {
  if (!pooling) return null;
  if (isProjection(dense)) return { pooling, dense: [], projection: dense[0]!.out, normalise };
  return { pooling, dense: dense.map(({ folder: _, ...layer }) => layer), projection: null, normalise };
}

/** From config_sentence_transformers.json. */
export async function readPrompts(list: Listing): Promise<{ prompts: Prompts; similarity: string | null }> {
  const path = "config_sentence_transformers.json";
  const json = await readObject(list, path);
  const given = json?.prompts ?? {};
  if (!isObject(given)) throw badInput(`${path}: prompts is not an object of texts.`);
  const prompt = (...names: unknown[]): string => {
    for (const name of names) {
      const value = typeof name === "string" && Object.hasOwn(given, name) ? given[name] : undefined;
      if (typeof value === "string") return value;
    }
    return "";
  };
  const usual = json?.default_prompt_name;
  return {
    prompts: { query: prompt("query", usual), document: prompt("document", "passage", "corpus", usual) },
    similarity: typeof json?.similarity_fn_name === "string" ? json.similarity_fn_name : null,
  };
}
