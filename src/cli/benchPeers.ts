/** `lab bench peers`: the same step by other programs, in turn with this one. */
import { LabError } from "../core/errors";
import { BENCH_SIZES, type BenchSize } from "../core/pipeline/benchChoices";
import type { BenchFlags } from "./bench";
import { choose, wholeNumber } from "./benchText";
import { openNodeGpu } from "./gpu";
import type { PeerFigures } from "./peers";

export async function peersBenchmark(values: BenchFlags): Promise<void> {
  if (values.browser) throw new LabError("bad-setting", "Other programs are measured in Node.", "Leave out --browser.");
  const size = choose("size", values.size ?? "m", Object.keys(BENCH_SIZES) as BenchSize[]);
  const steps = wholeNumber("steps", values.steps, 5, 1000);
  const { gpu, ops } = await openNodeGpu("fused");
  try {
    const { measurePeers } = await import("./peers");
    const figures = await measurePeers(gpu, ops, size, steps);
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ size, adapter: gpu.adapter.description, peers: figures }, null, 2)}\n`
        : peerTable(figures),
    );
  } finally {
    gpu.dispose();
  }
}

function peerTable(figures: readonly PeerFigures[]): string {
  const head = `${"".padEnd(18)} ${"step, ms".padStart(9)} ${"min to max".padStart(15)} ${"ratio".padStart(6)} ${"first".padStart(7)}`;
  const lines = figures.map(({ name, where, stepMs, ratio, firstMs, reason }) =>
    stepMs
      ? `${name.padEnd(18)} ${stepMs.median.toFixed(0).padStart(9)} ${`${stepMs.min.toFixed(0)} to ${stepMs.max.toFixed(0)}`.padStart(15)} ${ratio!.toFixed(2).padStart(6)} ${firstMs!.toFixed(0).padStart(7)}   ${where}`
      : `${name.padEnd(18)} not there: ${reason}`,
  );
  return `${[head, ...lines].join("\n")}\n`;
}
