/** `lab bench peers`: the same step by others, in turn. In Node alone, for that is where all of them are. */
import { LabError } from "../core/errors";
import type { BenchFlags } from "./bench";
import { choose, chosenVariants, SIZES, wholeNumber } from "./benchText";
import { openNodeGpu } from "./gpu";
import type { PeerFigures } from "./peers";

export async function peersBenchmark(values: BenchFlags): Promise<void> {
  const size = choose("size", values.size ?? "m", SIZES);
  const steps = wholeNumber("steps", values.steps, 5, 1000);
  const variants = chosenVariants(values);
  if (values.browser) throw new LabError("bad-setting", "bench peers measures in Node.", "Leave out --browser.");
  const { gpu, ops } = await openNodeGpu("fused");
  try {
    const { settleHere } = await import("./cache");
    await settleHere({ gpu, ops, experiment: { training: variants } });
    const { measurePeers } = await import("./peers");
    const peers = await measurePeers(gpu, ops, size, steps);
    const result = { size, adapter: gpu.adapter.description, peers };
    process.stdout.write(values.json ? `${JSON.stringify(result, null, 2)}\n` : table(peers));
  } finally {
    gpu.dispose();
  }
}

function table(figures: readonly PeerFigures[]): string {
  const row = (name: string, ...cells: string[]) =>
    [name.padEnd(18), ...cells.map((cell, i) => cell.padStart([9, 15, 6, 7][i]!))].join(" ");
  const lines = figures.map(({ name, where, stepMs, ratio, firstMs, reason }) => {
    if (!stepMs) return `${name.padEnd(18)} not there: ${reason}`;
    const [median, min, max] = [stepMs.median, stepMs.min, stepMs.max].map((ms) => ms.toFixed(0));
    return `${row(name, median!, `${min} to ${max}`, ratio!.toFixed(2), firstMs!.toFixed(0))}   ${where}`;
  });
  return `${[row("", "step, ms", "min to max", "ratio", "first"), ...lines].join("\n")}\n`;
}
