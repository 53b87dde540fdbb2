/** The benchmarks in a browser: scripts/lab.mjs bundles this as a page of its own, benchBrowser.ts opens and asks it. */
import { type BenchRequest, runBenchmark } from "../core/pipeline/benchRun";
import { openGpu } from "../gpu/device";

/** What the page offers to the command line: figures, or what went wrong in words. */
export type PageBenchmark = (
  request: BenchRequest,
) => Promise<{ figures: unknown } | { message: string; remedy: string }>;

const measure: PageBenchmark = async (request) => {
  try {
    const gpu = await openGpu();
    try {
      return { figures: await runBenchmark(gpu, request) };
    } finally {
      gpu.dispose();
    }
  } catch (error) {
    // An error's own fields do not survive the way out of the page.
    const { message, remedy } = error as { message: string; remedy?: string };
    return { message, remedy: remedy ?? "Try it without --browser." };
  }
};
Object.assign(globalThis, { measure });
