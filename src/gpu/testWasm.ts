/** The WebAssembly backend of a test, in Node. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import type { Gpu } from "./device";

const file = (name: string) =>
  fileURLToPath(new URL(`../../node_modules/@tensorflow/tfjs-backend-wasm/dist/${name}.wasm`, import.meta.url));

/** Call at the top of a test file; use the returned function inside tests. */
export function useWasm(): () => Gpu {
  let gpu: Gpu | null = null;
  beforeAll(async () => {
    const { openWasm } = await import("./wasm");
    gpu = await openWasm({ plain: file("tfjs-backend-wasm"), simd: file("tfjs-backend-wasm-simd") });
  });
  afterAll(() => gpu?.dispose());
  return () => gpu!;
}
