/** A dispatch that is put together from parts: bindings are declared by name, and each part gets its own threads. */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, linearGrid, type OutputSpec } from "../dispatch";
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
}

/**
 * One dispatch of all parts; every part starts with a workgroup of its own, so that none diverges.
 * @param key everything that the code depends on
 * @returns the tensors written, parts of buffers left out
 */
export function dispatchParts(
  backend: WebGPUBackend,
  key: string,
  reads: readonly Binding<TensorInfo | GPUBufferBinding>[],
  writes: readonly Binding<TensorInfo | GPUBufferBinding | OutputSpec>[],
  parts: () => readonly ShaderPart[],
  threads: readonly number[],
): TensorInfo[] {
  const padded = threads.map((n) => Math.ceil(n / 64) * 64);
  const grid = linearGrid(padded.reduce((a, b) => a + b, 0));
  return dispatch(
    backend,
    {
      key,
      workgroups: grid.workgroups,
      code() {
        const declared = [...reads, ...writes].map(
          ({ name, type }, i) =>
            `@group(0) @binding(${i}) var<storage, ${i < reads.length ? "read" : "read_write"}> ${name}: ${type};`,
        );
        let first = 0;
        const calls = parts().map((part, i) => {
          const from = first;
          first += padded[i]!;
          return `if (i < ${first}u) { if (i - ${from}u < ${part.threads}u) { ${part.name}(i - ${from}u); } }`;
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
