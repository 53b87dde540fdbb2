/** `lab bench encode`: how many texts a second one tower encodes, one by one and in batches. */
import { ENCODE_ARCHS } from "../core/pipeline/benchChoices";
import type { EncodeFigures } from "../core/pipeline/benchEncode";
import type { BenchRunner } from "../core/pipeline/benchRun";
import type { BenchFlags } from "./bench";
import { choose, computed, measuredRows, print, rounded, SIZES, wholeNumber } from "./benchText";

const BATCHES = [1, 64];

export async function encodeBenchmark(values: BenchFlags, run: BenchRunner): Promise<void> {
  const choice = {
    arch: choose("arch", values.arch, ENCODE_ARCHS),
    size: choose("size", values.size ?? "m", SIZES),
  };
  const repeats = wholeNumber("steps", values.steps, 5, 1000);
  const cases = BATCHES.map((batch) => ({ ...choice, batch }));
  print(values, await run({ what: "encode", cases, repeats }), rows);
}

const rows = (figures: EncodeFigures): [string, string][] => [
  ["encode", `${figures.arch}, size ${figures.size}, ${figures.batch} at once, ${figures.tokens} tokens each`],
  ...measuredRows(figures),
  ["texts", `${rounded(figures.textsPerSecond)} a second`],
  ["tokens", `${rounded(figures.tokensPerSecond)} a second`],
  ["computed", computed(figures)],
];
