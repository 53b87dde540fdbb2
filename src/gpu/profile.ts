/**
 * Where a captured step's time goes on the GPU: each dispatch in a compute pass of its own, with the time at its beginning
 * and at its end (WebGPU's timestamp-query). The passes cost something themselves, so the sum is more than a replay takes.
 */

import type { Gpu } from "./device";
import type { Linked } from "./recording";

/** Milliseconds on the GPU and dispatches, by the kernel's label. */
export type KernelTimes = Map<string, { ms: number; dispatches: number }>;

/** Whether this device tells times. */
export const tellsTimes = (gpu: Gpu): boolean => gpu.device.features.has("timestamp-query");

// WebGPU's limit of a query set is 4096 timestamps, two a dispatch.
const MOST = 2048;
const QUERY_RESOLVE = 0x200;
const COPY_SRC = 0x4;
const COPY_DST = 0x8;
const MAP_READ = 0x1;

/**
 * Runs recorded commands once, timed. Inputs are what the last run wrote.
 * @throws Error where the device tells no times: ask `tellsTimes`
 */
export async function timeCommands(gpu: Gpu, commands: readonly Linked[]): Promise<KernelTimes> {
  const { device } = gpu;
  if (!tellsTimes(gpu)) throw new Error("this device has no timestamp queries");
  const count = Math.min(MOST, commands.filter((c) => c.kind === "dispatch").length);
  const querySet = device.createQuerySet({ type: "timestamp", count: Math.max(2, count * 2) });
  const size = Math.max(16, count * 16);
  const resolved = device.createBuffer({ size, usage: QUERY_RESOLVE | COPY_SRC });
  const staging = device.createBuffer({ size, usage: COPY_DST | MAP_READ });
  const times: KernelTimes = new Map();
  let encoder = device.createCommandEncoder();
  let labels: string[] = [];
  const read = async () => {
    if (labels.length > 0) encoder.resolveQuerySet(querySet, 0, labels.length * 2, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(MAP_READ);
    const stamps = new BigUint64Array(staging.getMappedRange().slice(0));
    staging.unmap();
    labels.forEach((label, i) => {
      // A device may round its clock, and a dispatch then ends before it began.
      const ms = Math.max(0, Number(stamps[2 * i + 1]! - stamps[2 * i]!) / 1e6);
      const { ms: before, dispatches } = times.get(label) ?? { ms: 0, dispatches: 0 };
      times.set(label, { ms: before + ms, dispatches: dispatches + 1 });
    });
    labels = [];
    encoder = device.createCommandEncoder();
  };
  try {
    for (const command of commands) {
      if (command.kind === "clear") encoder.clearBuffer(command.buffer, command.offset, command.size);
      else if (command.kind === "copy")
        encoder.copyBufferToBuffer(command.from, command.fromOffset, command.to, command.toOffset, command.size);
      else {
        const first = labels.length * 2;
        const pass = encoder.beginComputePass({
          timestampWrites: { querySet, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 },
        });
        pass.setPipeline(command.pipeline);
        pass.setBindGroup(0, command.group);
        pass.dispatchWorkgroups(...command.counts);
        pass.end();
        if (labels.push(command.pipeline.label || "unnamed") === MOST) await read();
      }
    }
    await read();
  } finally {
    querySet.destroy();
    resolved.destroy();
    staging.destroy();
  }
  gpu.check();
  return times;
}
