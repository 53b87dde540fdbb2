/**
 * Counter-based dropout: y = x / (1 - rate) where the bits of (seed, step, site, index) say so, else 0. The gradient is
 * the same with dy for x: the bits are made again rather than stored. Seed and step are read from GPU memory, so that a
 * captured step draws other bits at each replay. Of several models each has its seed, and indices of its own.
 */
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { dispatch, linearGrid, readBinding, uniformBinding, writeBinding } from "../dispatch";
import { dropoutBitsWgsl, dropoutThreshold } from "../dropoutBits";
import type { DropoutKey } from "../ops";
import { modelsOf } from "./models";
import { type Call, registerOp } from "./op";
import { float, type Lanes, lanesOf, laneType, threadHead } from "./wgsl";

/**
 * Reads x [models, count], counter [models, 2]; writes y. The site, the index of a model's first value and the numbers of
 * threads, of all models and of one, are read too: a step with dropout at many sites and in many pieces has one program.
 */
export function dropoutCode(models: number, lanes: Lanes, rate: number, index: string): string {
  const array = `array<${laneType(lanes)}>`;
  const share = (value: string, index: string) =>
    `select(0.0, ${value} * ${float(1 / (1 - rate))}, dropoutBits(seed, step, at[0].x, ${index} + at[0].y) >= ${dropoutThreshold(rate)}u)`;
  const value =
    lanes === 1
      ? share("b0[i]", "own")
      : `vec4f(${[0, 1, 2, 3].map((l) => share(`b0[i][${l}]`, `own * 4u + ${l}u`)).join(",\n    ")})`;
  return `${readBinding(0, array)}${readBinding(1, "array<i32>")}${writeBinding(2, array)}${uniformBinding(3, "at", 1)}
${dropoutBitsWgsl}
${threadHead(index, "at[0].z")}
  let own = ${models === 1 ? "i" : "i % at[0].w"};
  let model = ${models === 1 ? "0u" : "i / at[0].w"};
  let seed = u32(b1[2u * model]);
  let step = u32(b1[2u * model + 1u]);
  b2[i] = ${value};
}`;
}

const dropoutOp: Call<Record<"x" | "counter", TensorInfo>, { rate: number; site: number; first: number }> = registerOp({
  name: "LabDropout",
  saveInputs: ["counter"],
  run(backend, { x, counter }, { rate, site, first }) {
    const models = modelsOf(counter, 1);
    const count = x.shape.reduce((a, b) => a * b, 1) / models;
    const lanes = lanesOf(count);
    const { workgroups, index } = linearGrid((models * count) / lanes);
    return dispatch(
      backend,
      {
        key: `dropout ${models === 1 ? "" : "of models "}${rate} by ${lanes} on ${index}`,
        workgroups,
        uniforms: [site >>> 0, first >>> 0, (models * count) / lanes, count / lanes],
        code: () => dropoutCode(models, lanes, rate, index),
      },
      [x, counter],
      [{ shape: x.shape }],
    )[0]!;
  },
  gradient: ({ dy, saved: [counter], attributes }) => ({
    x: () => dropoutOp({ x: dy, counter: counter! }, attributes)[0]!,
  }),
});

/** The index, in the batch that x is a piece of, of x's first value. */
export const firstValue = (x: Tensor, firstRow: number): number => firstRow * (x.size / (x.shape[0] ?? 1));

/**
 * x with a share `rate` of its values set to zero and the rest divided by 1 - rate. Rate 0 returns x itself. With a
 * counter for each of several models x's first dimension is theirs one under the other.
 */
export function dropout<T extends Tensor>(x: T, { rate, counter, site, firstRow = 0 }: DropoutKey): T {
  if (rate === 0) return x;
  if (!(rate > 0 && rate < 1)) throw new Error(`dropout: a rate of ${rate}; it has to be at least 0 and below 1`);
  return dropoutOp({ x, counter }, { rate, site, first: firstValue(x, firstRow) })[0] as T;
}
