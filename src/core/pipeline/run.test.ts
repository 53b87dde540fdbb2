import { describe, expect, it } from "vitest";
import { openGpu } from "../../gpu/device";
import { fusedOps } from "../../gpu/fusedOps";
import { installNodeWebGpu } from "../../gpu/nodeHost";
import { plainOps } from "../../gpu/plainOps";
import { memoryStore, type Store } from "../artifacts/store";
import { presetExperiment } from "../config/presets";
import type { Experiment } from "../config/schema";
import { LabError } from "../errors";
import { runFile } from "../formats/archive";
import { type LossPoint, type RunResult, type StageName, SYSTEMS } from "../formats/result";
import { readRun } from "../formats/trec";
import { toyDataset } from "../training/toy";
import { createControl, type RunControl } from "./control";
import { vectorFile } from "./files";
import { runMemory } from "./memory";
import { planShape } from "./plan";
import { runExperiment } from "./run";
import { openSearch } from "./search";
import { prepareTexts } from "./texts";

const base = presetExperiment("tiny");
const experiment: Experiment = {
  ...base,
  stage1: { ...base.stage1, steps: 30, dropout: 0.1, hardNegatives: 1 },
  stage2: { ...base.stage2, steps: 30, dropout: 0.1 },
  training: { ...base.training, validateEvery: 10, saveEvery: 3600 },
};

interface Trial {
  result: RunResult | null;
  losses: Map<string, LossPoint[]>;
  error: unknown;
}

/** Runs on a device of its own, as far as it goes. */
async function run(options: {
  store?: Store;
  experiment?: Experiment;
  ops?: typeof fusedOps;
  stopAt?: { stage: StageName; step: number };
  /** Hears what goes on, and may stop it. */
  doing?: (words: string | null, control: RunControl) => void;
  validated?: (step: number) => void;
}): Promise<Trial> {
  await installNodeWebGpu();
  const gpu = await openGpu();
  const losses = new Map<string, LossPoint[]>();
  const control: RunControl = createControl();
  // Stops exactly after so many steps: the gate is asked before every one.
  let current: StageName | null = null;
  let steps = 0;
  const gate = control.gate.bind(control);
  control.gate = async () => {
    if (options.stopAt && current === options.stopAt.stage && steps++ === options.stopAt.step) control.stop();
    return gate();
  };
  try {
    const result = await runExperiment({
      gpu,
      ops: options.ops ?? fusedOps,
      adapter: { ...gpu.adapter, host: "node" },
      codeVersion: "test",
      store: options.store ?? memoryStore(),
      experiment: options.experiment ?? experiment,
      name: "test",
      createdAt: "2026-01-01T00:00:00.000Z",
      dataset: toyDataset(),
      control,
      listener: {
        stage: (stage) => {
          if (stage.status === "running") current = stage.name;
        },
        points: (stage, points, validation) => {
          losses.set(stage, [...(losses.get(stage) ?? []), ...points]);
          for (const { step } of validation) options.validated?.(step);
        },
        saved: () => undefined,
        doing: (words) => options.doing?.(words, control),
      },
    });
    return { result, losses, error: null };
  } catch (error) {
    return { result: null, losses, error };
  } finally {
    gpu.dispose();
  }
}

/** The undisturbed run that the others are compared with: made once. */
let undisturbed: Promise<Trial> | null = null;
const wholeStore = memoryStore();
const wholeRun = () => {
  undisturbed ??= run({ store: wholeStore });
  return undisturbed;
};

const curve = (trial: Trial, stage: StageName) =>
  (trial.losses.get(stage) ?? []).map((p) => [p.step, p.loss, p.gradNorm]);
const TRAININGS: StageName[] = ["stage1", "stage2", "scalingdoc", "twinbert"];

describe("runExperiment", () => {
  it("runs from collection to table, captured as eagerly, bit for bit", async () => {
    const captured = await wholeRun();
    if (captured.error) throw captured.error;
    const { result } = captured;
    expect(result!.systems.map((s) => s.name)).toEqual(["teacher", "scalingnote", "scalingdoc", "twinbert", "bm25"]);
    for (const stage of TRAININGS) {
      const losses = captured.losses.get(stage)!;
      expect(losses[losses.length - 1]!.loss).toBeLessThan(losses[0]!.loss);
    }
    // What the shapes foretell of the memory, against what the trainings held.
    const texts = prepareTexts(experiment, toyDataset());
    const [teacher, student] = [texts.teacher, texts.student].map(({ queryLength, documentLength }) => ({
      query: queryLength,
      document: documentLength,
    }));
    const shape = { ...planShape(experiment, toyDataset()), teacher: teacher!, student: student! };
    const { stages } = runMemory(experiment, shape);
    for (const { stage, total } of stages.filter(({ stage }) => TRAININGS.includes(stage))) {
      const most = Math.max(...captured.losses.get(stage)!.map(({ gpuBytes }) => gpuBytes));
      expect(total / most, stage).toBeGreaterThan(0.95);
      expect(total / most, stage).toBeLessThan(1.15);
    }
    const again = await run({});
    const eager = await run({ experiment: { ...experiment, training: { ...experiment.training, step: "eager" } } });
    if (eager.error) throw eager.error;
    for (const stage of TRAININGS) {
      expect(curve(captured, stage).length).toBeGreaterThanOrEqual(30);
      expect(curve(again, stage)).toEqual(curve(captured, stage));
      expect(curve(eager, stage)).toEqual(curve(captured, stage));
    }
    expect(eager.result!.systems.map((s) => s.metrics)).toEqual(result!.systems.map((s) => s.metrics));
  }, 600_000);

  it("stops while it compiles, without the rest of the programs and the first validation", async () => {
    const said: (string | null)[] = [];
    const validations: number[] = [];
    const trial = await run({
      doing(words, control) {
        said.push(words);
        control.stop();
      },
      validated: (step) => validations.push(step),
    });
    expect(trial.error).toMatchObject({ kind: "stopped" });
    expect(said).toEqual([expect.stringMatching(/^compiling 0 of \d+ GPU programs$/), null]);
    expect(validations).toEqual([]);
  });

  it("goes on after a lost device as if nothing had happened, bit for bit", async () => {
    const whole = await wholeRun();
    for (const stopAt of [
      { stage: "stage1", step: 15 },
      { stage: "stage2", step: 15 },
    ] as const) {
      const store = memoryStore();
      const saving = { ...experiment, training: { ...experiment.training, saveEvery: 0.000001 } };
      const cut = await run({ store, stopAt, experiment: saving });
      expect(cut.error).toBeInstanceOf(LabError);
      expect((cut.error as LabError).kind).toBe("stopped");
      const rest = await run({ store });
      if (rest.error) throw rest.error;
      for (const stage of TRAININGS) expect(curve(rest, stage)).toEqual(curve(whole, stage));
      expect(rest.result!.systems.map((s) => s.metrics)).toEqual(whole.result!.systems.map((s) => s.metrics));
    }
  }, 600_000);

  it("one set of weights serves both sides where the towers are shared, and is found again", async () => {
    const shared: Experiment = {
      ...experiment,
      // Once trained it lies there as half floats, also where a run goes on.
      teacher: { ...experiment.teacher, sharedTowers: true, half: true },
      baselines: { ...experiment.baselines, twinbertSharedTowers: true },
      stage1: { ...experiment.stage1, steps: 6 },
      stage2: { ...experiment.stage2, steps: 6 },
    };
    const store = memoryStore();
    const whole = await run({ store, experiment: shared });
    if (whole.error) throw whole.error;
    const kept = await store.list("checkpoints/");
    for (const [system, has] of [
      ["teacher", false],
      ["scalingdoc", true],
      ["twinbert", false],
    ] as const) {
      expect(kept.some((path) => path.startsWith(`checkpoints/${system}/query/`))).toBe(true);
      expect(kept.some((path) => path.startsWith(`checkpoints/${system}/document/`))).toBe(has);
    }
    const cutStore = memoryStore();
    const cut = await run({ store: cutStore, experiment: shared, stopAt: { stage: "twinbert", step: 3 } });
    expect((cut.error as LabError).kind).toBe("stopped");
    const rest = await run({ store: cutStore, experiment: shared });
    if (rest.error) throw rest.error;
    expect(rest.result!.systems.map((s) => s.metrics)).toEqual(whole.result!.systems.map((s) => s.metrics));
  }, 300_000);

  it("trains alike with tfjs' own operations", async () => {
    const fused = await wholeRun();
    // Both kinds of step and of tower have run by then; the baselines would only repeat them, slowly.
    const plain = await run({ ops: plainOps, stopAt: { stage: "scalingdoc", step: 0 } });
    expect((plain.error as LabError).kind).toBe("stopped");
    for (const stage of ["stage1", "stage2"] as const) {
      expect(curve(plain, stage)).toHaveLength(30);
      const a = curve(fused, stage);
      const b = curve(plain, stage);
      // Rounding differs and training amplifies it: the first steps agree closely, all of them roughly.
      a.forEach(([, loss], i) => {
        expect(Math.abs(loss! - b[i]![1]!)).toBeLessThan(i < 5 ? 1e-4 * (1 + loss!) : 0.05 * (1 + loss!));
      });
    }
  }, 600_000);

  it("is searched as it was evaluated, and leaves nothing on the GPU", async () => {
    const whole = await wholeRun();
    if (whole.error) throw whole.error;
    await wholeStore.remove(vectorFile("twinbert")); // as in an imported run: it is encoded anew
    const gpu = await openGpu();
    try {
      const before = gpu.bytes();
      const dataset = toyDataset();
      const engine = await openSearch(gpu, fusedOps, wholeStore, experiment, dataset);
      for (const query of dataset.test.queries.slice(0, 3)) {
        for (const k of [7, 100]) {
          const columns = await engine.search(query.text, k);
          expect(columns.map((column) => column.system)).toEqual([...SYSTEMS]);
          for (const { system, hits } of columns) {
            const ranking = readRun((await wholeStore.read(runFile(system)))!, system).get(query.id);
            // Askers and writers share no word: BM25 finds nothing.
            expect(!ranking).toBe(system === "bm25");
            if (!ranking) continue;
            const scoreOf = new Map(ranking.ids.map((id, i) => [id, ranking.scores[i]!]));
            expect(hits.length).toBe(Math.min(k, ranking.ids.length));
            hits.forEach(({ doc, score, grade }, i) => {
              // A batch of one rounds otherwise than a batch of 32: places of nearly equal scores may change.
              expect(Math.abs(score - ranking.scores[i]!)).toBeLessThan(1e-4);
              expect(Math.abs(score - scoreOf.get(doc.id)!)).toBeLessThan(1e-4);
              expect(grade).toBe(dataset.test.qrels.get(query.id)!.get(doc.id) ?? 0);
            });
          }
        }
      }
      engine.dispose();
      expect(gpu.bytes()).toBe(before);
    } finally {
      gpu.dispose();
    }
  }, 300_000);
});
