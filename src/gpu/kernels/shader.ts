/** A dispatch that is put together from parts: bindings are declared by name, and each part gets its own threads. */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, groupNumber, linearGrid, type OutputSpec, uniformBinding } from "../dispatch";
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

/**
 * One dispatch of all parts; every part starts with a workgroup of its own, so that none diverges.
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
  const padded = threads.map((n) => Math.ceil(n / 64) * 64);
  const ends = padded.map((_, part) => padded.slice(0, part + 1).reduce((a, b) => a + b));
  const grid = linearGrid(ends.at(-1)!);
  return dispatch(
    backend,
    {
      key: sizes ? `${key} on ${grid.index}` : key,
      workgroups: grid.workgroups,
      ...(sizes && { uniforms: sizes.flatMap((own, part) => [ends[part]!, threads[part]!, ...own]) }),
      code() {
        const declared = [...reads, ...writes].map(
          ({ name, type }, i) =>
            `@group(0) @binding(${i}) var<storage, ${i < reads.length ? "read" : "read_write"}> ${name}: ${type};`,
        );
        const memory = Math.max(0, ...parts().map((part) => part.memory ?? 0));
        if (memory > 0) return withMemory(declared.join("\n"), parts(), padded, memory);
        if (sizes) declared.push(uniformBinding(declared.length, "partSizes", sizes.length));
        const end = (part: number) => (sizes ? `partSizes[${part}].x` : `${ends[part]}u`);
        const calls = parts().map(({ name, threads }, part) => {
          const own = part === 0 ? "i" : `i - ${end(part - 1)}`;
          const count = sizes ? `partSizes[${part}].y` : `${threads}u`;
          return `if (i < ${end(part)}) { if (${own} < ${count}) { ${name}(${own}); } }`;
        });
        return `${declared.join("\n")}
${parts()
  .map((part) => part.code)
  .join("\n")}
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = ${grid.index};
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

/** The shader of parts that share workgroup memory. Which part runs hangs on the workgroup alone, as barriers demand. */
function withMemory(declared: string, parts: readonly ShaderPart[], padded: readonly number[], memory: number): string {
  let first = 0;
  const calls = parts.map((part, n) => {
    const from = first;
    first += padded[n]! / 64;
    const own = `group - ${from}u`;
    const call = part.memory
      ? `${part.name}(${own}, lane);`
      : `if ((${own}) * 64u + lane < ${part.threads}u) { ${part.name}((${own}) * 64u + lane); }`;
    return `if (group < ${first}u) { ${call} }`;
  });
  return `${declared}
var<workgroup> sharedMemory: array<vec4f, ${memory}>;
${parts.map((part) => part.code).join("\n")}
@compute @workgroup_size(64) fn main(@builtin(workgroup_id) w: vec3u, @builtin(local_invocation_index) lane: u32) {
  let group = ${groupNumber("w")};
  ${calls.join("\n  else ")}
}`;
}
