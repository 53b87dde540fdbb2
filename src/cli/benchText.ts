/** What the benchmarks of `lab bench` share: reading flags, and figures as lines or JSON. */
import { LabError } from "../core/errors";
import { BENCH_SIZES, BENCH_VARIANTS, type BenchSize, type BenchVariants } from "../core/pipeline/benchChoices";
import type { Measured } from "../core/pipeline/benchMeasure";
import { seeHelp } from "./arguments";

export const SIZES = Object.keys(BENCH_SIZES) as BenchSize[];

/** The value of a flag that has few of them. */
export function choose<T extends string>(flag: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (!found)
    throw new LabError(
      "bad-setting",
      `--${flag} is ${[choices.slice(0, -1).join(", "), choices.at(-1)].filter(Boolean).join(" or ")}, not "${value.slice(0, 60)}".`,
      seeHelp("bench"),
    );
  return found;
}

/** What --matmul and --reductions say. */
export const chosenVariants = (values: { matmul: string; reductions: string }): BenchVariants => ({
  matmul: choose("matmul", values.matmul, BENCH_VARIANTS.matmul),
  reductions: choose("reductions", values.reductions, BENCH_VARIANTS.reductions),
});

/** What a flag says that wants a whole number. */
export function wholeNumber(flag: string, value: string, least: number, most: number): number {
  if (!/^\d{1,9}$/.test(value) || Number(value) < least || Number(value) > most)
    throw new LabError(
      "bad-setting",
      `--${flag} wants a whole number from ${least} to ${most}, not "${value.slice(0, 60)}".`,
      seeHelp("bench"),
    );
  return Number(value);
}

export const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
export const range = ({ median, min, max }: Measured["stepMs"]) => `${ms(median)} (${ms(min)} to ${ms(max)})`;
export const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
export const rounded = (value: number) => Math.round(value).toLocaleString("en");
export const computed = (figures: { gflops: number; matmulShare: number }) =>
  `${figures.gflops.toFixed(2)} GFLOP/s, ${(100 * figures.matmulShare).toFixed(0)} % of the best matrix product`;

/** The lines that every benchmark has. */
export const measuredRows = (figures: Measured): [string, string][] => [
  ["adapter", `${figures.adapter}${figures.software ? " (software: times are a CPU's)" : ""}`],
  ["matmul", figures.matmul],
  ["reductions", figures.reductions],
  ["dispatches", String(figures.dispatches)],
  ["submits", String(figures.submits)],
  ["host", ms(figures.hostMs)],
  ["whole step", range(figures.stepMs)],
  ["GPU memory", megabytes(figures.gpuBytes)],
  ["pipelines", `${figures.pipelines}, compiled in ${ms(figures.compileMs)}`],
  ["first run", `${ms(figures.firstMinusSteadyMs)} longer than a later one`],
];

/**
 * Prints the figures: as one JSON object (of several cases those of the last, and all of them under `cases`), or names and
 * values under each other, and the kernels where they are wanted.
 */
export function print<F extends Measured>(
  wanted: { json: boolean; kernels: boolean },
  cases: readonly F[],
  rows: (figures: F) => [string, string][],
): void {
  if (wanted.json) {
    const all = cases.map((figures) => without(figures, wanted.kernels));
    process.stdout.write(`${JSON.stringify(all.length > 1 ? { ...all.at(-1), cases: all } : all[0], null, 2)}\n`);
    return;
  }
  const tables = cases.map((figures) => {
    const lines = rows(figures).map(([name, value]) => `${name.padEnd(12)} ${value}`);
    return `${[...lines, ...(wanted.kernels ? kernelLines(figures) : [])].join("\n")}\n`;
  });
  process.stdout.write(tables.join("\n"));
}

/** Dispatches by kernel, and where the GPU tells it how long they took. */
function kernelLines({ kernels, kernelMs }: Measured): string[] {
  if (!kernelMs)
    return [
      "",
      "No times by kernel: only a captured step on an adapter with timestamp queries has them.",
      ...Object.entries(kernels).map(([name, n]) => `${String(n).padStart(5)}  ${name}`),
    ];
  const total = Object.values(kernelMs).reduce((a, b) => a + b, 0);
  return [
    "",
    `GPU time by kernel, each dispatch timed by itself; ${ms(total)} together:`,
    ...Object.entries(kernelMs).map(([name, time]) => {
      const share = total > 0 ? `${((100 * time) / total).toFixed(0)} %` : "";
      return `${time.toFixed(3).padStart(10)} ms ${share.padStart(5)} ${String(kernels[name] ?? 0).padStart(4)} x  ${name}`;
    }),
  ];
}

const without = ({ kernels, kernelMs, ...rest }: Measured, wanted: boolean) =>
  wanted ? { ...rest, kernels, kernelMs: kernelMs ?? null } : rest;
