/** `lab bench search`: what exact search costs on the GPU, and in JavaScript. */
import type { SearchFigures } from "../core/pipeline/benchSearch";
import type { BenchFlags } from "./bench";
import { computed, measuredRows, ms, rounded, table, toJson, wholeNumber } from "./benchText";
import { openNodeGpu } from "./gpu";

/** @returns the exit code: 0 done */
export async function searchBenchmark(values: BenchFlags): Promise<number> {
  const cases = values.documents.split(",").map((documents) => ({
    documents: wholeNumber("documents", documents, 1, 10_000_000),
    size: wholeNumber("size", values.size ?? "64", 1, 4096),
    queries: wholeNumber("queries", values.queries, 1, 1024),
    k: wholeNumber("k", values.k, 1, 1024),
  }));
  const steps = wholeNumber("steps", values.steps, 5, 1000);
  const { gpu } = await openNodeGpu("fused");
  try {
    const { measureSearch } = await import("../core/pipeline/benchSearch");
    const figures: SearchFigures[] = [];
    for (const one of cases) figures.push(await measureSearch(gpu, one, steps));
    process.stdout.write(
      values.json ? toJson(figures, values.kernels) : figures.map((one) => toText(one, values.kernels)).join("\n"),
    );
    return 0;
  } finally {
    gpu.dispose();
  }
}

const toText = (figures: SearchFigures, kernels: boolean): string =>
  table(
    [
      [
        "search",
        `best ${figures.k} of ${rounded(figures.documents)} documents, ${figures.queries} queries, size ${figures.size}`,
      ],
      ...measuredRows(figures),
      ["upload", `${ms(figures.uploadMs)}, once`],
      ["read back", ms(figures.readBackMs)],
      ["queries", `${rounded(figures.queriesPerSecond)} a second`],
      ["computed", computed(figures)],
      ["in JavaScript", `${ms(figures.cpuMs)}: ${figures.timesCpu.toFixed(2)} times as long`],
      ["agreement", `${(100 * figures.agreement).toFixed(2)} % of the best ${figures.k}`],
    ],
    figures,
    kernels,
  );
