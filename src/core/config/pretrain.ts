/**
 * The settings of stage 0, the training of a language model: what page and command line offer, with its defaults, its
 * limits and its words.
 */
import { z } from "zod";
import { LabError } from "../errors";
import { OURS, real, type SettingInfo, settings, whole } from "./setting";

/** Shapes by their parameters without embeddings: width and layers. Larger ones want a GPU. */
export const LANGUAGE_SIZES = {
  "0.1m": { width: 64, layers: 2 },
  "0.4m": { width: 128, layers: 2 },
  "0.8m": { width: 128, layers: 4 },
  "1.6m": { width: 192, layers: 4 },
  "3.2m": { width: 256, layers: 4 },
} as const;
export type LanguageSize = keyof typeof LANGUAGE_SIZES;

/** A shape of one's own. */
export const languageShape = z.object({
  width: whole({
    default: 64,
    min: 16,
    max: 1024,
    log: true,
    label: "Width",
    help: "Length of a token's vector, a multiple of 8.",
    source: OURS,
  }),
  layers: whole({ default: 2, min: 1, max: 24, label: "Layers", help: "Decoder layers.", source: OURS }),
});
export type LanguageShape = z.infer<typeof languageShape>;

export const pretrainSchema = z.object({
  steps: whole({
    default: 2400,
    min: 1,
    max: 1_000_000,
    log: true,
    label: "Steps",
    help: "The learning rate rises for the first 5 % of them and then falls to zero.",
    source: OURS,
  }),
  learningRate: real({
    default: 2.5e-3,
    min: 1e-6,
    max: 0.5,
    log: true,
    label: "Learning rate",
    help: "At its peak, of the layers. Wider models and longer trainings want a lower one.",
    source: OURS,
  }),
  embeddingRate: real({
    default: 0.025,
    min: 1e-6,
    max: 0.5,
    log: true,
    label: "Embedding rate",
    help: "The learning rate of the token embeddings, at its peak. A rare token is seldom seen: it wants a higher one than the layers.",
    source: OURS,
  }),
  seed: whole({
    default: 1,
    min: 0,
    max: 2 ** 31 - 1,
    label: "Seed",
    help: "Decides the generated text, what is held out, the first weights and the order.",
    source: OURS,
  }),
  vocabulary: whole({
    default: 4096,
    min: 300,
    max: 50_000,
    log: true,
    label: "Vocabulary",
    unit: "tokens",
    help: "Byte-level tokens, learned from the text.",
    source: OURS,
  }),
  length: whole({
    default: 128,
    min: 8,
    max: 1024,
    log: true,
    label: "Row",
    unit: "tokens",
    help: "The longest text that a tower can read that starts from it.",
    source: OURS,
  }),
  batch: whole({
    default: 8,
    min: 1,
    max: 4096,
    log: true,
    label: "Rows a step",
    help: "More make each step slower and steadier.",
    source: OURS,
  }),
});

export interface PretrainSettings extends z.infer<typeof pretrainSchema> {
  size: LanguageSize | LanguageShape;
}

export const PRETRAIN_DEFAULTS: Omit<PretrainSettings, "size"> = pretrainSchema.parse({});

/** How many threads are generated where no text is given. */
export const threadsSchema = whole({
  default: 60_000,
  min: 50,
  max: 2_000_000,
  log: true,
  label: "Threads",
  help: "Each is two to four short texts about the same things.",
  source: OURS,
});
export const THREADS = threadsSchema.parse(undefined);

export type PretrainField = keyof typeof PRETRAIN_FIELDS;

/** Every number of stage 0 by its name. */
export const PRETRAIN_FIELDS = { ...pretrainSchema.shape, ...languageShape.shape, threads: threadsSchema };

/** Label, help and limits of a number. */
export const pretrainInfo = (field: PretrainField): SettingInfo & { min: number; max: number } =>
  settings.get(PRETRAIN_FIELDS[field]) as SettingInfo & { min: number; max: number };

export const shapeOf = (size: PretrainSettings["size"]): LanguageShape =>
  typeof size === "string" ? LANGUAGE_SIZES[size] : size;

/** The size as the command line takes it: "0.4m" or "96x3". */
export const sizeWord = (size: PretrainSettings["size"]): string =>
  typeof size === "string" ? size : `${size.width}x${size.layers}`;

/** What `sizeWord` wrote; null where it is no size. */
export function readSize(word: string): PretrainSettings["size"] | null {
  if (Object.hasOwn(LANGUAGE_SIZES, word)) return word as LanguageSize;
  const [, width, layers] = /^(\d{1,5})x(\d{1,3})$/.exec(word) ?? [];
  return width && layers ? { width: Number(width), layers: Number(layers) } : null;
}

/** @throws LabError "bad-setting" naming the first number that is none or out of its limits */
export function checkPretrain(given: PretrainSettings): void {
  const shape = shapeOf(given.size);
  const values: Record<string, unknown> = { ...given, ...shape };
  for (const [field, schema] of Object.entries({ ...pretrainSchema.shape, ...languageShape.shape })) {
    const value = values[field];
    if (value !== undefined && schema.safeParse(value).success) continue;
    const { label, min, max, integer } = pretrainInfo(field as PretrainField);
    throw new LabError(
      "bad-setting",
      `${label} is ${String(value)}.`,
      `Give ${integer ? "a whole number" : "a number"} from ${min} to ${max}.`,
    );
  }
  // Four heads, and the rotation of positions turns a head's numbers in pairs.
  if (shape.width % 8 !== 0) throw new LabError("bad-setting", `Width is ${shape.width}.`, "Give a multiple of 8.");
}
