/** What the engine settles before a run, once for an adapter and a build. */
import type { Gpu } from "../../gpu/device";
import { type Choice, setVariants, type Variants } from "../../gpu/kernels/variants";
import { faster, measureVariants, offered, type Speeds } from "../../gpu/variantChoice";
import { contentHash } from "../artifacts/hash";
import type { Experiment } from "../config/schema";
import { LabError } from "../errors";
import type { EngineRecord, Settled } from "../formats/result";
import { decodeJson } from "./checkpoints";
import type { SelfTestOptions } from "./selfTest";

export interface EngineOptions extends Omit<SelfTestOptions, "experiment"> {
  experiment: { training: Pick<Experiment["training"], Choice> };
  /** For tests. */
  measure?: <C extends Choice>(gpu: Gpu, choice: C) => Promise<Speeds<C>>;
}

/** What is stored of an adapter, a file for each choice. */
interface Stored<C extends Choice> {
  codeVersion: string;
  use: Variants[C];
  speeds: Speeds<C>;
}

/**
 * What a CPU that plays the GPU computes with, unmeasured: register tiles are 4 to 10 times as fast on every one tried, and
 * norms by subgroups no faster by more than the lead asked for (docs/benchmark-tried.md). Compiling the others takes it seconds.
 */
const ON_CPU: Variants = { matmul: "registers", reductions: "shared" };

const WORDS: Record<Choice, string> = { matmul: "measuring matrix products", reductions: "measuring reductions" };

/**
 * Settles which kernels compute: as the experiment says, or, where it leaves the choice open, as measured on this adapter with
 * this build. A choice that was made before stands unless the other way leads by far.
 * @returns what the run's record says of it; null where no kernels of ours run
 * @throws LabError "bad-setting" where the experiment wants what the adapter does not offer
 */
export async function settleEngine(options: EngineOptions): Promise<EngineRecord | null> {
  if (options.gpu.heap || options.ops.name !== "fused") return null;
  const { use: matmul, chosen, speeds: gflops } = await settle(options, "matmul");
  const { use, speeds: gigabytes, ...reductions } = await settle(options, "reductions");
  setVariants(options.gpu.backend, { matmul, reductions: use });
  return {
    matmul,
    chosen,
    ...(gflops && { gflops }),
    reductions: { by: use, ...reductions, ...(gigabytes && { gigabytes }) },
  };
}

async function settle<C extends Choice>(
  { gpu, experiment, codeVersion, store, doing, measure = measureVariants }: EngineOptions,
  choice: C,
): Promise<{ use: Variants[C]; chosen: Settled; speeds?: Speeds<C> }> {
  const there = offered(gpu, choice);
  const set = experiment.training[choice] as Variants[C] | "auto";
  if (set !== "auto") {
    if (!there.includes(set))
      throw new LabError(
        "bad-setting",
        `training.${choice} asks for ${set}, which this graphics adapter does not offer.`,
        `Set training.${choice} to auto or ${there.join(" or ")}.`,
      );
    return { use: set, chosen: "setting" };
  }
  if (gpu.adapter.software) return { use: ON_CPU[choice], chosen: "software adapter" };
  if (there.length === 1) return { use: there[0]!, chosen: "nothing else offered" };
  const file = `device/${choice}-${(await contentHash({ adapter: gpu.adapter })).slice(0, 16)}.json`;
  const bytes = await store.read(file);
  const stored = bytes ? (decodeJson(bytes) as Stored<C>) : null;
  // Another browser on the same adapter may have offered more.
  const before = stored && there.includes(stored.use) ? stored : null;
  if (before?.codeVersion === codeVersion) return { use: before.use, chosen: "measured", speeds: before.speeds };
  doing?.(WORDS[choice]);
  try {
    const speeds = await measure(gpu, choice);
    const use = faster<C>(before?.use ?? there[0]!, speeds);
    const now: Stored<C> = { codeVersion, use, speeds };
    await store.write(file, new TextEncoder().encode(JSON.stringify(now)));
    return { use, chosen: "measured", speeds };
  } finally {
    doing?.(null);
  }
}
