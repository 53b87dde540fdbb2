/** The self-test before a run, once for an adapter and a build: what passed is remembered. */
import type { Gpu } from "../../gpu/device";
import { variantsOf } from "../../gpu/kernels/variants";
import type { TowerOps } from "../../gpu/ops";
import { selfTest } from "../../gpu/selfTest";
import { contentHash } from "../artifacts/hash";
import type { Store } from "../artifacts/store";
import type { Experiment } from "../config/schema";
import { termsInUse } from "../objectives";
import { checksFor } from "../training/checks";
import { decodeJson } from "./checkpoints";
import { type RunTowers, towerConfigs } from "./plan";

export interface SelfTestOptions {
  gpu: Gpu;
  ops: TowerOps;
  experiment: Experiment;
  codeVersion: string;
  /** Where what passed is remembered, beside the runs. */
  store: Store;
  /** Of a run from checkpoints: what `openStarts` says. */
  towers?: RunTowers;
  /** Hears what goes on, where anything does. */
  doing?: (words: string | null) => void;
}

const FILE = "device/self-test.json";
// Builds and adapters come and go; the oldest are forgotten.
const MOST = 50;

/**
 * Tries the operations that the experiment uses, unless they have passed here before with this build.
 * @returns whether they were tried
 * @throws LabError "wrong-numbers" naming the operation that this GPU computes wrongly
 */
export async function testBeforeRun(options: SelfTestOptions): Promise<boolean> {
  const { gpu, ops, experiment, codeVersion, store, doing } = options;
  const { teacher, student } = options.towers ?? towerConfigs(experiment);
  const checks = checksFor(ops, {
    kinds: [teacher.kind, student.kind],
    dropouts: [experiment.stage1.dropout, experiment.stage2.dropout],
    distillation: experiment.stage2,
    terms: termsInUse(experiment),
  });
  const inPieces = Math.max(experiment.stage1.pieces, experiment.stage2.pieces) > 1;
  const key = await contentHash({
    adapter: gpu.adapter,
    // Another version of the browser is another compiler of shaders.
    agent: (globalThis.navigator as Navigator | undefined)?.userAgent ?? "",
    codeVersion,
    inPieces,
    checks: [ops.name, ...(gpu.heap ? [] : Object.values(variantsOf(gpu.backend))), ...checks.map(({ name }) => name)],
  });
  const stored = await store.read(FILE);
  const passed = stored ? (decodeJson(stored) as string[]) : [];
  if (passed.includes(key)) return false;
  doing?.("trying out the GPU's arithmetic");
  try {
    await selfTest(gpu, checks, inPieces);
  } finally {
    doing?.(null);
  }
  await store.write(FILE, new TextEncoder().encode(JSON.stringify([...passed, key].slice(-MOST))));
  return true;
}
