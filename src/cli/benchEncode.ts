/** `lab bench encode`: how many texts a second one tower encodes, one by one and in batches. */
import { BENCH_SIZES, type BenchSize, ENCODE_ARCHS } from "../core/pipeline/benchChoices";
import type { EncodeFigures } from "../core/pipeline/benchEncode";
import type { BenchFlags } from "./bench";
import { choose, computed, measuredRows, rounded, table, toJson, wholeNumber } from "./benchText";
import { openNodeGpu } from "./gpu";

const BATCHES = [1, 64];

/** @returns the exit code: 0 done */
export async function encodeBenchmark(values: BenchFlags): Promise<number> {
  const choice = {
    arch: choose("arch", values.arch, ENCODE_ARCHS),
    size: choose("size", values.size ?? "m", Object.keys(BENCH_SIZES) as BenchSize[]),
  };
  const steps = wholeNumber("steps", values.steps, 5, 1000);
  const { gpu, ops } = await openNodeGpu("fused");
  try {
    const { measureEncode } = await import("../core/pipeline/benchEncode");
    const figures: EncodeFigures[] = [];
    for (const batch of BATCHES) figures.push(await measureEncode(gpu, ops, { ...choice, batch }, steps));
    process.stdout.write(
      values.json ? toJson(figures, values.kernels) : figures.map((one) => toText(one, values.kernels)).join("\n"),
    );
    return 0;
  } finally {
    gpu.dispose();
  }
}

const toText = (figures: EncodeFigures, kernels: boolean): string =>
  table(
    [
      ["encode", `${figures.arch}, size ${figures.size}, ${figures.batch} at once, ${figures.tokens} tokens each`],
      ...measuredRows(figures),
      ["texts", `${rounded(figures.textsPerSecond)} a second`],
      ["tokens", `${rounded(figures.tokensPerSecond)} a second`],
      ["computed", computed(figures)],
    ],
    figures,
    kernels,
  );
