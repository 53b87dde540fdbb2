/** Stage 0: a decoder learns to predict the next token of texts, and is written as a Hugging Face folder. */
import type { Gpu } from "../../gpu/device";
import type { TowerOps } from "../../gpu/ops";
import { compileWaiting } from "../../gpu/pipelines";
import type { Store } from "../artifacts/store";
import { LabError } from "../errors";
import type { LossPoint, ValidationPoint } from "../formats/result";
import { halfBits, halfValue } from "../half";
import { hash32 } from "../random";
import { SEP_ID, trainBpe } from "../text/bpe";
import { loadTokenizer, type TextTokenizer } from "../text/tokenizer";
import { countParameters } from "../towers";
import { gatedHidden } from "../towers/config";
import { disposeTower, downloadParameters, uploadTower, writeParameters } from "../towers/device";
import { initLanguageModel } from "../towers/lmStart";
import type { HostParameters, TowerConfig } from "../towers/types";
import { type TokenTable, tokenTable } from "../training/inputs";
import { languageMeter, languageStep } from "../training/languageStep";
import { passRows, rowOrder } from "../training/rows";
import { readState, writeState } from "../training/state";
import { type Control, train } from "../training/trainer";
import type { Recipe } from "../training/trainingStep";
import { decodeJson } from "./checkpoints";

/** Shapes by their parameters without embeddings: width and layers. Larger ones want a GPU. */
export const LANGUAGE_SIZES = {
  "0.1m": { width: 64, layers: 2 },
  "0.4m": { width: 128, layers: 2 },
  "0.8m": { width: 128, layers: 4 },
  "1.6m": { width: 192, layers: 4 },
  "3.2m": { width: 256, layers: 4 },
} as const;
export type LanguageSize = keyof typeof LANGUAGE_SIZES;

export interface PretrainSettings {
  size: LanguageSize;
  /** Words of the byte-level vocabulary that is learned from the texts. */
  vocabulary: number;
  /** Tokens of a row, and rows of a step. */
  length: number;
  batch: number;
  steps: number;
  learningRate: number;
  seed: number;
}

export const PRETRAIN_DEFAULTS: Omit<PretrainSettings, "size" | "seed"> = {
  vocabulary: 4096,
  length: 128,
  batch: 4,
  steps: 2400,
  learningRate: 5e-3,
};

/** What does not change from size to size. Betas and decay are those of stage 1. */
const OPTIMIZER = { warmup: 0.05, weightDecay: 0.01, beta1: 0.9, beta2: 0.98, clip: 1, dropout: 0 };
/** One text in so many is held out. */
const HELD_OUT = 50;
/** Held-out rows that are measured in training, and at the end. */
const WATCHED_ROWS = 32;
const MEASURED_ROWS = 256;
const STATE_FILE = "state/pretrain.safetensors";
const STATE_SETTINGS = "state/settings.json";

export interface PretrainOptions {
  gpu: Gpu;
  ops: TowerOps;
  /** Where the training's state is kept, so that it can go on; removed at its end. */
  store: Store;
  /** Each stands for itself: nothing is learned from which follows which. */
  texts: readonly string[];
  settings: PretrainSettings;
  captured?: boolean;
  control: Control;
  saveEvery: number;
  doing?: (words: string | null) => void;
  onPoints?: (losses: LossPoint[], validation: ValidationPoint[], done: number) => void;
}

export interface LanguageModel {
  config: TowerConfig;
  /** As they are in the file: every value a half float. */
  parameters: HostParameters;
  tokenizer: TextTokenizer;
  record: PretrainRecord;
}

/** How a language model was made. */
export interface PretrainRecord {
  settings: PretrainSettings;
  parameters: number;
  withoutEmbeddings: number;
  texts: number;
  heldOutTexts: number;
  /** Of all texts that were learned from, each counted once, and those seen in all steps. */
  tokens: number;
  tokensSeen: number;
  /** On held-out rows, with the weights as half floats. */
  perplexity: number;
  heldOutTokens: number;
  /** Nats, at some steps. */
  losses: { step: number; loss: number }[];
  validation: { step: number; perplexity: number }[];
  /** Of training alone. */
  seconds: number;
}

/** The shape of a language model. */
export function languageConfig(
  { size, length }: Pick<PretrainSettings, "size" | "length">,
  vocabulary: number,
): TowerConfig {
  const { width, layers } = LANGUAGE_SIZES[size];
  return {
    kind: "decoder",
    vocabulary,
    width,
    layers,
    heads: 4,
    kvHeads: 2,
    hidden: gatedHidden(width),
    maxTokens: length,
    pooling: "mean",
    embeddingSize: width,
    projection: false,
  };
}

/** Texts as tokens, those longer than a row cut into pieces of one. */
function pieces(texts: readonly string[], tokenizer: TextTokenizer, length: number): TokenTable {
  const all = texts.flatMap((text) => {
    const ids = tokenizer.encode(text, Number.MAX_SAFE_INTEGER);
    const count = Math.ceil(ids.length / length);
    return Array.from({ length: count }, (_, i) => ids.subarray(i * length, (i + 1) * length));
  });
  return tokenTable(all, (ids) => ids);
}

/** Learns the tokenizer and cuts the texts into what is learned from and what is held out, by the texts' numbers. */
function prepare(texts: readonly string[], { vocabulary, length, seed }: PretrainSettings) {
  const held = (i: number) => hash32(seed, 0x4e1d, i) % HELD_OUT === 0;
  const learned = texts.filter((_, i) => !held(i));
  const heldOut = texts.filter((_, i) => held(i));
  const tokenizer = loadTokenizer(trainBpe(learned, vocabulary, { special: false, seed }));
  const table = pieces(learned, tokenizer, length);
  const heldTable = pieces(heldOut, tokenizer, length);
  const rows = [
    ...passRows(
      heldTable,
      length + 1,
      SEP_ID,
      Array.from({ length: heldTable.offsets.length - 1 }, (_, i) => i),
    ),
  ];
  if (table.flat.length <= length || rows.length === 0)
    throw new LabError(
      "bad-input",
      `The text is too short: ${table.flat.length} tokens to learn from, ${heldTable.flat.length} held out, and a row has ${length + 1}.`,
      "Give more text, or several texts: one in fifty is held out to measure the perplexity.",
    );
  return { tokenizer, table, rows, learned: learned.length, heldOut: heldOut.length };
}

/**
 * Trains a language model, or goes on with it where the store has its state.
 * @throws LabError "bad-input" where there is too little text, or the store has the state of another training;
 * "stopped", "not-finite", "device-lost" as every training
 */
export async function pretrain(options: PretrainOptions): Promise<LanguageModel> {
  const { gpu, ops, store, settings, control, captured = true } = options;
  const { batch, length, steps, seed, learningRate } = settings;
  options.doing?.("learning the vocabulary");
  const { tokenizer, table, rows, learned, heldOut } = prepare(options.texts, settings);
  const config = languageConfig(settings, tokenizer.vocabulary);
  const resume = await savedState(store, settings, options.texts.length);
  const tower = uploadTower(gpu, config, initLanguageModel(config, seed));
  const recipe: Recipe = {
    ...OPTIMIZER,
    steps,
    batch,
    learningRate,
    embeddingRate: learningRate,
    seed,
    captured,
  };
  const step = languageStep(gpu, ops, recipe, {
    tower,
    length,
    order: rowOrder(table, length + 1, SEP_ID, batch, seed),
  });
  const meter = languageMeter(gpu, ops, tower, { batch, length, captured });
  try {
    await compileWaiting(gpu, (done, total) => options.doing?.(`compiling ${done} of ${total} GPU programs`));
    options.doing?.(null);
    const { state } = await train({
      gpu,
      training: step,
      recipe,
      validateEvery: Math.max(1, Math.round(steps / 10)),
      patience: 0,
      validate: async () => ({ perplexity: Math.exp(await meter.measure(rows.slice(0, WATCHED_ROWS))) }),
      control,
      onPoints: (losses, validation, done) => options.onPoints?.(losses, validation, done),
      save: {
        everySeconds: options.saveEvery,
        write: async (saved) => {
          await store.write(
            STATE_SETTINGS,
            new TextEncoder().encode(JSON.stringify(stateKey(settings, options.texts.length))),
          );
          await store.write(STATE_FILE, writeState(saved));
        },
      },
      resume,
    });
    const parameters = halved(await downloadParameters(gpu, tower));
    writeParameters(gpu, tower, parameters);
    const measured = rows.slice(0, MEASURED_ROWS);
    const perplexity = Math.exp(await meter.measure(measured));
    await store.remove("state");
    const sizes = countParameters(config);
    return {
      config,
      parameters,
      tokenizer,
      record: {
        settings,
        parameters: sizes.total,
        withoutEmbeddings: sizes.withoutEmbeddings,
        texts: learned,
        heldOutTexts: heldOut,
        tokens: table.flat.length,
        tokensSeen: state.step * batch * length,
        perplexity,
        heldOutTokens: measured.length * length,
        losses: thinned(state.losses, 20),
        validation: state.validation.map((point) => ({ step: point.step, perplexity: point.metrics["perplexity"]! })),
        seconds: state.seconds,
      },
    };
  } catch (error) {
    throw gpu.failure() ?? error;
  } finally {
    if (!gpu.failure()) {
      meter.dispose();
      step.dispose();
      disposeTower(tower);
    }
  }
}

/** What must be the same for a training to go on. */
const stateKey = (settings: PretrainSettings, texts: number) => ({ ...settings, texts });

async function savedState(store: Store, settings: PretrainSettings, texts: number) {
  const [state, key] = [await store.read(STATE_FILE), await store.read(STATE_SETTINGS)];
  if (!state || !key) return undefined;
  if (JSON.stringify(decodeJson(key)) !== JSON.stringify(stateKey(settings, texts)))
    throw new LabError(
      "bad-input",
      "There is an unfinished training here, of other settings or another text.",
      "Go on with the settings it was begun with, or remove its folder named state.",
    );
  return readState(state);
}

/** Every value as a half float has it. */
const halved = (parameters: HostParameters): HostParameters =>
  new Map(
    [...parameters].map(([name, { shape, values }]) => [
      name,
      { shape, values: values.map((value) => halfValue(halfBits(value))) },
    ]),
  );

/** Means over about so many equal stretches. */
function thinned(losses: readonly LossPoint[], points: number): { step: number; loss: number }[] {
  const stretch = Math.max(1, Math.ceil(losses.length / points));
  return Array.from({ length: Math.ceil(losses.length / stretch) }, (_, i) => {
    const some = losses.slice(i * stretch, (i + 1) * stretch);
    return { step: some.at(-1)!.step, loss: some.reduce((sum, { loss }) => sum + loss, 0) / some.length };
  });
}
