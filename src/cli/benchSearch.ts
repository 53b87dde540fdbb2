/** `lab bench search`: what exact search costs on the GPU, and in JavaScript. */
import type { BenchRunner } from "../core/pipeline/benchRun";
import type { SearchFigures } from "../core/pipeline/benchSearch";
import type { BenchFlags } from "./bench";
import { computed, measuredRows, ms, print, rounded, wholeNumber } from "./benchText";

export async function searchBenchmark(values: BenchFlags, run: BenchRunner): Promise<void> {
  const cases = values.documents.split(",").map((documents) => ({
    documents: wholeNumber("documents", documents, 1, 10_000_000),
    size: wholeNumber("size", values.size ?? "64", 1, 4096),
    queries: wholeNumber("queries", values.queries, 1, 128),
    k: wholeNumber("k", values.k, 1, 1024),
  }));
  const repeats = wholeNumber("steps", values.steps, 5, 1000);
  print(values, await run({ what: "search", cases, repeats }), rows);
}

const rows = (figures: SearchFigures): [string, string][] => [
  [
    "search",
    `best ${figures.k} of ${rounded(figures.documents)} documents, ${figures.queries} queries, size ${figures.size}`,
  ],
  ...measuredRows(figures),
  ["upload", `${ms(figures.uploadMs)}, once`],
  ["read back", ms(figures.readBackMs)],
  ["queries", `${rounded(figures.queriesPerSecond)} a second`],
  ["computed", computed(figures)],
  ["JavaScript", `${ms(figures.cpuMs)}: ${figures.timesCpu.toFixed(2)} times as long`],
  ["agreement", `${(100 * figures.agreement).toFixed(2)} % of the best ${figures.k}`],
];
