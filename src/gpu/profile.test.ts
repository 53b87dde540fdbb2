import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { captureStep } from "./capture";
import { tellsTimes } from "./profile";
import { useGpu } from "./testGpu";

const gpu = useGpu();

describe("a captured step's profile", () => {
  it("has every dispatch under its kernel's label, and its results are those of a run", async () => {
    const step = captureStep(gpu(), ({ x }) => ({ y: tf.sum(tf.square(tf.matMul(x!, x! as tf.Tensor2D))) }), {
      x: { shape: [160, 160], dtype: "float32" },
    });
    const x = Float32Array.from({ length: 160 * 160 }, (_, i) => Math.sin(i));
    step.run({ x });
    const [before] = await step.read("y");
    if (!tellsTimes(gpu())) {
      await expect(step.profile!()).rejects.toThrow(/no timestamp queries/);
      step.dispose();
      return;
    }
    const times = await step.profile!();
    expect([...times.values()].reduce((sum, { dispatches }) => sum + dispatches, 0)).toBe(step.stats.dispatches);
    expect(step.stats.dispatches).toBeGreaterThan(2);
    expect([...times.keys()].some((label) => /matmul/i.test(label))).toBe(true);
    const ms = [...times.values()].map((time) => time.ms);
    expect(ms.every((time) => time >= 0 && time < 60_000)).toBe(true);
    expect(Math.max(...ms)).toBeGreaterThan(0);
    expect((await step.read("y"))[0]).toBe(before);
    step.dispose();
  });
});
