/** Students trained side by side: each has to become what it becomes alone, whatever the others do. */
import { describe, expect, it } from "vitest";
import { fusedOps } from "../../gpu/fusedOps";
import type { TowerOps } from "../../gpu/ops";
import { plainOps } from "../../gpu/plainOps";
import { useGpu } from "../../gpu/testGpu";
import { random } from "../random";
import { initTower } from "../towers";
import {
  disposeTower,
  downloadParameters,
  downloadStudents,
  type Tower,
  uploadStudents,
  uploadTower,
  writeParameters,
} from "../towers/device";
import type { HostParameters, TowerConfig } from "../towers/types";
import { type ContrastiveStudent, contrastiveStep, stackedContrastiveStep } from "./contrastiveStep";
import { type DistilStudent, distilStep, stackedDistilStep } from "./distilStep";
import { readMoments, writeMoments } from "./moments";
import { readState, type TrainingState, writeState } from "./state";
import { BATCH, CLIP, STEPS, testConfig, testRecipe, VOCABULARY } from "./testSteps";
import { madeUpTexts } from "./testTexts";
import { logRow, type TrainingStep } from "./trainingStep";
import { trainStudents } from "./trainStudents";

const gpu = useGpu();
const config = (kind: TowerConfig["kind"]) => testConfig(kind, 1);

const texts = (seed: number, count: number) => madeUpTexts(seed, count, VOCABULARY);

/** Everything that students may differ in, they differ in. */
const STUDENTS: (DistilStudent & ContrastiveStudent)[] = [
  { learningRate: 3e-3, embeddingRate: 2e-2, seed: 5, mseWeight: 0.5, cosineWeight: 1, temperature: 0.2 },
  { learningRate: 1e-3, embeddingRate: 5e-3, seed: 6, mseWeight: 2, cosineWeight: 0, temperature: 0.05 },
  { learningRate: 6e-3, embeddingRate: 1e-2, seed: -7, mseWeight: 0, cosineWeight: 1.5, temperature: 0.7 },
];

const teacher = (() => {
  const r = random(8, "teacher");
  return Float32Array.from({ length: 20 * 12 }, () => r.normal());
})();

/** A step of the student with this number, or of all of them side by side. */
type Build = (which: number | "all", ops: TowerOps, captured: boolean) => { step: TrainingStep; towers: Tower[] };

const start = (own: TowerConfig, side: "query" | "document", which: number | "all"): Tower => {
  const host = (seed: number) => initTower(own, seed, side, true);
  return which === "all"
    ? uploadStudents(
        gpu(),
        own,
        STUDENTS.map(({ seed }) => host(seed)),
      )
    : uploadTower(gpu(), own, host(STUDENTS[which]!.seed));
};

const distil =
  (kind: TowerConfig["kind"], dropout: number): Build =>
  (which, ops, captured) => {
    const student = start(config(kind), "query", which);
    const parts = {
      student,
      queryTokens: texts(1, 20),
      queryLength: 8,
      teacher,
      order: (n: number) => Int32Array.from({ length: BATCH }, (_, i) => (n * 5 + i) % 20),
      mseOn: kind === "lookup" ? ("normalised" as const) : ("raw" as const),
      mseReduce: "sum" as const,
    };
    const shared = testRecipe(captured, dropout);
    const own = which === "all" ? null : STUDENTS[which]!;
    const step = own
      ? distilStep(gpu(), ops, { ...shared, ...own }, { ...parts, ...own })
      : stackedDistilStep(gpu(), ops, shared, parts, STUDENTS);
    return { step, towers: [student] };
  };

const contrastive =
  (kind: TowerConfig["kind"], sharedTowers: boolean, dropout: number): Build =>
  (which, ops, captured) => {
    const query = start(config(kind), "query", which);
    const document = sharedTowers ? query : start(config(kind), "document", which);
    const mask = new Float32Array(BATCH * BATCH * 2).fill(1);
    mask[3] = 0;
    const parts = {
      query,
      document,
      queryTokens: texts(1, 20),
      documentTokens: texts(2, 30),
      queryLength: 8,
      documentLength: 8,
      order: (n: number) => ({
        queries: Int32Array.from({ length: BATCH }, (_, i) => (n * 7 + i) % 20),
        documents: Int32Array.from({ length: 2 * BATCH }, (_, i) => (n * 11 + i) % 30),
        mask,
      }),
      hardNegatives: 1,
      learnTemperature: sharedTowers,
    };
    const shared = testRecipe(captured, dropout);
    const own = which === "all" ? null : STUDENTS[which]!;
    const step = own
      ? contrastiveStep(gpu(), ops, { ...shared, ...own }, { ...parts, ...own })
      : stackedContrastiveStep(gpu(), ops, shared, parts, STUDENTS);
    return { step, towers: sharedTowers ? [query] : [query, document] };
  };

interface Student {
  rows: number[][];
  parameters: HostParameters;
  m: Float32Array;
  v: Float32Array;
}

/** Trains; what became of each student. */
async function train(
  build: Build,
  which: number | "all",
  ops = fusedOps,
  captured = true,
  steps = STEPS,
): Promise<Student[]> {
  const { step, towers } = build(which, ops, captured);
  for (let n = 1; n <= steps; n++) step.run(n);
  const log = await step.log.read();
  const all = await downloadStudents(gpu(), step);
  const students: Student[] = [];
  for (const [k, parameters] of all.entries()) {
    const rows = Array.from({ length: steps }, (_, i) => [...logRow(step, log, i + 1, k)]);
    students.push({ rows, parameters, ...(await readMoments(gpu(), step, k)) });
  }
  step.dispose();
  for (const tower of towers) disposeTower(tower);
  gpu().check();
  return students;
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
};

/** Within `tolerance` in every logged number, parameter and moment. */
function expectEqual(found: Student, expected: Student, tolerance: number): void {
  expect([...found.parameters.keys()]).toEqual([...expected.parameters.keys()]);
  for (const [name, { shape, values }] of expected.parameters) {
    expect(found.parameters.get(name)!.shape).toEqual(shape);
    expect(largest(found.parameters.get(name)!.values, values), name).toBeLessThanOrEqual(tolerance);
  }
  expected.rows.forEach((row, i) => {
    const scale = Math.max(1, ...row.map(Math.abs));
    expect(largest(found.rows[i]!, row) / scale, `step ${i + 1}`).toBeLessThanOrEqual(tolerance);
  });
  expect(largest(found.m, expected.m)).toBeLessThanOrEqual(tolerance);
  expect(largest(found.v, expected.v)).toBeLessThanOrEqual(tolerance);
}

const cases: [string, Build][] = [
  ["encoder with dropout, distilled", distil("encoder", 0.1)],
  ["decoder, distilled", distil("decoder", 0)],
  ["lookup, distilled", distil("lookup", 0)],
  ["bench with dropout, two towers", contrastive("bench", false, 0.1)],
  ["lookup, shared towers, learned temperature", contrastive("lookup", true, 0)],
];

describe("students side by side", () => {
  for (const [name, build] of cases)
    it(`each equal to itself alone after ${STEPS} captured steps: ${name}`, async () => {
      const together = await train(build, "all");
      expect(together).toHaveLength(STUDENTS.length);
      for (const [k, student] of together.entries()) {
        const [expected] = await train(build, k);
        expectEqual(student, expected!, 1e-4);
        // Each is clipped at most steps, by a norm of its own.
        expect(student.rows.filter(([, norm]) => norm! > CLIP).length).toBeGreaterThan(STEPS / 2);
      }
      expect(new Set(together.map(({ rows }) => rows.at(-1)![1])).size).toBe(STUDENTS.length);
    }, 120_000);

  it("as tfjs' operations have it, and the same captured and eager, bit for bit", async () => {
    for (const build of [distil("lookup", 0.1), contrastive("lookup", true, 0.1)]) {
      const captured = await train(build, "all", fusedOps, true, 3);
      expect(await train(build, "all", fusedOps, false, 3)).toEqual(captured);
      const plain = await train(build, "all", plainOps, false, 3);
      for (const [k, student] of captured.entries())
        student.rows.forEach((row, i) => {
          expect(largest(row, plain[k]!.rows[i]!) / Math.max(1, ...row)).toBeLessThan(1e-3);
        });
    }
  }, 120_000);

  it("may be one alone", async () => {
    const one = STUDENTS.slice(0, 1);
    const own = config("encoder");
    const tower = uploadStudents(gpu(), own, [initTower(own, 5, "query", true)]);
    const parts = {
      student: tower,
      queryTokens: texts(1, 20),
      queryLength: 8,
      teacher,
      order: (n: number) => Int32Array.from({ length: BATCH }, (_, i) => (n * 5 + i) % 20),
      mseOn: "raw" as const,
      mseReduce: "sum" as const,
    };
    const build: Build = () => ({
      step: stackedDistilStep(gpu(), fusedOps, testRecipe(true, 0.1), parts, one),
      towers: [tower],
    });
    const [found] = await train(build, "all", fusedOps, true, 3);
    const [expected] = await train(distil("encoder", 0.1), 0, fusedOps, true, 3);
    expectEqual(found!, expected!, 1e-4);
  });

  it("go on from the checkpoint of each alone", async () => {
    const { step, towers } = distil("encoder", 0)("all", fusedOps, true);
    const before = await downloadStudents(gpu(), step);
    const [alone] = await train(distil("encoder", 0), 1, fusedOps, true, 2);
    writeParameters(gpu(), step, alone!.parameters, 1);
    writeMoments(gpu(), step, alone!, 1);
    const after = await downloadStudents(gpu(), step);
    expect(after).toEqual([before[0], alone!.parameters, before[2]]);
    expect(await readMoments(gpu(), step, 1)).toEqual({ m: alone!.m, v: alone!.v });
    for (const k of [0, 2]) expect((await readMoments(gpu(), step, k)).m.every((x) => x === 0)).toBe(true);
    // The names and shapes are those of an ordinary tower, which a student can become.
    const own = config("encoder");
    const checkpoint = new Map([...after[1]!].map(([name, tensor]) => [name.replace("query/", ""), tensor]));
    const tower = uploadTower(gpu(), own, checkpoint);
    expect(await downloadParameters(gpu(), tower)).toEqual(checkpoint);
    step.dispose();
    for (const one of [tower, ...towers]) disposeTower(one);
  });

  it("have to be as many as their towers", () => {
    const { towers } = distil("lookup", 0)("all", fusedOps, false);
    const parts = { student: towers[0]!, queryTokens: texts(1, 20), queryLength: 8, teacher };
    const rest = { order: () => new Int32Array(BATCH), mseOn: "raw" as const, mseReduce: "sum" as const };
    expect(() =>
      stackedDistilStep(gpu(), fusedOps, testRecipe(false, 0), { ...parts, ...rest }, STUDENTS.slice(1)),
    ).toThrow(/2 students to train, but towers of 3/);
    disposeTower(towers[0]!);
  });
});

describe("training students side by side", () => {
  const spoilt = (host: HostParameters): HostParameters =>
    new Map([...host].map(([name, tensor]) => [name, { ...tensor, values: tensor.values.map(() => Number.NaN) }]));
  const control = { begin: () => {}, check: () => {}, gate: async () => "go" as const };
  const setUp = (spoil: number | null) => {
    const own = config("encoder");
    const hosts = STUDENTS.map(({ seed }, k) => (k === spoil ? spoilt(initTower(own, seed)) : initTower(own, seed)));
    const student = uploadStudents(gpu(), own, hosts);
    const parts = {
      student,
      queryTokens: texts(1, 20),
      queryLength: 8,
      teacher,
      order: (n: number) => Int32Array.from({ length: BATCH }, (_, i) => (n * 5 + i) % 20),
      mseOn: "raw" as const,
      mseReduce: "sum" as const,
    };
    const training = stackedDistilStep(gpu(), fusedOps, testRecipe(true, 0), parts, STUDENTS);
    const free = () => {
      training.dispose();
      disposeTower(student);
    };
    return { training, student, free };
  };
  const options = { recipe: testRecipe(true, 0), students: STUDENTS, control, onSteps: () => {} };
  const never = { everySeconds: 3600, write: async () => {} };

  it("drops one whose loss is no number, in words, and trains the others as if it were not there", async () => {
    const whole = setUp(null);
    const outcomes = await trainStudents({ ...options, gpu: gpu(), training: whole.training, save: never });
    const expected = await downloadStudents(gpu(), whole.student);
    whole.free();
    const { training, student, free } = setUp(1);
    const found = await trainStudents({ ...options, gpu: gpu(), training, save: never });
    const after = await downloadStudents(gpu(), student);
    free();
    expect(found.map(({ error }) => error?.kind)).toEqual([undefined, "not-finite", undefined]);
    expect(found[1]!.error!.message).toContain("step 1");
    for (const k of [0, 2]) {
      expect(after[k]).toEqual(expected[k]);
      expect(found[k]!.losses.map(({ loss }) => loss)).toEqual(outcomes[k]!.losses.map(({ loss }) => loss));
      expect(found[k]!.losses).toHaveLength(STEPS);
    }
  });

  it("goes on from where a pause saved it, bit for bit", async () => {
    const whole = setUp(null);
    await trainStudents({ ...options, gpu: gpu(), training: whole.training, save: never });
    const expected = await downloadStudents(gpu(), whole.student);
    whole.free();
    const saved: TrainingState[] = [];
    let left = 11;
    const leaving = {
      ...control,
      async gate(beforeWaiting?: () => Promise<void>) {
        if (left-- > 0) return "go" as const;
        await beforeWaiting?.();
        throw new Error("left");
      },
    };
    const first = setUp(null);
    const save = {
      everySeconds: 3600,
      async write(student: number, state: TrainingState) {
        saved[student] = state;
      },
    };
    const cut = trainStudents({ ...options, control: leaving, gpu: gpu(), training: first.training, save });
    await expect(cut).rejects.toThrow("left");
    first.free();
    expect(saved.map(({ step }) => step)).toEqual([11, 11, 11]);
    const resume = saved.map((state) => readState(writeState(state)));
    const second = setUp(null);
    const rest = await trainStudents({ ...options, gpu: gpu(), training: second.training, save: never, resume });
    expect(await downloadStudents(gpu(), second.student)).toEqual(expected);
    second.free();
    expect(rest.map(({ losses }) => losses.length)).toEqual([STEPS, STEPS, STEPS]);
  });
});
