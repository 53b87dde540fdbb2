/** The optimizer over flat buffers: wherever gradients come from and however they are cut, the update is the same. */
import type { Tensor } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { type AdamW, createAdamW, hyperValues } from "./adamw";
import type { Gpu } from "./device";
import { flatTensors } from "./flat";
import { mostPartials } from "./gradients";
import { noisy } from "./kernels/checkOp";
import { readTensors } from "./step";
import { useGpu } from "./testGpu";

const gpu = useGpu();
const OPTIONS = { beta1: 0.9, beta2: 0.98, clip: 0.7 };
// Below, at and past a chunk of 1,024 values; one alone.
const SIZES = [1, 1024, 1025, 2700, 64];

/** The same device, as if it bound less. */
function smaller(limit: number): Gpu {
  const limits = new Proxy(gpu().device.limits, {
    get: (target, key) => (key === "maxStorageBufferBindingSize" ? limit : Reflect.get(target, key, target)),
  });
  const device = new Proxy(gpu().device, {
    get(target, key) {
      if (key === "limits") return limits;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { ...gpu(), device };
}

/** Three steps; how gradients get to the optimizer is up to `give`. */
async function train(
  on: Gpu,
  uses: number,
  give: (adam: AdamW, tensors: Tensor[], step: number) => Record<string, Tensor>,
  pieces = 1,
) {
  const flat = flatTensors(
    on,
    SIZES.map((n, i) => ({ shape: [n], values: noisy(i, [n]).values })),
  );
  const adam = createAdamW(
    on,
    flat.tensors.map((tensor, i) => ({
      name: `p${i}`,
      tensor,
      rate: i % 2 === 0 ? 0 : 1,
      decay: i === 2 ? 0.1 : 0,
      uses,
    })),
    { ...OPTIONS, pieces },
  );
  const norms: number[] = [];
  for (let step = 1; step <= 3; step++) {
    const norm = tf.tidy(() =>
      adam.apply(give(adam, flat.tensors, step), tf.tensor1d(hyperValues([0.02, 0.05], step, OPTIONS))),
    );
    norms.push((await readTensors(gpu(), [norm]))[0]![0]!);
    norm.dispose();
  }
  const parameters = await readTensors(gpu(), flat.tensors);
  const moments = await readTensors(gpu(), [...adam.moments.m, ...adam.moments.v]);
  const segments = adam.moments.m.length;
  adam.dispose();
  flat.dispose();
  gpu().check();
  return { norms, parameters: parameters.map((x) => [...x]), moments: moments.flatMap((x) => [...x]), segments };
}

const gradient = (i: number, step: number) => noisy(100 * step + i, [SIZES[i]!]).values;
const asTensors = (_: AdamW, tensors: Tensor[], step: number) =>
  Object.fromEntries(tensors.map((_, i) => [`p${i}`, tf.tensor1d(gradient(i, step))]));

/** Writes each gradient to its sink as partial sums, all of it in the last one or shared out by powers of two. */
const toSinks =
  (count: number) =>
  (adam: AdamW, tensors: Tensor[], step: number): Record<string, Tensor> => {
    const sinks = adam.begin();
    tensors.forEach((tensor, i) => {
      const sink = sinks.get(tensor.id)!;
      const partials = Math.min(count, sink.most);
      const { buffer, offset = 0 } = sink.take(partials);
      const whole = gradient(i, step);
      for (let k = 0; k < partials; k++) {
        // Shares 1/2, 1/4, ... and the last one twice: exact in binary, so that the sum is the gradient to the bit.
        const share = k === partials - 1 ? 2 ** -k : 2 ** -(k + 1);
        gpu().device.queue.writeBuffer(
          buffer,
          offset + 4 * k * whole.length,
          whole.map((x) => x * share),
        );
      }
    });
    return {};
  };

describe("AdamW over flat buffers", () => {
  it("does not mind whether a gradient is a tensor or partial sums", async () => {
    const expected = await train(gpu(), 1, asTensors);
    for (const count of [1, 3]) {
      const found = await train(gpu(), 1, toSinks(count));
      expect(found.parameters).toEqual(expected.parameters);
      expect(found.norms).toEqual(expected.norms);
      expect(found.moments).toEqual(expected.moments);
    }
  });

  it("adds up a tensor's uses, and what comes as a tensor where no place is left", async () => {
    const once = await train(gpu(), 1, (_, tensors, step) =>
      Object.fromEntries(tensors.map((_, i) => [`p${i}`, tf.tensor1d(gradient(i, step).map((x) => 2 * x))])),
    );
    // In two places; then in the one place and on top of it.
    for (const uses of [2, 1]) {
      const found = await train(gpu(), uses, (adam, tensors, step) => {
        toSinks(1)(adam, tensors, step);
        return asTensors(adam, tensors, step);
      });
      expect(found.parameters).toEqual(once.parameters);
      expect(found.norms).toEqual(once.norms);
    }
  });

  it("adds up the gradients of pieces, however each came and in as many segments as there are", async () => {
    const once = await train(gpu(), 1, (_, tensors, step) =>
      Object.fromEntries(tensors.map((_, i) => [`p${i}`, tf.tensor1d(gradient(i, step).map((x) => 3 * x))])),
    );
    const inPieces = (adam: AdamW, tensors: Tensor[], step: number) => {
      adam.add(toSinks(3)(adam, tensors, step));
      adam.add(asTensors(adam, tensors, step));
      const { p3, ...rest } = asTensors(adam, tensors, step);
      // The last of them may be without a tensor that has its gradient already.
      adam.add({ p3: p3! });
      return rest;
    };
    const found = await train(gpu(), 1, inPieces, 3);
    expect(found.parameters).toEqual(once.parameters);
    expect(found.norms).toEqual(once.norms);
    const few = await train(smaller(4 * 2700 * (mostPartials(2700) + 1)), 1, inPieces, 3);
    expect(few.segments).toBeGreaterThan(1);
    expect(few.parameters).toEqual(once.parameters);
    await expect(
      train(gpu(), 1, (adam, tensors, step) => {
        adam.add(asTensors(adam, tensors, step));
        return {};
      }),
    ).rejects.toThrow("no place for a sum of gradients");
  });

  it("works in as many segments as the binding limit asks for", async () => {
    const expected = await train(gpu(), 1, asTensors);
    const limit = 4 * 2700 * mostPartials(2700); // the largest tensor's gradient just fits
    const found = await train(smaller(limit), 1, asTensors);
    expect(expected.segments).toBe(1);
    expect(found.segments).toBeGreaterThan(1);
    found.norms.forEach((norm, i) => {
      expect(norm).toBeCloseTo(expected.norms[i]!, 4);
    });
    // The norm is added up in another order where a segment's tensors can be read four values at once, and clips by it.
    found.parameters.forEach((values, i) => {
      values.forEach((x, e) => {
        expect(x).toBeCloseTo(expected.parameters[i]![e]!, 6);
      });
    });
  });

  it("updates several models as each alone, in one segment and in several", async () => {
    const models = 3;
    const clipped = { ...OPTIONS, clip: 100 }; // between the models' norms
    const shape = (n: number) => [models, n];
    const values = (i: number) => noisy(i, shape(SIZES[i]!)).values;
    const rates = [0.02, 0.05, 0.001];
    const ofStep = (step: number, k: number) => hyperValues([rates[k]!, 2 * rates[k]!], step, clipped);
    /** Gradients of all models by parameter; the second model's are twice the noise. */
    const gradients = (step: number) =>
      SIZES.map((n, i) => noisy(100 * step + i, shape(n)).values.map((x, e) => (Math.floor(e / n) === 1 ? 2 * x : x)));
    const part = (whole: Float32Array, k: number) =>
      whole.slice((k * whole.length) / models, ((k + 1) * whole.length) / models);
    const run = async (on: Gpu, only: number | null) => {
      const flat = flatTensors(
        on,
        SIZES.map((n, i) =>
          only === null ? { shape: shape(n), values: values(i) } : { shape: [n], values: part(values(i), only) },
        ),
      );
      const parameters = flat.tensors.map((tensor, i) => ({
        name: `p${i}`,
        tensor,
        rate: i % 2 === 0 ? (0 as const) : (1 as const),
        decay: i === 2 ? 0.1 : 0,
      }));
      const adam = createAdamW(on, parameters, clipped, only === null ? models : 1);
      const norms: number[] = [];
      for (let step = 1; step <= 2; step++) {
        const norm = tf.tidy(() => {
          const given = gradients(step).map((g) => (only === null ? g : part(g, only)));
          const hyper = only === null ? [0, 1, 2].flatMap((k) => [...ofStep(step, k)]) : [...ofStep(step, only)];
          return adam.apply(Object.fromEntries(given.map((g, i) => [`p${i}`, tf.tensor1d(g)])), tf.tensor1d(hyper));
        });
        norms.push(...(await readTensors(gpu(), [norm]))[0]!);
        norm.dispose();
      }
      const found = await readTensors(gpu(), flat.tensors);
      const segments = adam.moments.m.length;
      adam.dispose();
      flat.dispose();
      gpu().check();
      return { norms, parameters: found.map((x) => x.slice()), segments };
    };
    const alone = [await run(gpu(), 0), await run(gpu(), 1), await run(gpu(), 2)];
    const expectedNorms = [0, 1].flatMap((step) => alone.map(({ norms }) => norms[step]!));
    expect(Math.min(...expectedNorms)).toBeLessThan(clipped.clip);
    expect(Math.max(...expectedNorms)).toBeGreaterThan(clipped.clip);
    for (const limit of [Number.MAX_SAFE_INTEGER, 4 * models * 2700 * mostPartials(2700)]) {
      const found = await run(limit < 2 ** 40 ? smaller(limit) : gpu(), null);
      expect(found.segments > 1).toBe(limit < 2 ** 40);
      found.norms.forEach((norm, i) => {
        expect(norm / expectedNorms[i]!).toBeCloseTo(1, 5);
      });
      found.parameters.forEach((all, i) => {
        for (let k = 0; k < models; k++) {
          const expected = alone[k]!.parameters[i]!;
          part(all, k).forEach((x, e) => {
            expect(Math.abs(x - expected[e]!)).toBeLessThan(1e-5);
          });
        }
      });
    }
  });

  it("names a parameter that got no gradient, and refuses one of another size or too many parts", async () => {
    await expect(
      train(gpu(), 1, (adam, tensors, step) => {
        const { p2: _, ...rest } = asTensors(adam, tensors, step);
        return rest;
      }),
    ).rejects.toThrow("no gradient for p2");
    await expect(
      train(gpu(), 1, (adam, tensors, step) => ({ ...asTensors(adam, tensors, step), p1: tf.zeros([3]) })),
    ).rejects.toThrow("of 3 values, not 1024");
    await expect(
      train(gpu(), 1, (adam, tensors) => {
        const sink = adam.begin().get(tensors[1]!.id)!;
        sink.take(sink.most + 1);
        return {};
      }),
    ).rejects.toThrow("no place");
  });
});
