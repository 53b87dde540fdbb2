import * as tf from "@tensorflow/tfjs-core";
import { it } from "vitest";
import { useGpu } from "../testGpu";
import { noise } from "./checkOp";
import { product, productOverRows } from "./linear";

const gpu = useGpu();
it("bench", async () => {
  const g = gpu();
  const flushed = async () => {
    g.backend.endComputePassEncoder();
    g.backend.ensureCommandEncoderReady();
    g.backend.submitQueue();
    await g.finish();
  };
  const time = async (f: () => unknown) => {
    const once = async (r: number) => {
      const t = performance.now();
      for (let i = 0; i < r; i++) f();
      await flushed();
      return performance.now() - t;
    };
    await once(1);
    await once(2);
    const one = (await once(3)) / 3;
    const r = Math.max(2, Math.min(200, Math.round(150 / one)));
    let best = 1e9;
    for (let k = 0; k < 3; k++) best = Math.min(best, (await once(r)) / r);
    return best;
  };
  const free = (x: any) => {
    for (const i of Array.isArray(x) ? x : [x]) g.backend.disposeData(i.dataId);
  };
  const tiles: [number, number][] = [
    [8, 8],
    [4, 8],
    [8, 4],
    [4, 4],
    [16, 8],
  ];
  for (const [n, i, o] of [
    [3072, 64, 64],
    [3072, 64, 256],
    [3072, 256, 64],
    [512, 32, 32],
  ] as const) {
    const x = tf.tensor2d(noise(1, n * i), [n, i]),
      w = tf.tensor2d(noise(2, o * i), [o, i]),
      dy = tf.tensor2d(noise(3, n * o), [n, o]);
    const fl = (2 * n * i * o) / 1e6;
    let line = `${n} ${i}->${o}:`;
    const rate = async (name: string, f: () => unknown) => {
      const ms = await time(f);
      line += ` ${name} ${(fl / ms).toFixed(2)}`;
    };
    await rate("\n tf NT", () => tf.matMul(x, w, false, true).dispose());
    for (const t of tiles) await rate(`NT${t.join("x")}`, () => free(product(g.backend, "NT", x, w, undefined, t)));
    await rate("\n tf NN", () => tf.matMul(dy, w).dispose());
    for (const t of tiles) await rate(`NN${t.join("x")}`, () => free(product(g.backend, "NN", dy, w, undefined, t)));
    await rate("\n tf TN", () => tf.matMul(dy, x, true, false).dispose());
    for (const t of tiles) await rate(`TN${t.join("x")}`, () => free(productOverRows(g.backend, dy, x, true, t)));
    for (const b of [32, 128, 512, n])
      await rate(`TN8x8/${b}`, () =>
        free(productOverRows(g.backend, dy, x, true, [8, 8], { splits: Math.ceil(n / b), block: b })),
      );
    process.stdout.write(line + "\n");
  }
  g.check();
}, 120000);
