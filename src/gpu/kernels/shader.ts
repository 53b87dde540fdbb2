/** A dispatch that is put together from parts: bindings are declared by name, and each part gets its own threads. */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, groupNumber, type OutputSpec, uniformBinding, workgroupGrid } from "../dispatch";
import { halfBinding } from "../flat";

/** A tensor, a part of a buffer or an output yet to be made, and the WGSL type it is bound as. */
export interface Binding<T> {
  name: string;
  type: string;
  to: T;
}

export interface ShaderPart {
  /** WGSL with a function `name(i: u32)`, and how many threads it has. */
  code: string;
  name: string;
  threads: number;
  /**
   * Vectors of workgroup memory, `sharedMemory`: then the function is `name(group: u32, lane: u32)`, its threads are whole
   * workgroups of 64, and it may hold barriers.
   */
  memory?: number;
}

/*
 * Workgroups of several parts take turns: each part is cut into so many shares, and the first share of every part comes before
 * the second of any. Lavapipe gives each of its threads one stretch of a dispatch's workgroups beforehand, and those of dW take
 * longer than those of dx: of two threads one had 1.2 to 1.4 times its half. A GPU is not left with the longest ones at the end.
 * Few, for parts that alternate push each other out of a CPU's cache: dx and both dW of a feed-forward layer take 1.05 times as
 * long in 16 rounds as in 4 on SwiftShader.
 */
const ROUNDS = 4;

/**
 * One dispatch of all parts; every part has workgroups of its own, so that none diverges.
 * @param key everything that the code depends on
 * @param sizes two numbers a part that its code reads as `partSize(part, 0 or 1)`: then neither they nor the numbers of threads
 * are in the code, and dispatches that differ in them alone share a pipeline
 * @returns the tensors written, parts of buffers left out
 */
export function dispatchParts(
  backend: WebGPUBackend,
  key: string,
  reads: readonly Binding<TensorInfo | GPUBufferBinding>[],
  writes: readonly Binding<TensorInfo | GPUBufferBinding | OutputSpec>[],
  parts: () => readonly ShaderPart[],
  threads: readonly number[],
  sizes?: readonly (readonly [number, number])[],
): TensorInfo[] {
  const rounds = threads.length > 1 ? ROUNDS : 1;
  /** Past the last workgroup of each part's largest share, within a round. */
  const ends: number[] = [];
  for (const n of threads) ends.push((ends.at(-1) ?? 0) + Math.ceil(Math.ceil(n / 64) / rounds));
  return dispatch(
    backend,
    {
      key,
      workgroups: workgroupGrid(rounds * ends.at(-1)!),
      ...(sizes && { uniforms: sizes.flatMap((own, part) => [ends[part]!, threads[part]!, ...own]) }),
      code() {
        const declared = [...reads, ...writes].map(
          ({ name, type }, i) =>
            `@group(0) @binding(${i}) var<storage, ${i < reads.length ? "read" : "read_write"}> ${name}: ${type};`,
        );
        if (sizes) declared.push(uniformBinding(declared.length, "partSizes", sizes.length));
        const memory = Math.max(0, ...parts().map((part) => part.memory ?? 0));
        if (memory > 0) declared.push(`var<workgroup> sharedMemory: array<vec4f, ${memory}>;`);
        const number = (part: number, which: "x" | "y", baked: readonly number[]) =>
          sizes ? `partSizes[${part}].${which}` : `${baked[part]}u`;
        // Which part runs, and whether, hangs on the workgroup alone, as barriers demand.
        const calls = parts().map(({ name, memory }, part) => {
          const count = number(part, "y", threads);
          const slot = part === 0 ? "slot" : `slot - ${number(part - 1, "x", ends)}`;
          const run = memory
            ? `if (own < (${count} + 63u) / 64u) { ${name}(own, lane); }`
            : `if (own * 64u + lane < ${count}) { ${name}(own * 64u + lane); }`;
          return `if (slot < ${number(part, "x", ends)}) {
    let own = ownGroup(round, ${slot}, (${count} + 63u) / 64u);
    ${run}
  }`;
        });
        return `${declared.join("\n")}
${parts()
  .map((part) => part.code)
  .join("\n")}
/** A part's workgroup number \`slot\` of a round; past all where its share has fewer. */
fn ownGroup(round: u32, slot: u32, groups: u32) -> u32 {
  let own = round * groups / ${rounds}u + slot;
  return select(groups, own, own < (round + 1u) * groups / ${rounds}u);
}
@compute @workgroup_size(64) fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) lane: u32) {
  let group = ${groupNumber("w")};
  let round = group / ${number(threads.length - 1, "x", ends)};
  let slot = group % ${number(threads.length - 1, "x", ends)};
  ${calls.join("\n  else ")}
}`;
      },
    },
    reads.map(({ to }) => ("dataId" in to ? (halfBinding(to) ?? to) : to)),
    writes.map((b) => b.to),
  );
}

/** WGSL: one of the numbers that a part was given as `sizes`. */
export const partSize = (part: number, which: 0 | 1): string => `partSizes[${part}].${"zw"[which]}`;
