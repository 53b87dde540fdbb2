import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it, vi } from "vitest";
import { LabError } from "../core/errors";
import { random } from "../core/random";
import { createAdamW, hyperValues } from "./adamw";
import { captureStep } from "./capture";
import { disposeOwn, eagerStep, type InputSpecs, ownTensor, readTensors, type StepFunction } from "./step";
import { useGpu } from "./testGpu";

const gpu = useGpu();
const OPTIONS = { beta1: 0.9, beta2: 0.98, clip: 0.5 };

/** A two-layer regression in tfjs ops, trained by AdamW. */
function regression(seed: number) {
  const r = random(seed, "regression");
  const values = (n: number) => Float32Array.from({ length: n }, () => r.normal() * 0.5);
  const w1 = ownTensor(gpu(), { shape: [5, 7], dtype: "float32" }, values(35)) as tf.Tensor2D;
  const w2 = ownTensor(gpu(), { shape: [7, 3], dtype: "float32" }, values(21)) as tf.Tensor2D;
  const adam = createAdamW(
    gpu(),
    [
      { name: "w1", tensor: w1, rate: 0, decay: 0.1 },
      { name: "w2", tensor: w2, rate: 1, decay: 0 },
    ],
    OPTIONS,
  );
  const fn: StepFunction = ({ x, y, hyper }) => {
    const { value, grads } = tf.valueAndGrads((a: tf.Tensor, b: tf.Tensor) => {
      const h = tf.tanh(tf.matMul(x as tf.Tensor2D, a as tf.Tensor2D));
      return tf.mean(tf.square(tf.sub(tf.matMul(h, b as tf.Tensor2D), y!)));
    })([w1, w2]);
    const norm = adam.apply({ w1: grads[0]!, w2: grads[1]! }, hyper!);
    return { metrics: tf.concat([tf.reshape(value, [1]), norm as tf.Tensor1D]) };
  };
  const dispose = () => {
    adam.dispose();
    for (const w of [w1, w2]) disposeOwn(gpu(), w);
  };
  return { w1, w2, adam, fn, dispose };
}
const SPECS: InputSpecs = {
  x: { shape: [6, 5], dtype: "float32" },
  y: { shape: [6, 3], dtype: "float32" },
  hyper: { shape: [4], dtype: "float32" },
};
const batch = (step: number) => {
  const r = random(11, "batch", step);
  return {
    x: Float32Array.from({ length: 30 }, () => r.normal()),
    y: Float32Array.from({ length: 18 }, () => r.normal()),
    hyper: hyperValues([0.02, 0.05], step, OPTIONS),
  };
};

describe("captureStep", () => {
  it("sends all its inputs in one call, and those that lie in their places already as they are", async () => {
    const step = captureStep(gpu(), ({ a, b, c }) => ({ sum: tf.add(tf.add(a!, tf.cast(b!, "float32")), c!) }), {
      a: { shape: [3], dtype: "float32" },
      b: { shape: [1], dtype: "int32" },
      c: { shape: [3], dtype: "float32" },
    });
    const write = vi.spyOn(GPUQueue.prototype, "writeBuffer");
    const { places } = step;
    places!["c"]!.set([0.1, 0.2, 0.3]);
    step.run({ a: Float32Array.of(1, 2, 3), b: Int32Array.of(-7), c: places!["c"]! });
    expect(write).toHaveBeenCalledTimes(1);
    write.mockRestore();
    expect([...(await step.read("sum"))]).toEqual([-5.9, -4.8, -3.7].map(Math.fround));
    const bytes = gpu().bytes();
    step.dispose();
    expect(gpu().bytes()).toBeLessThan(bytes);
  });

  it("gives bit for bit what 30 eager steps give, in one submit, with no growth", async () => {
    const results: Float32Array[][] = [];
    const losses: number[][] = [];
    for (const make of [eagerStep, captureStep]) {
      const model = regression(3);
      const step = make(gpu(), model.fn, SPECS);
      const curve: number[] = [];
      const bytes = gpu().bytes();
      const tensors = tf.memory().numTensors;
      for (let i = 1; i <= 30; i++) {
        step.run(batch(i));
        curve.push((await step.read("metrics"))[0]!);
      }
      if (make === captureStep) {
        expect(gpu().bytes()).toBe(bytes);
        expect(step.stats.dispatches).toBeGreaterThan(5);
      }
      // The eager step's output and the optimizer's table.
      expect(tf.memory().numTensors - tensors).toBeLessThanOrEqual(2);
      losses.push(curve);
      results.push(await readTensors(gpu(), [model.w1, model.w2, ...model.adam.moments.m, ...model.adam.moments.v]));
      step.dispose();
      model.dispose();
    }
    expect(losses[1]).toEqual(losses[0]);
    expect(results[1]).toEqual(results[0]);
    expect(new Set(losses[0]).size).toBe(30);
    gpu().check();
  });

  it("leaves parameters alone while recording", async () => {
    const model = regression(4);
    const before = await readTensors(gpu(), [model.w1]);
    const step = captureStep(gpu(), model.fn, SPECS);
    expect(await readTensors(gpu(), [model.w1])).toEqual(before);
    step.dispose();
    model.dispose();
  });

  it("frees everything on dispose", () => {
    const model = regression(4);
    captureStep(gpu(), model.fn, SPECS).dispose();
    const bytes = gpu().bytes();
    const { numTensors } = tf.memory();
    captureStep(gpu(), model.fn, SPECS).dispose();
    expect(gpu().bytes()).toBe(bytes);
    expect(tf.memory().numTensors).toBe(numTensors);
    model.dispose();
  });

  it("refuses inputs of another size, naming the input", () => {
    const step = captureStep(gpu(), ({ x }) => ({ y: tf.mul(x!, 2) }), { x: { shape: [4], dtype: "float32" } });
    expect(() => step.run({ x: new Float32Array(5) })).toThrow(/"x" with 4 values and was given 5/);
    step.dispose();
  });

  const x: InputSpecs = { x: { shape: [8], dtype: "float32" } };
  const variable = () => tf.variable(tf.ones([8]));
  const cases: [string, () => StepFunction, RegExp][] = [
    [
      "tf.dropout",
      () =>
        ({ x }) => ({ y: tf.dropout(x!, 0.5) }),
      /dropout/,
    ],
    [
      "random numbers",
      () =>
        ({ x }) => ({ y: tf.add(x!, tf.randomUniform([8])) }),
      /Add|add/,
    ],
    [
      "a read-back",
      () =>
        ({ x }) => ({ y: tf.mul(x!, tf.sum(tf.square(x!)).dataSync()[0]!) }),
      /reads values back/,
    ],
    [
      "an assigned variable",
      () => {
        const v = variable();
        return ({ x }) => {
          v.assign(tf.add(v, x!) as tf.Tensor1D);
          return { y: tf.mul(v, 2) };
        };
      },
      /another buffer/,
    ],
    [
      "a step counter",
      () => {
        let n = 0;
        return ({ x }) => ({ y: tf.mul(x!, tf.scalar(++n)) });
      },
      /mul|Multiply/i,
    ],
    [
      "a changing graph",
      () => {
        let n = 0;
        return ({ x }) => ({ y: ++n % 2 ? tf.square(x!) : tf.square(tf.neg(x!)) });
      },
      /changes? from step to step/,
    ],
    [
      "an op on the CPU",
      () =>
        ({ x }) => {
          tf.env().set("WEBGPU_CPU_FORWARD", true);
          return { y: tf.mul(x!, tf.slice(tf.add(tf.tensor1d([1, 2]), tf.tensor1d([3, 4])), [0], [1])) };
        },
      /computed on the CPU/,
    ],
  ];
  it.each(cases)("refuses %s and stays usable", async (_name, make, message) => {
    let caught: unknown;
    try {
      captureStep(gpu(), make(), x);
    } catch (error) {
      caught = error;
    } finally {
      tf.env().set("WEBGPU_CPU_FORWARD", false);
    }
    expect(caught).toBeInstanceOf(LabError);
    expect((caught as LabError).kind).toBe("not-capturable");
    expect((caught as LabError).message).toMatch(message);
    const after = tf.square(tf.tensor1d([3]));
    expect((await after.data())[0]).toBe(9);
    gpu().check();
  });
});

describe("AdamW", () => {
  it("follows the formula, with clipping, decay and two rates", async () => {
    const model = regression(5);
    const start = (await readTensors(gpu(), [model.w1, model.w2])).map((a) => Float64Array.from(a));
    const m = start.map((a) => new Float64Array(a.length));
    const v = start.map((a) => new Float64Array(a.length));
    const r = random(5, "gradients");
    for (let t = 1; t <= 5; t++) {
      const g = start.map((a) => Float32Array.from(a, () => r.normal()));
      const norm = Math.sqrt(g.reduce((s, a) => s + a.reduce((q, x) => q + x * x, 0), 0));
      const scale = Math.min(1, OPTIONS.clip / norm);
      start.forEach((p, k) => {
        p.forEach((_, i) => {
          const gi = g[k]![i]! * scale;
          m[k]![i] = OPTIONS.beta1 * m[k]![i]! + (1 - OPTIONS.beta1) * gi;
          v[k]![i] = OPTIONS.beta2 * v[k]![i]! + (1 - OPTIONS.beta2) * gi * gi;
          const update =
            m[k]![i]! / (1 - OPTIONS.beta1 ** t) / (Math.sqrt(v[k]![i]! / (1 - OPTIONS.beta2 ** t)) + 1e-8);
          p[i]! -= (k === 0 ? 0.02 : 0.05) * (update + (k === 0 ? 0.1 : 0) * p[i]!);
        });
      });
      const measured = tf.tidy(() =>
        model.adam.apply(
          { w1: tf.tensor(g[0]!, [5, 7]), w2: tf.tensor(g[1]!, [7, 3]) },
          tf.tensor1d(hyperValues([0.02, 0.05], t, OPTIONS)),
        ),
      );
      expect((await readTensors(gpu(), [measured]))[0]![0]).toBeCloseTo(norm, 4);
      measured.dispose();
    }
    const end = await readTensors(gpu(), [model.w1, model.w2]);
    end.forEach((a, k) => {
      a.forEach((value, i) => {
        expect(value).toBeCloseTo(start[k]![i]!, 4);
      });
    });
    model.dispose();
  });
});
