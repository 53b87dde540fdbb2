/** Side-by-side search in a finished run: its towers and its indices, loaded once. */
import type { Gpu } from "../../gpu/device";
import type { TowerOps } from "../../gpu/ops";
import type { Store } from "../artifacts/store";
import type { Experiment } from "../config/schema";
import { type Dataset, type Doc, documentText } from "../data/types";
import { LabError } from "../errors";
import { SYSTEMS, type SystemName, type TrainedSystem } from "../formats/result";
import { bm25Index } from "../retrieval/bm25";
import { normaliseRows, scoreAll, topK } from "../retrieval/exact";
import { loadTokenizer, type TextTokenizer } from "../text/tokenizer";
import { disposeTower, type Tower } from "../towers/device";
import { createEncoder, type Encoder } from "../training/encode";
import { checkpointFolder, loadCheckpoint } from "./checkpoints";
import { vectorFile } from "./files";

export interface Hit {
  doc: Doc;
  score: number;
  grade: number | null;
}

export interface Column {
  system: SystemName;
  hits: Hit[];
  encodeMs: number | null;
  searchMs: number;
}

export interface SearchEngine {
  /** Set where the text is exactly a test query. */
  queryIdOf(text: string): string | null;
  search(text: string, k: number): Promise<Column[]>;
  /** A few test queries, spread over the test set. */
  testQueries(count: number): { id: string; text: string }[];
  dispose(): void;
}

interface Dense {
  system: TrainedSystem;
  tower: Tower;
  encoder: Encoder;
  tokenizer: TextTokenizer;
  vectors: Float32Array;
}

const DENSE: TrainedSystem[] = ["teacher", "scalingnote", "scalingdoc", "twinbert"];

/**
 * Opens a finished run for searching.
 * @throws LabError "bad-input" where the run carries no checkpoints
 */
export async function openSearch(
  gpu: Gpu,
  ops: TowerOps,
  store: Store,
  experiment: Experiment,
  dataset: Dataset,
): Promise<SearchEngine> {
  const ids = dataset.docs.map((doc) => doc.id);
  const size = experiment.embeddingSize;
  const systems: Dense[] = [];
  const dispose = () => {
    for (const { encoder, tower } of systems) {
      encoder.dispose();
      disposeTower(tower);
    }
  };
  const settingsOf = (system: TrainedSystem) => (system === "teacher" ? experiment.teacher : experiment.student);
  try {
    const frozen = await documentVectors(gpu, ops, store, experiment, dataset, "teacher");
    for (const system of DENSE) {
      const loaded = await loadCheckpoint(gpu, store, system, "query");
      if (!loaded) throw noCheckpoints(system);
      const { queryTokens } = settingsOf(system);
      systems.push({
        system,
        tower: loaded.tower,
        tokenizer: loadTokenizer(loaded.tokenizer),
        encoder: createEncoder(gpu, ops, loaded.tower, { batch: 1, length: queryTokens, captured: true }),
        vectors:
          system === "teacher" || system === "scalingnote"
            ? frozen
            : await documentVectors(gpu, ops, store, experiment, dataset, system),
      });
    }
  } catch (error) {
    dispose();
    throw error;
  }
  const bm25 = bm25Index(dataset.docs);
  const byText = new Map(dataset.test.queries.map((query) => [query.text, query.id]));
  const place = new Map(ids.map((id, i) => [id, i]));

  return {
    queryIdOf: (text) => byText.get(text) ?? null,
    testQueries(count) {
      const { queries } = dataset.test;
      const stride = Math.max(1, Math.floor(queries.length / Math.max(1, count)));
      return queries.filter((_, i) => i % stride === 0).slice(0, count);
    },
    async search(text, k) {
      const grades = dataset.test.qrels.get(byText.get(text) ?? "");
      const hit = (d: number, score: number): Hit => ({
        doc: dataset.docs[d]!,
        score,
        grade: grades ? (grades.get(ids[d]!) ?? 0) : null,
      });
      const columns: Column[] = [];
      for (const system of SYSTEMS) {
        const start = performance.now();
        if (system === "bm25") {
          const list = bm25.search(text, k);
          const searchMs = performance.now() - start;
          columns.push({
            system,
            hits: list.ids.map((id, i) => hit(place.get(id)!, list.scores[i]!)),
            encodeMs: null,
            searchMs,
          });
          continue;
        }
        const dense = systems.find((s) => s.system === system)!;
        const settings = settingsOf(system);
        const sequence = dense.tokenizer.encode(settings.prompt + text, settings.queryTokens);
        const raw = await dense.encoder.encode({ flat: sequence, offsets: Int32Array.of(0, sequence.length) }, [0]);
        const encoded = performance.now();
        const scores = scoreAll({ ids, vectors: dense.vectors, size }, normaliseRows(raw, size));
        const best = topK(scores, ids, k);
        columns.push({
          system,
          hits: Array.from(best, (d) => hit(d, scores[d]!)),
          encodeMs: encoded - start,
          searchMs: performance.now() - encoded,
        });
      }
      return columns;
    },
    dispose,
  };
}

/** The stored vectors, or, for an imported run, the corpus encoded anew with its document tower. Normalised. */
async function documentVectors(
  gpu: Gpu,
  ops: TowerOps,
  store: Store,
  experiment: Experiment,
  dataset: Dataset,
  system: TrainedSystem,
): Promise<Float32Array> {
  const size = experiment.embeddingSize;
  const stored = await store.read(vectorFile(system));
  if (stored && stored.byteLength === dataset.docs.length * size * 4)
    return normaliseRows(new Float32Array(stored.slice().buffer), size);
  const loaded =
    (await loadCheckpoint(gpu, store, system, "document")) ?? (await loadCheckpoint(gpu, store, system, "query"));
  if (!loaded) throw noCheckpoints(system);
  const { docTokens } = system === "twinbert" ? experiment.student : experiment.teacher;
  const tokenizer = loadTokenizer(loaded.tokenizer);
  const offsets = new Int32Array(dataset.docs.length + 1);
  const sequences = dataset.docs.map((doc, i) => {
    const ids = tokenizer.encode(documentText(doc), docTokens);
    offsets[i + 1] = offsets[i]! + ids.length;
    return ids;
  });
  const flat = new Int32Array(offsets[sequences.length]!);
  sequences.forEach((ids, i) => {
    flat.set(ids, offsets[i]!);
  });
  const encoder = createEncoder(gpu, ops, loaded.tower, { batch: 64, length: docTokens, captured: true });
  try {
    const raw = await encoder.encode(
      { flat, offsets },
      Int32Array.from(sequences, (_, i) => i),
    );
    await store.write(vectorFile(system), new Uint8Array(raw.buffer));
    return normaliseRows(raw, size);
  } finally {
    encoder.dispose();
    disposeTower(loaded.tower);
  }
}

const noCheckpoints = (system: TrainedSystem) =>
  new LabError(
    "bad-input",
    `This run has no ${checkpointFolder(system, "query")}, so that there is nothing to encode a query with.`,
    "Import the run with its checkpoints, or run the experiment again.",
  );
