/**
 * Mined negatives: what the towers, as they are, rank high for a query though nobody judged it relevant (ANCE, arXiv
 * 2007.00808). Now and then all documents and all labelled queries are encoded and the corpus is searched, on the GPU;
 * until the next time each step draws from what was found.
 */
import type { Gpu } from "../../gpu/device";
import { searchAll, uploadIndex } from "../../gpu/search";
import type { Encoder } from "./encode";
import type { TokenTable } from "./inputs";
import type { TrainingPairs } from "./pairs";
import { type MiningTimes, minesAfter } from "./schedule";
import type { Carried } from "./trainingStep";

export interface MiningOptions extends MiningTimes {
  /** Ranks, from 1, among documents not graded for the query. */
  from: number;
  to: number;
  /** A negative's cosine is at most that of the query's best answer minus this. */
  margin: number;
}

export interface Miner extends Carried {
  /** Negatives of a query; none before the first time, or where no document fits. */
  of(query: number): Int32Array;
  /** Whether it is time to mine before the step after `step`. */
  due(step: number): boolean;
  /** Mines with the towers as they are. */
  refresh(): Promise<void>;
}

// The search on the GPU finds 1,024 a query at most. Graded documents are found too, and do not count as ranks.
const MOST_FOUND = 1000;

/** @param progress told in words what goes on; null: it is over */
export function createMiner(
  gpu: Gpu,
  pairs: TrainingPairs,
  query: { encoder: Encoder; table: TokenTable },
  document: { encoder: Encoder; table: TokenTable },
  size: number,
  options: MiningOptions,
  progress: (words: string | null) => void = () => {},
): Miner {
  const labelled = Int32Array.from(new Set(pairs.query)).sort();
  const answers = pairs.graded.map((): number[] => []);
  pairs.query.forEach((query, i) => {
    answers[query]!.push(pairs.document[i]!);
  });
  const mostGraded = Math.max(0, ...Array.from(labelled, (query) => pairs.graded[query]!.size));
  const none = new Int32Array();
  let mined: Int32Array[] = [];
  return {
    of: (query) => mined[query] ?? none,
    due: (step) => minesAfter(step, options),
    async refresh() {
      try {
        progress("mining negatives");
        const all = Int32Array.from({ length: pairs.documents }, (_, i) => i);
        const documents = await document.encoder.encode(document.table, all);
        const queries = await query.encoder.encode(query.table, labelled);
        const index = uploadIndex(gpu, documents, size, all);
        try {
          const wanted = Array.from(labelled, (query) => answers[query]!);
          const k = Math.min(MOST_FOUND, options.to + mostGraded, pairs.documents);
          const { hits, scores } = await searchAll(gpu, index, queries, k, wanted);
          const found: Int32Array[] = pairs.graded.map(() => none);
          labelled.forEach((query, q) => {
            const graded = pairs.graded[query]!;
            const most = Math.max(...scores[q]!) - options.margin;
            const { documents, scores: cosine } = hits[q]!;
            const places = Array.from(documents.keys())
              .filter((place) => !graded.has(documents[place]!))
              .slice(options.from - 1, options.to)
              .filter((place) => cosine[place]! <= most);
            found[query] = Int32Array.from(places, (place) => documents[place]!);
          });
          mined = found;
        } finally {
          index.dispose();
        }
      } finally {
        progress(null);
      }
    },
    async read() {
      if (mined.length === 0) return new Map();
      const counts = Float32Array.from(mined, (found) => found.length);
      // Numbers of documents are whole and below 2^24: float32 holds them.
      const values = Float32Array.from(mined.flatMap((found) => [...found]));
      return new Map([
        ["mined/counts", { shape: [counts.length], values: counts }],
        ["mined/documents", { shape: [values.length], values }],
      ]);
    },
    write(kept) {
      const counts = kept.get("mined/counts")?.values;
      const documents = kept.get("mined/documents")?.values;
      if (!counts || !documents) return;
      let at = 0;
      mined = Array.from(counts, (count) => {
        at += count;
        return Int32Array.from(documents.subarray(at - count, at));
      });
    },
  };
}
