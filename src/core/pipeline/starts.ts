/** The checkpoints that a run's towers start from: opened and looked at before anything is computed. */
import {
  type CheckpointFiles,
  checkpointTokenizer,
  type Inspection,
  inspectCheckpoint,
  loadCheckpoint,
} from "../checkpoints";
import { takesLayers } from "../config/rules";
import type { Experiment } from "../config/schema";
import { LabError } from "../errors";
import type { TextTokenizer } from "../text/tokenizer";
import { initTower, parameterSpecs } from "../towers";
import { denseSize } from "../towers/config";
import type { HostParameters, TowerConfig } from "../towers/types";
import type { TokenTable } from "../training/inputs";
import { wordsInit } from "../training/wordsStart";
import { type RunTowers, towerConfigs } from "./plan";
import { recordedReference } from "./recorded";

/**
 * What the run's host can open: the command line folders of the disk, the page what it keeps. A reference is what the
 * settings teacher.checkpoint and student.checkpoint hold.
 */
export interface CheckpointSource {
  /** @throws LabError "bad-input" where there is none of that name */
  open(reference: string): Promise<CheckpointFiles>;
}

/** One checkpoint that towers start from. */
export interface Start {
  files: CheckpointFiles;
  inspection: Inspection;
  tokenizer: TextTokenizer;
}

export interface Starts {
  teacher?: Start;
  student?: Start;
}

/** A run as its checkpoints make it. */
export interface Started {
  /**
   * With the embedding size, lengths, poolings and prompts of the checkpoints, and these called as they are recorded: what
   * the run is recorded with.
   */
  experiment: Experiment;
  starts: Starts;
  towers: RunTowers;
}

const SIDES = ["teacher", "student"] as const;

/** Tokenizers that were parsed last, by what they were opened from: a forecast at every change of a setting asks again. */
const parsed = new WeakMap<CheckpointSource, Map<string, Promise<TextTokenizer>>>();
const MOST_PARSED = 4;

/** A checkpoint's tokenizer, parsed once for as long as the reference means files of the same names and sizes. */
async function tokenizerOf(
  source: CheckpointSource,
  reference: string,
  files: CheckpointFiles,
  inspection: Inspection,
): Promise<TextTokenizer> {
  const cache = parsed.get(source) ?? new Map<string, Promise<TextTokenizer>>();
  parsed.set(source, cache);
  const list = (await files.list()).map(({ path, size }) => `${path} ${size}`).toSorted();
  const key = JSON.stringify([reference, list, inspection.tokenizer?.config]);
  const known = cache.get(key);
  if (known) return known;
  const made = checkpointTokenizer(files, inspection);
  cache.set(key, made);
  for (const oldest of cache.keys()) if (cache.size > MOST_PARSED) cache.delete(oldest);
  try {
    return await made;
  } catch (error) {
    cache.delete(key);
    throw error;
  }
}

/**
 * Opens what the settings name; without any, the experiment is as it was. No tensor is read.
 * @throws LabError "bad-setting" or "bad-input": no such checkpoint, one that cannot be used, sizes that do not fit
 */
export async function openStarts(given: Experiment, source?: CheckpointSource): Promise<Started> {
  const starts: Starts = {};
  let experiment = given;
  for (const side of SIDES) {
    const { checkpoint, pooling } = given[side];
    if (checkpoint === "") continue;
    if (!source)
      throw new LabError("bad-setting", "Checkpoints cannot be opened here.", `Leave ${side}.checkpoint empty.`);
    const files = await source.open(checkpoint);
    const inspection = await named(files, side, inspectCheckpoint(files, { pooling }));
    const tokenizer = await named(files, side, tokenizerOf(source, checkpoint, files, inspection));
    starts[side] = { files, inspection, tokenizer };
    experiment = withCheckpoint(experiment, side, inspection);
  }
  return { experiment, starts, towers: startedTowers(experiment, starts) };
}

/** Of two checkpoints, a fault has to say whose it is. */
async function named<T>(files: CheckpointFiles, side: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof LabError) || cause.message.includes(files.name)) throw cause;
    throw new LabError(cause.kind, `The ${side}'s ${files.name}: ${cause.message}`, cause.remedy, { cause });
  }
}

/** The settings as a checkpoint makes them. */
function withCheckpoint(experiment: Experiment, side: (typeof SIDES)[number], inspection: Inspection): Experiment {
  const settings = experiment[side];
  const { config, prompts, maxTokens, saysVectors } = inspection;
  return {
    ...experiment,
    // A bare language model's states are brought to the size that the settings ask for.
    ...(side === "teacher" && saysVectors ? { embeddingSize: config.embeddingSize } : {}),
    [side]: {
      ...settings,
      checkpoint: recordedReference(settings.checkpoint),
      pooling: config.pooling,
      queryTokens: Math.min(settings.queryTokens, maxTokens),
      docTokens: Math.min(settings.docTokens, maxTokens),
      prompt: settings.prompt || prompts.query,
      docPrompt: settings.docPrompt || prompts.document,
    },
  };
}

/** A checkpoint's tower with a projection of its own, random at first, where its vectors have another size. */
function sized(config: TowerConfig, embeddingSize: number): TowerConfig {
  if (config.embeddingSize === embeddingSize) return config;
  // What a projection makes cannot be projected once more; a trained one is part of the checkpoint's vectors.
  if (config.projection !== false)
    return {
      ...config,
      dense: [
        ...(config.dense ?? []),
        { in: denseSize(config), out: config.embeddingSize, bias: false, activation: "identity" },
      ],
      embeddingSize,
    };
  const { projection: _, ...rest } = config;
  return { ...rest, embeddingSize };
}

/** The shapes of a run's towers: those of the settings, but for what starts from a checkpoint. */
function startedTowers(experiment: Experiment, { teacher, student }: Starts): RunTowers {
  if (!teacher && !student) return towerConfigs(experiment);
  const { embeddingSize } = experiment;
  const big = teacher && sized(teacher.inspection.config, embeddingSize);
  const { ownSize } = experiment.student;
  if (student) {
    const { config } = student.inspection;
    const small = sized(config, embeddingSize);
    return {
      teacher: big ?? towerConfigs(experiment).teacher,
      student: small,
      // It has the places that it has: longer documents are cut there.
      learner: sized(config, ownSize || embeddingSize),
      smallDocument: small,
    };
  }
  if (takesLayers(experiment.student.init)) {
    const small = { ...big!, layers: experiment.student.layers };
    if (big!.layers < 3 || small.layers < 1 || small.layers > big!.layers - 2)
      throw new LabError(
        "bad-setting",
        `The student starts from layers of the teacher: ${small.layers} of the teacher's ${big!.layers}.`,
        "They need a teacher of at least 3 layers, and a student of at least 1 and at least 2 fewer: set student.layers.",
      );
    if (ownSize > 0 && ownSize !== embeddingSize)
      throw new LabError(
        "bad-setting",
        `The student starts from layers of the teacher, with vectors of its own size, ${ownSize}.`,
        `They need vectors of the teacher's size: set student.ownSize to 0 or ${embeddingSize}.`,
      );
    return { teacher: big!, student: small, learner: small, smallDocument: small };
  }
  return { ...towerConfigs(experiment), teacher: big! };
}

/**
 * A checkpoint's values as a tower of this run has them; what it lacks, a projection, starts at random from the seed.
 * @param words takes its token embeddings alone, in an else fresh tower of its shape that will read these texts
 * @throws LabError "bad-input" where the files cannot be read
 */
export async function startValues(
  { files, inspection }: Start,
  config: TowerConfig,
  seed: number,
  side: "query" | "document",
  words?: readonly TokenTable[],
): Promise<HostParameters> {
  const loaded = await loadCheckpoint(files, inspection);
  if (words) return wordsInit(initTower(config, seed, side), loaded, config, words);
  const own = inspection.config;
  // What was its projection is a dense module where another one follows.
  const added = (config.dense?.length ?? 0) - (own.dense?.length ?? 0) > 0;
  if (added) {
    loaded.set(`dense.${config.dense!.length - 1}.weight`, loaded.get("projection.weight")!);
    loaded.delete("projection.weight");
  }
  const random = initTower(config, seed, side, false, (name) => !loaded.has(name));
  return new Map(parameterSpecs(config).map(({ name }) => [name, (loaded.get(name) ?? random.get(name))!]));
}
