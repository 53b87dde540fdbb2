/** What the engine settles before a run, once for an adapter and a build. */
import type { Gpu } from "../../gpu/device";
import { setMatmulVariant } from "../../gpu/kernels/matmulVariant";
import { fasterMatmul, type MatmulSpeeds, measureMatmul } from "../../gpu/matmulChoice";
import { contentHash } from "../artifacts/hash";
import type { Experiment } from "../config/schema";
import type { EngineRecord } from "../formats/result";
import { decodeJson } from "./checkpoints";
import type { SelfTestOptions } from "./selfTest";

export interface EngineOptions extends Omit<SelfTestOptions, "experiment"> {
  experiment: { training: Pick<Experiment["training"], "matmul"> };
  /** For tests. */
  measure?: (gpu: Gpu) => Promise<MatmulSpeeds>;
}

/** What is stored of an adapter. */
interface Stored {
  codeVersion: string;
  matmul: EngineRecord["matmul"];
  gflops: MatmulSpeeds;
}

/**
 * Settles how matrices are multiplied: as the experiment says, or, where it leaves the choice open, as measured on this
 * adapter with this build. A choice that was made before stands unless the other way leads by far.
 * @returns what the run's record says of it; null where no kernels of ours run
 */
export async function settleEngine(options: EngineOptions): Promise<EngineRecord | null> {
  const { gpu, ops, experiment, codeVersion, store, doing, measure = measureMatmul } = options;
  if (gpu.heap || ops.name !== "fused") return null;
  const settle = (record: EngineRecord): EngineRecord => {
    setMatmulVariant(gpu.backend, record.matmul);
    return record;
  };
  const { matmul } = experiment.training;
  if (matmul !== "auto") return settle({ matmul, chosen: "setting" });
  // Where a CPU plays the GPU, register tiles are 4 to 10 times as fast on every one tried, and to compile the other kind
  // for a measurement takes it seconds.
  if (gpu.adapter.software) return settle({ matmul: "registers", chosen: "software adapter" });
  const file = `device/matmul-${(await contentHash({ adapter: gpu.adapter })).slice(0, 16)}.json`;
  const bytes = await store.read(file);
  const before = bytes ? (decodeJson(bytes) as Stored) : null;
  if (before?.codeVersion === codeVersion)
    return settle({ matmul: before.matmul, chosen: "measured", gflops: before.gflops });
  doing?.("measuring matrix products");
  try {
    const gflops = await measure(gpu);
    const chosen = fasterMatmul(before?.matmul ?? "registers", gflops);
    const stored: Stored = { codeVersion, matmul: chosen, gflops };
    await store.write(file, new TextEncoder().encode(JSON.stringify(stored)));
    return settle({ matmul: chosen, chosen: "measured", gflops });
  } finally {
    doing?.(null);
  }
}
