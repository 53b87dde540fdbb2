/** The vectors of a finished run for other programs: its documents, and its test queries by teacher and student. */
import type { Gpu } from "../../gpu/device";
import type { TowerOps } from "../../gpu/ops";
import { askedDataset } from "../data/noise";
import type { Dataset } from "../data/types";
import { LabError } from "../errors";
import { testSetHash } from "../evaluation/testSetHash";
import { writeNpy } from "../formats/npy";
import type { TrainedSystem } from "../formats/result";
import { writeSafetensors } from "../formats/safetensors";
import { disposeTower } from "../towers/device";
import { createEncoder } from "../training/encode";
import { tokenTable } from "../training/inputs";
import { checkpointFolder, loadCheckpoint } from "./checkpoints";
import type { ExportFiles, ExportSource } from "./exports";
import { documentVectors } from "./search";

const utf8 = new TextEncoder();
const json = (value: unknown) => utf8.encode(`${JSON.stringify(value, null, 1)}\n`);

/**
 * A run's collection with its test queries as the run asked them.
 * @throws LabError bad-input where the texts are not those of the run
 */
export async function checkDataset({ result }: ExportSource, dataset: Dataset): Promise<Dataset> {
  const asked = askedDataset(dataset, result.config);
  if ((await testSetHash(asked.docs, asked.test)) === result.testSetHash) return asked;
  throw new LabError(
    "bad-input",
    `${dataset.name} is not the collection of this run: its documents, test queries or judgements differ.`,
    "Give the collection that the run was made with, and this version of the program.",
  );
}

/** Divides each row by its length, in place. */
function toUnitLength(vectors: Float32Array, size: number): Float32Array {
  for (let at = 0; at < vectors.length; at += size) {
    let square = 0;
    for (let k = 0; k < size; k++) square += vectors[at + k]! ** 2;
    const length = Math.max(Math.sqrt(square), 1e-12);
    for (let k = 0; k < size; k++) vectors[at + k]! /= length;
  }
  return vectors;
}

async function queryVectors(
  { gpu, ops }: { gpu: Gpu; ops: TowerOps },
  { store, result }: ExportSource,
  dataset: Dataset,
  system: TrainedSystem,
): Promise<Float32Array> {
  const loaded = await loadCheckpoint(gpu, store, system, "query");
  if (!loaded)
    throw new LabError(
      "bad-input",
      `This run has no ${checkpointFolder(system, "query")}, so that there is nothing to encode a query with.`,
      "Give a run with its checkpoints: lab run --checkpoints, or an export with checkpoints from the page.",
    );
  const { prompt, queryTokens } = system === "teacher" ? result.config.teacher : result.config.student;
  const { queries } = dataset.test;
  const table = tokenTable(queries, ({ text }) => loaded.tokenizer.encode(prompt + text, queryTokens));
  const encoder = createEncoder(gpu, ops, loaded.tower, { batch: 64, length: queryTokens, captured: true });
  try {
    return await encoder.encode(
      table,
      queries.map((_, i) => i),
    );
  } finally {
    encoder.dispose();
    disposeTower(loaded.tower);
  }
}

/**
 * documents, queries.teacher and queries.student, float32 [texts, embeddingSize], each vector of length 1, so that a score
 * is an inner product; and the ids of their rows.
 * @param dataset the run's own collection
 * @throws LabError bad-input where the run came without checkpoints, or the collection is another one
 */
export async function vectorsExport(
  device: { gpu: Gpu; ops: TowerOps },
  source: ExportSource,
  dataset: Dataset,
  form: "npy" | "safetensors",
): Promise<ExportFiles> {
  const asked = await checkDataset(source, dataset);
  const { store, result } = source;
  const size = result.config.embeddingSize;
  const documents = await documentVectors(device.gpu, device.ops, store, result.config, dataset, "teacher");
  const tensors = new Map(
    Object.entries({
      documents,
      "queries.teacher": await queryVectors(device, source, asked, "teacher"),
      "queries.student": await queryVectors(device, source, asked, "scalingnote"),
    }).map(([name, values]) => [name, { shape: [values.length / size, size], values: toUnitLength(values, size) }]),
  );
  const files: ExportFiles = new Map();
  if (form === "npy")
    for (const [name, { shape, values }] of tensors) files.set(`${name}.npy`, writeNpy(shape, values));
  else {
    const facts = { run: result.name, seed: String(result.config.seed), code: result.codeVersion };
    files.set("vectors.safetensors", writeSafetensors(tensors, facts));
  }
  // By row.
  files.set("document-ids.json", json(dataset.docs.map(({ id }) => id)));
  files.set("query-ids.json", json(dataset.test.queries.map(({ id }) => id)));
  return files;
}
