/**
 * What it costs to train many students as one step: students of one shape, distilled from the same made-up teacher, that
 * differ in loss weights, rates and seeds; against one of them alone, in the same run.
 */

import type { Gpu } from "../../gpu/device";
import type { TowerOps } from "../../gpu/ops";
import { bestProduct } from "../../gpu/variantChoice";
import { initTower } from "../towers";
import { disposeTower, uploadStudents, uploadTower } from "../towers/device";
import { type DistilStudent, distilStep, stackedDistilStep } from "../training/distilStep";
import { logRow, type TrainingStep } from "../training/trainingStep";
import { type BenchFigures, benchStudent, owning } from "./bench";
import { type BenchSize, STUDENT_SIZES } from "./benchChoices";
import { median, spread, startMeasuring, timed } from "./benchMeasure";

/** Student k of any number; the first is the one that is measured alone. */
const studentOf = (k: number): DistilStudent => ({
  learningRate: 1e-3 * 0.97 ** k,
  embeddingRate: 2e-3 * 0.97 ** k,
  seed: 7 + k,
  mseWeight: 1,
  cosineWeight: 0.25 * k,
});

/** The step of so many students side by side, with what it owns. */
export function studentsStep(gpu: Gpu, ops: TowerOps, size: BenchSize, count: number): TrainingStep {
  const { config, recipe, parts } = benchStudent(STUDENT_SIZES[size]);
  const students = Array.from({ length: count }, (_, k) => studentOf(k));
  const tower = uploadStudents(
    gpu,
    config,
    students.map(({ seed }) => initTower(config, seed)),
  );
  return owning(stackedDistilStep(gpu, ops, recipe, parts(tower), students), () => disposeTower(tower));
}

/** The step of the first of them, as it is trained alone. */
export function oneStudentStep(gpu: Gpu, ops: TowerOps, size: BenchSize): TrainingStep {
  const { config, recipe, parts } = benchStudent(STUDENT_SIZES[size]);
  const student = studentOf(0);
  const tower = uploadTower(gpu, config, initTower(config, student.seed));
  const step = distilStep(gpu, ops, { ...recipe, ...student }, { ...parts(tower), ...student });
  return owning(step, () => disposeTower(tower));
}

/** Figures of the step of all students; those ending in "Alone" of one student's own step. */
export interface StudentsFigures extends Omit<BenchFigures, "arch" | "mode"> {
  students: number;
  dispatchesAlone: number;
  /** Of as many steps in a row as there are students, each one's share. */
  stepMsAlone: BenchFigures["stepMs"];
  gpuBytesAlone: number;
  /** A student's share of the step over the step of one alone, medians. */
  perStudentRatio: number;
}

/**
 * Measures the step of all students and that of one, in turns.
 * @param repeats timed steps after the warm-up of two, at least 5
 */
export async function measureStudents(
  gpu: Gpu,
  ops: TowerOps,
  { size, students }: { size: BenchSize; students: number },
  repeats = 5,
): Promise<StudentsFigures> {
  const { tokens, flops } = benchStudent(STUDENT_SIZES[size]);
  const open: TrainingStep[] = [];
  const opened = (step: TrainingStep) => {
    open.push(step);
    return step;
  };
  /**
   * Makes a step, warms it up, counts one, and lets it go: what it holds by itself, for captures share their intermediates'
   * memory, and what it took to make.
   */
  const prepare = async (make: () => TrainingStep) => {
    const measuring = startMeasuring(gpu);
    try {
      const step = opened(make());
      return await measuring.measure((number) => step.run(number), 1);
    } finally {
      open.pop()?.dispose();
      measuring.stop();
    }
  };
  try {
    const [makeAll, makeOne] = [() => studentsStep(gpu, ops, size, students), () => oneStudentStep(gpu, ops, size)];
    const together = await prepare(makeAll);
    const alone = await prepare(makeOne);
    const [all, one] = [opened(makeAll()), opened(makeOne())];
    const host: number[] = [];
    const whole: number[] = [];
    const wholeAlone: number[] = [];
    let [step, stepAlone] = [1, 1];
    for (const training of [all, one]) training.run(1);
    await gpu.finish();
    for (let i = 0; i < repeats; i++) {
      const took = await timed(gpu, () => all.run(++step));
      host.push(took.host);
      whole.push(took.all);
      // As many steps of one, queued as a run queues them: the same work over as long a time, so that what else the
      // machine does slows both alike.
      const start = performance.now();
      for (let n = 0; n < students; n++) one.run(++stepAlone);
      await gpu.finish();
      wholeAlone.push((performance.now() - start) / students);
    }
    const rows = await all.log.read();
    gpu.check();
    const [stepMs, stepMsAlone] = [spread(whole), spread(wholeAlone)];
    const gflops = (students * flops) / stepMs.median / 1e6;
    const best = await bestProduct(gpu, students * tokens, STUDENT_SIZES[size].width);
    return {
      students,
      size,
      ...together,
      hostMs: median(host),
      stepMs,
      tokensPerSecond: ((students * tokens) / stepMs.median) * 1000,
      gflops,
      matmulShare: gflops / best,
      loss: logRow(all, rows, step)[0]!,
      dispatchesAlone: alone.dispatches,
      stepMsAlone,
      gpuBytesAlone: alone.gpuBytes,
      perStudentRatio: stepMs.median / students / stepMsAlone.median,
    };
  } finally {
    for (const step of open) step.dispose();
  }
}
