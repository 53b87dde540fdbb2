/** WebGPU in Node, through the npm package `webgpu` (Dawn). A browser needs none of this. */
import { describeAdapter } from "./adapter";
import { restWhileWaiting } from "./nodeRest";

/**
 * Makes `navigator.gpu` and the WebGPU constants global, as tfjs' backend expects them before it is imported.
 * The Vulkan driver is the loader's choice (VK_ICD_FILENAMES). Does nothing where WebGPU is there already.
 */
export async function installNodeWebGpu(): Promise<void> {
  const scope = globalThis as unknown as Record<string, unknown>;
  const navigator = (scope["navigator"] ?? {}) as Record<string, unknown>;
  if (navigator["gpu"]) return;
  const { create, globals } = await import("webgpu");
  Object.assign(scope, globals);
  // An instance must stay referenced as long as its devices live: Dawn frees them with it.
  // Times of single dispatches (profile.ts) are not rounded to 65 microseconds as in a browser.
  const gpu = create(["disable-dawn-features=timestamp_quantization"]);
  if (scope["navigator"]) Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
  else Object.defineProperty(scope, "navigator", { value: { gpu, userAgent: "node" }, configurable: true });
  const request = gpu.requestAdapter.bind(gpu);
  gpu.requestAdapter = async (options) => {
    const adapter = await request(options);
    if (adapter && describeAdapter(adapter.info).software) restWhileWaiting();
    return adapter;
  };
}
