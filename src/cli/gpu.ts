/** The GPU of a command: through the npm package `webgpu`, by the Vulkan driver that the environment names. */
import { LabError } from "../core/errors";
import type { Gpu } from "../gpu/device";
import { installNodeWebGpu } from "../gpu/nodeHost";
import type { TowerOps } from "../gpu/ops";

export type OpsName = "plain" | "fused";

/** @throws LabError bad-setting for a name that is neither */
export function checkOps(name: string): OpsName {
  if (name === "plain" || name === "fused") return name;
  throw new LabError("bad-setting", `There are no "${name}" operations.`, "Choose --ops plain or --ops fused.");
}

/** @param name which operations towers are computed with: "plain" (tfjs' own, the reference) or "fused" */
export async function openNodeGpu(name: OpsName): Promise<{ gpu: Gpu; ops: TowerOps }> {
  // WebGPU must be there before tfjs is loaded.
  await installNodeWebGpu();
  const { openGpu } = await import("../gpu/device");
  const { fusedOps } = await import("../gpu/fusedOps");
  const { plainOps } = await import("../gpu/plainOps");
  return { gpu: await openGpu(), ops: name === "plain" ? plainOps : fusedOps };
}
