/** Stage 0: a decoder learns to predict the next token of texts, and is written as a Hugging Face folder. */
import type { Gpu } from "../../gpu/device";
import type { TowerOps } from "../../gpu/ops";
import { compileWaiting } from "../../gpu/pipelines";
import type { Store } from "../artifacts/store";
import { type PretrainSettings, shapeOf } from "../config/pretrain";
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
import { readState, type TrainingState, writeState } from "../training/state";
import { type Control, train } from "../training/trainer";
import type { Recipe } from "../training/trainingStep";
import { decodeJson } from "./checkpoints";

/** What does not change from size to size. Betas and decay are those of stage 1. */
const OPTIMIZER = { warmup: 0.05, weightDecay: 0.01, beta1: 0.9, beta2: 0.98, clip: 1, dropout: 0 };
/** One text in so many is held out. */
const HELD_OUT = 50;
/** Held-out rows that are measured in training, and at the end. */
export const WATCHED_ROWS = 32;
export const MEASURED_ROWS = 256;
export const STATE_FILE = "state/pretrain.safetensors";
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

export interface ScheduleChange {
  /** Steps that the learning rate's schedule is for. */
  steps: number;
  /** The first of them. */
  from: number;
}

/** How a language model was made. */
export interface PretrainRecord {
  settings: PretrainSettings;
  /** Where a training was gone on with for another number of steps than before: that number, from which step on. */
  schedule: ScheduleChange[];
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

/** Steps between two measurements on held-out rows. */
export const watchEvery = (steps: number): number => Math.max(1, Math.round(steps / 10));

/** The shape of a language model. */
export function languageConfig(
  { size, length }: Pick<PretrainSettings, "size" | "length">,
  vocabulary: number,
): TowerConfig {
  const { width, layers } = shapeOf(size);
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
  const { batch, length, steps, seed, learningRate, embeddingRate } = settings;
  options.doing?.("learning the vocabulary");
  const { tokenizer, table, rows, learned, heldOut } = prepare(options.texts, settings);
  const config = languageConfig(settings, tokenizer.vocabulary);
  const { resume, schedule } = await savedState(store, settings, options.texts.length);
  const tower = uploadTower(gpu, config, initLanguageModel(config, seed));
  const recipe: Recipe = {
    ...OPTIMIZER,
    steps,
    batch,
    learningRate,
    embeddingRate,
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
      validateEvery: watchEvery(steps),
      patience: 0,
      validate: async () => ({ perplexity: Math.exp(await meter.measure(rows.slice(0, WATCHED_ROWS))) }),
      control,
      onPoints: (losses, validation, done) => options.onPoints?.(losses, validation, done),
      save: {
        everySeconds: options.saveEvery,
        write: async (saved) => {
          const kept: Kept = { settings: stateKey(settings, options.texts.length), schedule };
          await store.write(STATE_SETTINGS, new TextEncoder().encode(JSON.stringify(kept)));
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
        schedule,
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

/** What must be the same for a training to go on: all but the number of steps, which a slow machine may make one regret. */
const stateKey = ({ steps: _steps, ...settings }: PretrainSettings, texts: number) => ({ ...settings, texts });

/** What is kept beside a training's state. */
interface Kept {
  settings: ReturnType<typeof stateKey>;
  schedule: ScheduleChange[];
}

/** The state to go on from, where there is one, and the schedules of all steps. */
async function savedState(
  store: Store,
  settings: PretrainSettings,
  texts: number,
): Promise<{ resume?: TrainingState; schedule: ScheduleChange[] }> {
  const { steps } = settings;
  const [state, json] = [await store.read(STATE_FILE), await store.read(STATE_SETTINGS)];
  if (!state || !json) return { schedule: [{ steps, from: 1 }] };
  const kept = decodeJson(json) as Kept;
  const resume = readState(state);
  if (JSON.stringify(kept.settings) !== JSON.stringify(stateKey(settings, texts)) || resume.step > steps)
    throw new LabError(
      "bad-input",
      "There is an unfinished training here, of other settings or another text.",
      "Go on with the settings it was begun with (only the steps may differ), or remove its folder named state.",
    );
  if (resume.steps === steps) return { resume, schedule: kept.schedule };
  return { resume: { ...resume, steps }, schedule: [...kept.schedule, { steps, from: resume.step + 1 }] };
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
export function thinned(losses: readonly LossPoint[], points: number): { step: number; loss: number }[] {
  const stretch = Math.max(1, Math.ceil(losses.length / points));
  return Array.from({ length: Math.ceil(losses.length / stretch) }, (_, i) => {
    const some = losses.slice(i * stretch, (i + 1) * stretch);
    return { step: some.at(-1)!.step, loss: some.reduce((sum, { loss }) => sum + loss, 0) / some.length };
  });
}
