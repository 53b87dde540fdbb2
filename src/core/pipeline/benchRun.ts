/** The benchmarks as requests and figures that are plain data, so that a browser can be asked for them as Node can. */
import type { Gpu } from "../../gpu/device";
import { fusedOps } from "../../gpu/fusedOps";
import { setVariants, type Variants } from "../../gpu/kernels/variants";
import { plainOps } from "../../gpu/plainOps";
import { type BenchFigures, measureStep } from "./bench";
import type { BenchArch, BenchMode, BenchSize, EncodeArch } from "./benchChoices";
import { type EncodeFigures, measureEncode } from "./benchEncode";
import { type AgainstPlain, measureAgainstPlain } from "./benchPlain";
import { measureSearch, type SearchChoice, type SearchFigures } from "./benchSearch";
import { measureStudents, type StudentsFigures } from "./benchStudents";

export type StepFigures = BenchFigures & { against?: AgainstPlain };

interface Cases {
  step: { arch: BenchArch; size: BenchSize; mode: BenchMode; against: boolean };
  search: SearchChoice;
  encode: { arch: EncodeArch; size: BenchSize; batch: number };
  students: { size: BenchSize; students: number };
}
interface Figures {
  step: StepFigures;
  search: SearchFigures;
  encode: EncodeFigures;
  students: StudentsFigures;
}
export type Benchmark = keyof Cases;

/** Some cases of one benchmark, each timed `repeats` times. */
export interface BenchRequest<B extends Benchmark = Benchmark> {
  what: B;
  cases: Cases[B][];
  repeats: number;
  /** Which kernels compute; those in use unless given. */
  variants?: Partial<Variants>;
}

/** Where it is measured: here, or in a browser. */
export type BenchRunner = <B extends Benchmark>(request: BenchRequest<B>) => Promise<Figures[B][]>;

const MEASURE: { [B in Benchmark]: (gpu: Gpu, one: Cases[B], repeats: number) => Promise<Figures[B]> } = {
  async step(gpu, { against, ...choice }, repeats) {
    const figures = await measureStep(gpu, choice.mode === "plain" ? plainOps : fusedOps, choice, repeats);
    return against ? { ...figures, against: await measureAgainstPlain(gpu, fusedOps, choice.size, repeats) } : figures;
  },
  search: measureSearch,
  encode: (gpu, one, repeats) => measureEncode(gpu, fusedOps, one, repeats),
  students: (gpu, one, repeats) => measureStudents(gpu, fusedOps, one, repeats),
};

/** Measures one case after the other. */
export async function runBenchmark<B extends Benchmark>(
  gpu: Gpu,
  { what, cases, repeats, variants }: BenchRequest<B>,
): Promise<Figures[B][]> {
  if (variants) setVariants(gpu.backend, variants);
  const figures: Figures[B][] = [];
  for (const one of cases) figures.push(await MEASURE[what](gpu, one, repeats));
  return figures;
}
