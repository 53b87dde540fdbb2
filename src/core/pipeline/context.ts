/** What the stages of one run share. */
import type { Gpu } from "../../gpu/device";
import type { TowerOps } from "../../gpu/ops";
import { compileWaiting } from "../../gpu/pipelines";
import type { Store } from "../artifacts/store";
import type { Experiment } from "../config/schema";
import type { Dataset } from "../data/types";
import { random } from "../random";
import type { Tower } from "../towers/device";
import { createEncoder } from "../training/encode";
import type { TokenTable } from "../training/inputs";
import type { TrainingPairs } from "../training/pairs";
import type { Control } from "../training/trainer";
import { type RunPlan, type RunTowers, VALIDATION_DOCUMENTS, VALIDATION_QUERIES } from "./plan";
import type { Reporter } from "./reporter";
import type { Starts } from "./starts";
import type { Texts } from "./texts";

export interface RunContext {
  gpu: Gpu;
  ops: TowerOps;
  store: Store;
  experiment: Experiment;
  /** Shapes of the towers, and the checkpoints that they start from, where they do. */
  towers: RunTowers;
  starts: Starts;
  dataset: Dataset;
  texts: Texts;
  pairs: TrainingPairs;
  plan: RunPlan;
  sample: ValidationSample;
  control: Control;
  reporter: Reporter;
  /** Recorded with every checkpoint. */
  codeVersion: string;
}

/** The queries and documents watched during training: the same for every system, so that their curves compare. */
export interface ValidationSample {
  queries: Int32Array;
  documents: Int32Array;
  /** By query: places in `documents` that are relevant. */
  relevant: ReadonlySet<number>[];
}

/** The first validation queries, every document judged for them, and others drawn at random. */
export function validationSample(dataset: Dataset, seed: number): ValidationSample {
  const place = new Map(dataset.docs.map((doc, i) => [doc.id, i]));
  const queries = dataset.validation.queries.slice(0, VALIDATION_QUERIES);
  const chosen = new Set<number>();
  for (const query of queries)
    for (const [id, grade] of dataset.validation.qrels.get(query.id) ?? [])
      if (grade >= dataset.relevanceLevel && place.has(id)) chosen.add(place.get(id)!);
  const r = random(seed, "validation documents");
  const wanted = Math.min(dataset.docs.length, Math.max(VALIDATION_DOCUMENTS, chosen.size));
  while (chosen.size < wanted) chosen.add(r.int(dataset.docs.length));
  const documents = Int32Array.from(chosen).sort();
  const where = new Map([...documents].map((d, i) => [d, i]));
  return {
    queries: Int32Array.from(queries, (_, i) => i),
    documents,
    relevant: queries.map(
      (query) =>
        new Set(
          [...(dataset.validation.qrels.get(query.id) ?? [])]
            .filter(([id, grade]) => grade >= dataset.relevanceLevel && place.has(id))
            .map(([id]) => where.get(place.get(id)!)!),
        ),
    ),
  };
}

/**
 * Compiles what the captures made so far wait for, and tells how far it is.
 * @throws LabError "stopped" with the next program that is done, where the user has stopped the run
 */
export async function compilePrograms({
  gpu,
  reporter,
  control,
}: Pick<RunContext, "gpu" | "reporter" | "control">): Promise<void> {
  try {
    await compileWaiting(gpu, (done, total) => {
      reporter.doing(`compiling ${done} of ${total} GPU programs`);
      control.check();
    });
    control.check();
  } finally {
    reporter.doing(null);
  }
}

/**
 * Texts encoded at once: a training batch, within bounds that suit a GPU and its memory. An encoder's programs are then
 * largely those of the training step, which need not be compiled again.
 */
export const encodeBatch = ({ training }: Experiment): number => Math.min(128, Math.max(16, training.batch));

/** An encoder of queries or documents with a tower. The caller disposes of it. */
export function encoderFor(
  context: Pick<RunContext, "gpu" | "ops" | "experiment">,
  tower: Tower,
  length: number,
  batch = encodeBatch(context.experiment),
) {
  return createEncoder(context.gpu, context.ops, tower, {
    batch,
    length,
    captured: context.experiment.training.step === "captured",
  });
}

/** Encodes everything in a table with a tower. Raw vectors, float32 [texts, embeddingSize]. */
export async function encodeAll(
  context: Pick<RunContext, "gpu" | "ops" | "experiment">,
  tower: Tower,
  table: TokenTable,
  length: number,
  onProgress?: (done: number) => void,
): Promise<Float32Array> {
  const encoder = encoderFor(context, tower, length);
  try {
    const count = table.offsets.length - 1;
    return await encoder.encode(
      table,
      Int32Array.from({ length: count }, (_, i) => i),
      onProgress,
    );
  } finally {
    encoder.dispose();
  }
}
