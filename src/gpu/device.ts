/**
 * Bringing up the GPU. tfjs would ask for an adapter itself, but crashes on none and ignores a lost device and the
 * GPU's own error messages (results then read as zeros); so the adapter is requested here, and everything that can go
 * wrong becomes a LabError with a remedy.
 */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
// Without it every gradient is "not found": the core package alone registers none.
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { LabError } from "../core/errors";
import { describeAdapter, type GpuAdapter } from "./adapter";
import { bindViews } from "./flat";

/** An open device with its tfjs backend, which is tfjs' current one. One at a time. */
export interface Gpu {
  readonly backend: WebGPUBackend;
  readonly device: GPUDevice;
  readonly adapter: GpuAdapter;
  /**
   * Where a CPU stands in (wasm.ts): a tensor's values where they lie, to read and to write, until memory is next
   * allocated. Such a "GPU" has neither backend nor device: what asks for them throws.
   */
  readonly heap: ((tensor: TensorInfo) => Float32Array | Int32Array) | null;
  /** The first thing that went wrong with the device, if anything did. */
  failure(): LabError | null;
  /** Throws `failure()` if there is one. Call it wherever a result is used. */
  check(): void;
  /** Called at once when the device fails. */
  onFailure(listener: (error: LabError) => void): void;
  /** Bytes of GPU memory that this program's buffers take. */
  bytes(): number;
  /** Adds to `bytes()` what is allocated outside tfjs' pool (negative: freed). */
  account(bytes: number): void;
  /** Waits until everything submitted so far has been computed. */
  finish(): Promise<void>;
  dispose(): void;
}

const BACKEND = "webgpu";
// What tfjs' and our kernels profit from. Each is raised to the adapter's limit where the adapter grants it.
const LIMITS = [
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupsPerDimension",
] as const;

/**
 * Opens the GPU and makes it tfjs' backend.
 * Throws LabError "no-webgpu" where there is no API or no adapter, "gpu-refused" where no device can be had.
 */
export async function openGpu(): Promise<Gpu> {
  const api = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (!api)
    throw new LabError(
      "no-webgpu",
      "This browser does not offer WebGPU.",
      "Use a current Chrome, Edge, Safari or Firefox, and open the page over https or from localhost.",
    );
  const adapter = await api.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter)
    throw new LabError(
      "no-webgpu",
      "WebGPU is there, but no graphics adapter answers.",
      "Switch on hardware acceleration in the browser's settings, update the graphics driver, then reload.",
    );
  const device = await requestDevice(adapter);
  const info = adapter.info;
  const described = describeAdapter(info);

  let failed: LabError | null = null;
  let closing = false;
  let ownBytes = 0;
  const listeners: ((error: LabError) => void)[] = [];
  const fail = (error: LabError) => {
    if (failed || closing) return;
    failed = error;
    for (const listener of listeners) listener(error);
  };
  // Not awaited on purpose: it settles when the device goes, at the latest when it is disposed of.
  void device.lost.then((lost) =>
    fail(
      new LabError(
        "device-lost",
        `The GPU went away${lost.message ? `: ${lost.message}` : "."}`,
        "What was saved is safe. Open the GPU again and go on from the last checkpoint.",
      ),
    ),
  );
  device.addEventListener("uncapturederror", (event) =>
    fail(
      new LabError(
        "gpu-refused",
        `The GPU refused a command: ${(event as GPUUncapturedErrorEvent).error.message}`,
        "Try a smaller batch or shorter texts. If it stays, please report it with this message.",
      ),
    ),
  );

  if (tf.engine().registryFactory[BACKEND]) tf.removeBackend(BACKEND);
  // Small tensors would otherwise be computed on the CPU, and a captured step would bake their values in.
  tf.env().set("WEBGPU_CPU_FORWARD", false);
  // 3 = the packed matmul. tfjs' split-K variant adds up by float atomics, so that equal seeds would differ.
  tf.env().set("WEBGPU_MATMUL_PROGRAM_TYPE", 3);
  const backend = new WebGPUBackend(device, info);
  bindViews(backend);
  tf.registerBackend(BACKEND, () => backend, 10);
  await tf.setBackend(BACKEND);

  return {
    backend,
    device,
    adapter: described,
    heap: null,
    failure: () => failed,
    check() {
      if (failed) throw failed;
    },
    onFailure: (listener) => listeners.push(listener),
    bytes: () => backend.bufferManager.numBytesAllocated + ownBytes,
    account(bytes) {
      ownBytes += bytes;
    },
    finish: () => device.queue.onSubmittedWorkDone(),
    dispose() {
      closing = true;
      if (tf.engine().registryFactory[BACKEND]) tf.removeBackend(BACKEND);
      device.destroy();
    },
  };
}

async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const wanted = (names: readonly (typeof LIMITS)[number][]) =>
    Object.fromEntries(names.map((name) => [name, adapter.limits[name]]));
  const requiredFeatures = (["timestamp-query", "subgroups"] as GPUFeatureName[]).filter((f) =>
    adapter.features.has(f),
  );
  // Some drivers report limits that they then refuse: step down until one is granted.
  const attempts: GPUDeviceDescriptor[] = [
    { requiredLimits: wanted(LIMITS), requiredFeatures },
    { requiredLimits: wanted(LIMITS.slice(0, 3)) },
    {},
  ];
  let cause: unknown;
  for (const attempt of attempts) {
    try {
      return await adapter.requestDevice(attempt);
    } catch (error) {
      cause = error;
    }
  }
  throw new LabError(
    "gpu-refused",
    "The graphics adapter gives no device.",
    "Close other tabs that use the GPU, or restart the browser.",
    { cause },
  );
}
