/** The GPU of a test: opened once a file, closed at its end. A test that needs it fails where there is none. */
import { afterAll, beforeAll } from "vitest";
import type { Gpu } from "./device";
import { installNodeWebGpu } from "./nodeHost";

/** Call at the top of a test file; use the returned function inside tests. */
export function useGpu(): () => Gpu {
  let gpu: Gpu | null = null;
  beforeAll(async () => {
    await installNodeWebGpu();
    const { openGpu } = await import("./device");
    gpu = await openGpu();
  });
  afterAll(() => gpu?.dispose());
  return () => gpu!;
}
