import { describe, expect, it } from "vitest";
import { fusedOps } from "../../gpu/fusedOps";
import type { TowerOps } from "../../gpu/ops";
import { plainOps } from "../../gpu/plainOps";
import { useGpu } from "../../gpu/testGpu";
import { random } from "../random";
import { disposeTower, downloadParameters, uploadTower, writeParameters } from "../towers/device";
import { initLanguageModel } from "../towers/lmStart";
import type { HostParameters, TowerConfig } from "../towers/types";
import { languageMeter, languageStep } from "./languageStep";
import { STEPS, testRecipe } from "./testSteps";
import type { Recipe } from "./trainingStep";

const gpu = useGpu();
const [BATCH, LENGTH] = [3, 7];
const config: TowerConfig = {
  kind: "decoder",
  vocabulary: 20,
  width: 16,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  hidden: 24,
  maxTokens: LENGTH,
  pooling: "mean",
  embeddingSize: 16,
  projection: false,
};
const recipe = (captured: boolean): Recipe => ({
  ...testRecipe(captured, 0),
  batch: BATCH,
  clip: 1,
  learningRate: 1e-2,
  embeddingRate: 1e-2,
  seed: 5,
});

/** Rows in which every token is followed by its double. */
const rows = (step: number): Int32Array[] => {
  const r = random(4, "rows", step);
  return Array.from({ length: BATCH }, () => {
    let id = 1 + r.int(18);
    return Int32Array.from({ length: LENGTH + 1 }, () => {
      id = (2 * id) % 19;
      return id;
    });
  });
};

async function train(ops: TowerOps, captured: boolean) {
  const tower = uploadTower(gpu(), config, initLanguageModel(config, 3));
  const step = languageStep(gpu(), ops, recipe(captured), { tower, length: LENGTH, order: rows });
  const losses: number[] = [];
  for (let n = 1; n <= STEPS; n++) {
    expect(step.run(n)).toBe(BATCH * LENGTH);
    const log = await step.log.read();
    losses.push(log[(n % step.log.slots) * step.names.length]!);
  }
  const parameters = await downloadParameters(gpu(), tower);
  step.dispose();
  disposeTower(tower);
  gpu().check();
  return { losses, parameters };
}

describe("the language-model step", () => {
  it("is the same captured and eager, bit for bit, and as tfjs' operations have it; and learns", async () => {
    const captured = await train(fusedOps, true);
    expect(await train(fusedOps, false)).toEqual(captured);
    const plain = await train(plainOps, false);
    captured.losses.forEach((loss, i) => {
      expect(Math.abs(loss - plain.losses[i]!), `step ${i + 1}`).toBeLessThan(i < 3 ? 1e-4 : 5e-3);
    });
    expect(captured.losses[0]).toBeCloseTo(Math.log(20), 1);
    expect(captured.losses.at(-1)).toBeLessThan(2);
  });

  it("has the gradient that differences of its loss give, of the table that is used twice too", async () => {
    const start = initLanguageModel(config, 3);
    // Away from the start, where all is small.
    for (const { values } of start.values()) for (let i = 0; i < values.length; i++) values[i]! *= 8;
    const tower = uploadTower(gpu(), config, start);
    const meter = languageMeter(gpu(), fusedOps, tower, { batch: BATCH, length: LENGTH, captured: true });
    const loss = async (parameters: HostParameters) => {
      writeParameters(gpu(), tower, parameters);
      return meter.measure(rows(1));
    };
    // One step with this rate and Adam's first moments: m / (sqrt v + eps) with an eps that is large is the gradient.
    const rate = 1e-2;
    const eps = 1e6;
    const step = languageStep(
      gpu(),
      fusedOps,
      {
        ...recipe(true),
        steps: 1,
        warmup: 1,
        weightDecay: 0,
        clip: 0,
        eps,
        learningRate: rate * eps,
        embeddingRate: rate * eps,
      },
      { tower, length: LENGTH, order: rows },
    );
    step.run(1);
    const after = await downloadParameters(gpu(), tower);
    const r = random(9, "places");
    for (const [name, { shape, values }] of start) {
      const gradient = values.map((value, i) => (value - after.get(name)!.values[i]!) / rate);
      // Along a random direction, of which a gradient that is wrong anywhere would show.
      const direction = values.map(() => r.normal());
      const moved = (by: number) =>
        new Map(start).set(name, { shape, values: values.map((value, i) => value + by * direction[i]!) });
      const h = 2e-3 / Math.sqrt(values.length / 16);
      const slope = ((await loss(moved(h))) - (await loss(moved(-h)))) / (2 * h);
      const expected = gradient.reduce((sum, g, i) => sum + g * direction[i]!, 0);
      const length = Math.hypot(...gradient);
      expect(length, name).toBeGreaterThan(1e-4);
      expect(Math.abs(slope - expected), `${name}: ${slope} by differences, ${expected}`).toBeLessThan(
        0.05 * length + 2e-3,
      );
    }
    meter.dispose();
    step.dispose();
    disposeTower(tower);
  });

  it("measures a mean over all rows, where the last batch is not full too", async () => {
    const tower = uploadTower(gpu(), config, initLanguageModel(config, 3));
    const meter = languageMeter(gpu(), fusedOps, tower, { batch: BATCH, length: LENGTH, captured: true });
    const all = [...rows(1), ...rows(2)].slice(0, 4);
    const each: number[] = [];
    for (const row of all) each.push(await meter.measure([row]));
    expect(await meter.measure(all)).toBeCloseTo(each.reduce((a, b) => a + b, 0) / 4, 5);
    meter.dispose();
    disposeTower(tower);
  });
});
