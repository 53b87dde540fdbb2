/**
 * The benchmark's step as a program without this project would write it: tfjs' operations, its gradients, its Adam, its own
 * choice of kernels. It is timed in turn with the captured step, in one process, so that the ratio stands whatever else
 * the machine does.
 */
import type { Scalar, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { countGpu } from "../../gpu/count";
import type { Gpu } from "../../gpu/device";
import type { TowerOps } from "../../gpu/ops";
import { plainOps } from "../../gpu/plainOps";
import { flush } from "../../gpu/step";
import { infoNCE } from "../objectives/infoNCE";
import { initTower, towerForward } from "../towers";
import { disposeTower, uploadTower } from "../towers/device";
import { towerInputSpecs, towerInputs, towerValues } from "../training/inputs";
import { logRow } from "../training/trainingStep";
import {
  BATCH,
  benchConfig,
  benchStep,
  DOCUMENT_TOKENS,
  LEARNING_RATE,
  madeUp,
  QUERY_TOKENS,
  SEED,
  TEMPERATURE,
  texts,
} from "./bench";
import type { BenchSize } from "./benchChoices";
import { median, type Spread, spread } from "./benchMeasure";

export interface PlainStep {
  /** Runs step number `step` (from 1) and submits it. The loss is the caller's to dispose of. */
  run(step: number): Scalar;
  dispose(): void;
}

/** plainOps, but for the embedding: there it is gathered, and tfjs' gradient of that adds up by float atomics. */
const tfjsOps: TowerOps = {
  ...plainOps,
  embed(table, { ids }, places) {
    const words = tf.gather(table as Tensor2D, ids);
    if (!places) return words;
    const shape = [-1, places.tokens, words.shape[1]];
    return tf.reshape(tf.add(tf.reshape(words, shape), places.positions), words.shape) as Tensor2D;
  },
};

// What openGpu sets otherwise, as tfjs has it.
const TFJS_DEFAULTS = { WEBGPU_CPU_FORWARD: true, WEBGPU_MATMUL_PROGRAM_TYPE: -1 };

function asTfjs<T>(fn: () => T): T {
  const flags = Object.keys(TFJS_DEFAULTS) as (keyof typeof TFJS_DEFAULTS)[];
  const before = flags.map((flag) => tf.env().get(flag));
  for (const flag of flags) tf.env().set(flag, TFJS_DEFAULTS[flag]);
  try {
    return fn();
  } finally {
    flags.forEach((flag, i) => {
      tf.env().set(flag, before[i]!);
    });
  }
}

/** The step of `bench` with tfjs alone: the same towers, texts and loss as `benchStep` without clipping. */
export function plainStep(gpu: Gpu, size: BenchSize): PlainStep {
  const { queries, documents } = madeUp();
  const sides = (
    [
      ["query", queries, QUERY_TOKENS],
      ["document", documents, DOCUMENT_TOKENS],
    ] as const
  ).map(([side, table, tokens]) => {
    const config = benchConfig("bench", size, tokens);
    const tower = uploadTower(gpu, config, initTower(config, SEED, side, true));
    // Variables of their own, each in a buffer of its own, as tfjs has them.
    const parameters = Object.fromEntries(
      Object.entries(tower.parameters).map(([name, tensor]) => [name, tf.variable(tf.tidy(() => tf.mul(tensor, 1)))]),
    );
    flush(gpu);
    disposeTower(tower);
    return { side, table, tokens, config, parameters };
  });
  const variables = sides.flatMap(({ parameters }) => Object.values(parameters));
  const optimizer = tf.train.adam(LEARNING_RATE, 0.9, 0.999, 1e-8);
  const mask = tf.ones([BATCH, BATCH]) as Tensor2D;
  const temperature = tf.scalar(TEMPERATURE);
  return {
    run: (step) =>
      asTfjs(() => {
        const loss = tf.tidy(() => {
          const inputs = sides.map(({ side, table, tokens, config }) => {
            const { values } = towerValues(side, config, table, texts(step), tokens);
            const specs = towerInputSpecs(side, config, BATCH, tokens);
            return towerInputs(
              side,
              Object.fromEntries(
                Object.entries(specs).map(([name, { shape, dtype }]) => [
                  name,
                  tf.tensor(values[name]!, [...shape], dtype),
                ]),
              ),
            );
          });
          return optimizer.minimize(
            () => {
              const [q, d] = sides.map(({ config, parameters }, i) =>
                towerForward(tfjsOps, config, parameters, inputs[i]!),
              );
              return infoNCE(q!, d!, mask, temperature);
            },
            true,
            variables,
          ) as Scalar;
        });
        flush(gpu);
        return loss;
      }),
    dispose() {
      tf.dispose([...variables, mask, temperature]);
      optimizer.dispose();
    },
  };
}

/** One step with tfjs alone, beside one captured step of this project. */
export interface AgainstPlain {
  plain: { dispatches: number; submits: number; hostMs: Spread; stepMs: Spread };
  captured: { dispatches: number; submits: number; hostMs: Spread; stepMs: Spread };
  /** How many times as long tfjs takes, step and host: medians over the pairs, so that a load which comes and goes counts little. */
  timesStep: number;
  timesHost: number;
}

/**
 * Times both in turn.
 * @param repeats timed pairs of steps after a warm-up of two
 */
export async function measureAgainstPlain(
  gpu: Gpu,
  ops: TowerOps,
  size: BenchSize,
  repeats = 5,
): Promise<AgainstPlain> {
  const plain = plainStep(gpu, size);
  const training = benchStep(gpu, ops, "bench", size, true, 0);
  const counter = countGpu();
  const losses: number[] = [];
  /** Each runs a step and lets its loss be read afterwards. */
  const runs = {
    plain(step: number) {
      const loss = plain.run(step);
      return { loss: async () => (await loss.data())[0]!, dispose: () => loss.dispose() };
    },
    captured(step: number) {
      training.run(step);
      return { loss: async () => logRow(training, await training.log.read(), step)[0]!, dispose: () => undefined };
    },
  };
  const timed = async (name: keyof typeof runs, step: number) => {
    await gpu.finish();
    counter.reset();
    const start = performance.now();
    const run = runs[name](step);
    const host = performance.now() - start;
    await gpu.finish();
    const whole = performance.now() - start;
    const { dispatches, submits } = counter.counts;
    if (step === 1) losses.push(await run.loss());
    run.dispose();
    return { host, whole, dispatches, submits };
  };
  try {
    const all = {
      plain: [] as Awaited<ReturnType<typeof timed>>[],
      captured: [] as Awaited<ReturnType<typeof timed>>[],
    };
    for (let step = 1; step <= repeats + 2; step++)
      for (const name of ["plain", "captured"] as const) {
        const one = await timed(name, step);
        if (step > 2) all[name].push(one);
      }
    // What is compared must be the same step: from the same start both have the same loss, but for rounding.
    const [a, b] = losses as [number, number];
    if (!(Math.abs(a - b) <= 1e-4 * a)) throw new Error(`the steps differ: a loss of ${a} with tfjs alone, ${b} here`);
    gpu.check();
    const figures = (name: keyof typeof runs) => ({
      dispatches: all[name].at(-1)!.dispatches,
      submits: all[name].at(-1)!.submits,
      hostMs: spread(all[name].map((one) => one.host)),
      stepMs: spread(all[name].map((one) => one.whole)),
    });
    const times = (key: "host" | "whole") => median(all.plain.map((one, i) => one[key] / all.captured[i]![key]));
    return {
      plain: figures("plain"),
      captured: figures("captured"),
      timesStep: times("whole"),
      timesHost: times("host"),
    };
  } finally {
    counter.stop();
    plain.dispose();
    training.dispose();
  }
}
