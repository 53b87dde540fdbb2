/** Stage 1 with adapters on the GPU: what is trained, what stays, and what comes out. */
import { describe, expect, it } from "vitest";
import { fusedOps } from "../../gpu/fusedOps";
import type { TowerOps } from "../../gpu/ops";
import { useGpu } from "../../gpu/testGpu";
import { halfBits, halfValue } from "../half";
import { initTower } from "../towers";
import {
  disposeTower,
  downloadParameters,
  type Tower,
  uploadAdapted,
  uploadTower,
  withoutAdapters,
  writeParameters,
} from "../towers/device";
import { isHead, type LoraSettings } from "../towers/lora";
import type { HostParameters, TowerConfig } from "../towers/types";
import { contrastiveStep } from "./contrastiveStep";
import { createEncoder } from "./encode";
import { readMoments, writeMoments } from "./moments";
import { madeUpTexts } from "./testTexts";

const gpu = useGpu();
const VOCABULARY = 40;
const BATCH = 6;
const STEPS = 5;

const config = (kind: "decoder" | "encoder"): TowerConfig => ({
  kind,
  vocabulary: VOCABULARY,
  width: 16,
  layers: 1,
  heads: 2,
  kvHeads: kind === "decoder" ? 1 : 2,
  hidden: 24,
  maxTokens: 8,
  pooling: "mean",
  embeddingSize: 12,
});
const settings = (more: Partial<LoraSettings> = {}): LoraSettings => ({
  rank: 3,
  alpha: 6,
  targets: "all",
  half: false,
  ...more,
});
const [queries, documents] = [madeUpTexts(1, 20, VOCABULARY), madeUpTexts(2, 30, VOCABULARY)];

/** A trained tower's values: nothing is zero, and half floats do not hold them exactly. */
function base(own: TowerConfig): HostParameters {
  const host = initTower(own, 3);
  for (const { values } of host.values()) for (let i = 0; i < values.length; i++) values[i]! += 0.01 * Math.sin(i);
  return host;
}

async function encode(ops: TowerOps, tower: Tower): Promise<Float32Array> {
  const encoder = createEncoder(gpu(), ops, tower, { batch: BATCH, length: 8, captured: true });
  const vectors = await encoder.encode(queries, Int32Array.of(0, 1, 2, 3, 4, 5));
  encoder.dispose();
  return vectors;
}

const farthest = (a: Float32Array, b: Float32Array) => a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);

function stepOf(ops: TowerOps, query: Tower, document: Tower, captured: boolean, pieces = 1) {
  const mask = new Float32Array(BATCH * BATCH).fill(1);
  const recipe = {
    ...{ steps: STEPS, batch: BATCH, warmup: 0, weightDecay: 0.01, beta1: 0.9, beta2: 0.98, clip: 1, captured, pieces },
    ...{ learningRate: 2e-2, embeddingRate: 0.5, dropout: 0, seed: 5 },
  };
  return contrastiveStep(gpu(), ops, recipe, {
    query,
    document,
    queryTokens: queries,
    documentTokens: documents,
    queryLength: 8,
    documentLength: 8,
    order: () => ({
      queries: Int32Array.from({ length: BATCH }, (_, i) => i),
      documents: Int32Array.from({ length: BATCH }, (_, i) => i),
      mask,
    }),
    hardNegatives: 0,
    temperature: 0.2,
    learnTemperature: false,
  });
}

interface Outcome {
  losses: number[];
  vectors: Float32Array;
  query: Tower;
  document: Tower;
}

async function trained(
  ops: TowerOps,
  own: TowerConfig,
  lora: LoraSettings,
  { captured = true, shared = false, pieces = 1 } = {},
): Promise<Outcome> {
  const query = uploadAdapted(gpu(), own, base(own), lora, 7, "query");
  const document = shared ? query : uploadAdapted(gpu(), own, base(own), lora, 7, "document");
  const step = stepOf(ops, query, document, captured, pieces);
  const losses: number[] = [];
  for (let n = 1; n <= STEPS; n++) {
    step.run(n);
    const rows = await step.log.read();
    losses.push(rows[(n % step.log.slots) * step.names.length]!);
  }
  step.dispose();
  return { losses, vectors: await encode(ops, query), query, document };
}

function dispose({ query, document }: Pick<Outcome, "query" | "document">): void {
  disposeTower(query);
  if (document !== query) disposeTower(document);
}

describe("stage 1 with adapters", () => {
  for (const kind of ["decoder", "encoder"] as const) {
    const own = config(kind);

    it(`${kind}: starts as the tower is, learns, leaves the base bit for bit, and merges to the same vectors`, async () => {
      const plain = uploadTower(gpu(), own, base(own));
      const before = await encode(fusedOps, plain);
      disposeTower(plain);
      const fresh = uploadAdapted(gpu(), own, base(own), settings(), 7, "query");
      expect(farthest(await encode(fusedOps, fresh), before)).toBeLessThan(1e-6);
      disposeTower(fresh);

      const { losses, vectors, query, document } = await trained(fusedOps, own, settings());
      expect(losses.at(-1)!).toBeLessThan(losses[0]! - 0.05);
      expect(farthest(vectors, before)).toBeGreaterThan(1e-2);
      for (const tower of [query, document]) {
        const now = await downloadParameters(gpu(), tower);
        for (const [name, { values }] of base(own))
          if (isHead(name)) expect(now.get(name)!.values, name).not.toEqual(values);
          else expect(now.get(name)!.values, name).toEqual(values);
      }
      const bytes = gpu().bytes();
      const merged = await withoutAdapters(gpu(), query);
      expect(gpu().bytes()).toBeLessThan(bytes);
      expect(merged.config).toEqual(own);
      expect(Object.keys(merged.parameters).some((name) => name.includes("lora"))).toBe(false);
      expect(farthest(await encode(fusedOps, merged), vectors)).toBeLessThan(2e-5);
      dispose({ query: merged, document });
    });
  }

  it("is the same eagerly, and in pieces", async () => {
    const own = config("decoder");
    const whole = await trained(fusedOps, own, settings());
    for (const [options, tolerance] of [
      [{ captured: false }, 1e-6],
      [{ pieces: 2 }, 1e-3],
    ] as const) {
      const other = await trained(fusedOps, own, settings(), options);
      for (const [i, loss] of other.losses.entries()) expect(Math.abs(loss - whole.losses[i]!)).toBeLessThan(tolerance);
      dispose(other);
    }
    dispose(whole);
  });

  it("with the base as half floats learns too, and merges to what was trained", async () => {
    const own = config("decoder");
    const host = base(own);
    const { losses, vectors, query, document } = await trained(
      fusedOps,
      own,
      settings({ half: true, targets: "attention" }),
    );
    expect(losses.at(-1)!).toBeLessThan(losses[0]! - 0.05);
    const merged = await withoutAdapters(gpu(), query);
    expect(farthest(await encode(fusedOps, merged), vectors)).toBeLessThan(2e-5);
    // Not adapted: as it was rounded.
    const name = "model.layers.0.mlp.down_proj.weight";
    const rounded = host.get(name)!.values.map((x) => halfValue(halfBits(x)));
    expect((await downloadParameters(gpu(), merged)).get(name)!.values).toEqual(rounded);
    dispose({ query: merged, document });
  });

  it("goes on from a saved state as if it had not stopped", async () => {
    const own = config("decoder");
    const whole = await trained(fusedOps, own, settings(), { shared: true });
    const made = () => {
      const tower = uploadAdapted(gpu(), own, base(own), settings(), 7, "query");
      return { tower, step: stepOf(fusedOps, tower, tower, true) };
    };
    const first = made();
    for (let n = 1; n < STEPS; n++) first.step.run(n);
    const parameters = await downloadParameters(gpu(), first.step);
    const moments = await readMoments(gpu(), first.step);
    // The adapters and the projection, nothing of the base.
    expect([...parameters.keys()].every((name) => /lora_[AB]|projection/.test(name))).toBe(true);
    first.step.dispose();
    disposeTower(first.tower);
    const second = made();
    writeParameters(gpu(), second.step, parameters);
    writeMoments(gpu(), second.step, moments);
    second.step.run(STEPS);
    expect(await encode(fusedOps, second.tower)).toEqual(whole.vectors);
    second.step.dispose();
    disposeTower(second.tower);
    dispose(whole);
  });

  it("trains one set of adapters where the towers are shared", async () => {
    const own = config("decoder");
    const outcome = await trained(fusedOps, own, settings(), { shared: true });
    expect(outcome.losses.at(-1)!).toBeLessThan(outcome.losses[0]! - 0.05);
    dispose(outcome);
  });

  it("takes memory for gradients and moments of the adapters alone", () => {
    const own = { ...config("decoder"), width: 64, hidden: 192, vocabulary: 2000 };
    const bytes = (lora: boolean) => {
      const host = initTower(own, 3);
      const tower = lora
        ? uploadAdapted(gpu(), own, host, settings({ targets: "attention" }), 7, "query")
        : uploadTower(gpu(), own, host);
      const before = gpu().bytes();
      const step = stepOf(fusedOps, tower, tower, false);
      const taken = gpu().bytes() - before;
      step.dispose();
      disposeTower(tower);
      return taken;
    };
    expect(bytes(true)).toBeLessThan(0.3 * bytes(false));
  });
});
