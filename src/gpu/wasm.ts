/**
 * The CPU in a GPU's place, through tfjs' WebAssembly backend: for small runs where there is no WebGPU. Towers are computed
 * with plainOps, op by op; parameters, moments and inputs lie in WebAssembly's memory, where the host reads and writes them
 * (`Gpu.heap`). One thread: several need a page that is cross-origin isolated, and runs this small gain nothing by them.
 *
 * The backend lacks UnsortedSegmentSum, and so any gradient of an embedding: ours is registered here.
 */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { type BackendWasm, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import type { NamedTensorInfoMap, TensorInfo } from "@tensorflow/tfjs-core";
import { LabError } from "../core/errors";
import type { Gpu } from "./device";

/** Addresses of the backend's program files; Node finds its own. */
export interface WasmFiles {
  plain: string;
  /** With vector instructions, which nearly every browser has. */
  simd: string;
}

const BACKEND = "wasm";

tf.registerKernel({
  kernelName: "LabEmbedGrad",
  backendName: BACKEND,
  // dTable[v] = sum of dy[p] over the positions p that hold id v, in ascending order: see kernels/embed.ts.
  kernelFunc({ inputs, backend, attrs }) {
    const { dy, order, offsets } = inputs as Record<"dy" | "order" | "offsets", TensorInfo> & NamedTensorInfoMap;
    const { vocabulary } = attrs as unknown as { vocabulary: number };
    const wasm = backend as BackendWasm;
    const width = dy.shape[1]!;
    const out = wasm.makeOutput([vocabulary, width], "float32");
    const heap = (info: TensorInfo) => wasm.typedArrayFromHeap(info);
    const [table, rows, places, starts] = [heap(out), heap(dy), heap(order), heap(offsets)];
    table.fill(0);
    for (let v = 0; v < vocabulary; v++)
      for (let k = starts[v]!; k < starts[v + 1]!; k++)
        for (let c = 0; c < width; c++) table[v * width + c]! += rows[places[k]! * width + c]!;
    return out;
  },
});

/**
 * Loads the backend and makes it tfjs' own.
 * @throws LabError "no-webgpu" where it cannot be loaded
 */
export async function openWasm(files?: WasmFiles): Promise<Gpu> {
  if (files)
    setWasmPaths({
      "tfjs-backend-wasm.wasm": files.plain,
      "tfjs-backend-wasm-simd.wasm": files.simd,
      // Asked for by name, never loaded.
      "tfjs-backend-wasm-threaded-simd.wasm": files.simd,
    });
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  try {
    if (!(await tf.setBackend(BACKEND))) throw new Error("the backend did not start");
  } catch (cause) {
    throw new LabError(
      "no-webgpu",
      "The program that computes on the CPU (WebAssembly) could not be loaded.",
      "Reload the page; a browser or an extension may be set to block WebAssembly.",
      { cause },
    );
  }
  const backend = tf.backend() as BackendWasm;
  const before = tf.memory().numBytes;
  return {
    get backend(): never {
      throw new Error("there is no GPU here");
    },
    get device(): never {
      throw new Error("there is no GPU here");
    },
    heap: (tensor) => backend.typedArrayFromHeap(tensor) as Float32Array | Int32Array,
    adapter: { description: "CPU (WebAssembly)", vendor: "", architecture: "wasm", software: true },
    failure: () => null,
    check() {},
    onFailure() {},
    bytes: () => tf.memory().numBytes - before,
    account() {},
    // Nothing is under way once a call has returned; but who waits here means to let messages and timers have their turn.
    finish: () => new Promise((done) => setTimeout(done)),
    dispose() {
      // The backend stays loaded, for its program can be started only once.
    },
  };
}
