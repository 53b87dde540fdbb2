/** Side-by-side search in a finished run: its towers and its indices, loaded once and kept on the GPU. */
import { captureStep } from "../../gpu/capture";
import type { Gpu } from "../../gpu/device";
import type { TowerOps } from "../../gpu/ops";
import { readHits, type SearchIndex, searchQueries, uploadIndex } from "../../gpu/search";
import type { Step } from "../../gpu/step";
import type { Store } from "../artifacts/store";
import type { Experiment } from "../config/schema";
import { type Dataset, type Doc, documentText } from "../data/types";
import { LabError } from "../errors";
import { SYSTEMS, type SystemName, type TrainedSystem } from "../formats/result";
import { bm25Index } from "../retrieval/bm25";
import { tieOrder } from "../retrieval/exact";
import type { TextTokenizer } from "../text/tokenizer";
import { disposeTower } from "../towers/device";
import { createEncoder, type EncodingStep, encodingStep, rawVectors } from "../training/encode";
import { tokenTable } from "../training/inputs";
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

/** A system with what it holds on the GPU: its tower and two captured steps, text to vector and vector to hits. */
interface Dense {
  system: TrainedSystem;
  encoder: EncodingStep;
  tokenizer: TextTokenizer;
  index: SearchIndex;
  finder: { k: number; step: Step } | null;
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
  const order = tieOrder(ids);
  const systems: Dense[] = [];
  const opened: (() => void)[] = [];
  const dispose = () => {
    for (const { finder } of systems) finder?.step.dispose();
    for (const close of opened) close();
  };
  const settingsOf = (system: TrainedSystem) => (system === "teacher" ? experiment.teacher : experiment.student);
  const indexOf = async (system: TrainedSystem) => {
    const vectors = await documentVectors(gpu, ops, store, experiment, dataset, system);
    const index = uploadIndex(gpu, vectors, size, order);
    opened.push(index.dispose);
    return index;
  };
  try {
    const frozen = await indexOf("teacher"); // the student searches it, too
    for (const system of DENSE) {
      const loaded = await loadCheckpoint(gpu, store, system, "query");
      if (!loaded) throw noCheckpoints(system);
      opened.push(() => disposeTower(loaded.tower));
      const { queryTokens } = settingsOf(system);
      const encoder = encodingStep(
        gpu,
        ops,
        loaded.tower,
        { batch: 1, length: queryTokens, captured: true },
        rawVectors,
      );
      opened.push(encoder.dispose);
      systems.push({
        system,
        tokenizer: loaded.tokenizer,
        encoder,
        index: system === "teacher" || system === "scalingnote" ? frozen : await indexOf(system),
        finder: null,
      });
    }
  } catch (error) {
    dispose();
    throw error;
  }
  /** Searches with the vector where the encoder leaves it. */
  const finderOf = (dense: Dense, k: number): Step => {
    if (dense.finder?.k !== k) {
      dense.finder?.step.dispose();
      // Looked up inside: without a capture the vectors are there only once the encoder has run.
      const vectors = () => dense.encoder.step.outputs["vectors"]!;
      const step = captureStep(gpu, () => ({ best: searchQueries(gpu, dense.index, vectors(), k).best }), {});
      dense.finder = { k, step };
    }
    return dense.finder.step;
  };
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
        if (system === "bm25") {
          const start = performance.now();
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
        const finder = finderOf(dense, k);
        const start = performance.now();
        const sequence = dense.tokenizer.encode(settings.prompt + text, settings.queryTokens);
        dense.encoder.step.run(dense.encoder.values([sequence]));
        await gpu.finish(); // so that encoding and searching are told apart
        const encoded = performance.now();
        finder.run({});
        const [best] = readHits(dense.index, await finder.read("best"), 1);
        columns.push({
          system,
          hits: Array.from(best!.documents, (d, i) => hit(d, best!.scores[i]!)),
          encodeMs: encoded - start,
          searchMs: performance.now() - encoded,
        });
      }
      return columns;
    },
    dispose,
  };
}

/** The stored vectors, or, for an imported run, the corpus encoded anew with its document tower. Raw. */
export async function documentVectors(
  gpu: Gpu,
  ops: TowerOps,
  store: Store,
  experiment: Experiment,
  dataset: Dataset,
  system: TrainedSystem,
): Promise<Float32Array> {
  const size = experiment.embeddingSize;
  const stored = await store.read(vectorFile(system));
  if (stored && stored.byteLength === dataset.docs.length * size * 4) return new Float32Array(stored.slice().buffer);
  const loaded =
    (await loadCheckpoint(gpu, store, system, "document")) ?? (await loadCheckpoint(gpu, store, system, "query"));
  if (!loaded) throw noCheckpoints(system);
  const { docTokens, docPrompt } = system === "twinbert" ? experiment.student : experiment.teacher;
  const { tokenizer } = loaded;
  const table = tokenTable(dataset.docs, (doc) => tokenizer.encode(docPrompt + documentText(doc), docTokens));
  const encoder = createEncoder(gpu, ops, loaded.tower, { batch: 64, length: docTokens, captured: true });
  try {
    const raw = await encoder.encode(
      table,
      Int32Array.from(dataset.docs, (_, i) => i),
    );
    await store.write(vectorFile(system), new Uint8Array(raw.buffer));
    return raw;
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
