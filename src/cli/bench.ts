/** `lab bench`: what one training step costs, in dispatches, time and memory; of one model or of many students. */
import { LabError } from "../core/errors";
import type { BenchFigures } from "../core/pipeline/bench";
import { BENCH_ARCHS, BENCH_MODES, BENCH_SIZES, type BenchSize, MOST_STUDENTS } from "../core/pipeline/benchChoices";
import type { StudentsFigures } from "../core/pipeline/benchStudents";
import { parseFlags, seeHelp } from "./arguments";
import { openNodeGpu } from "./gpu";

export const BENCH_USAGE = `Usage: npm run lab -- bench step|students [options]

step measures one training step: dispatches, submits, time and GPU memory. students measures the step of many students
trained as one, distilled from stored teacher vectors, and of one of them alone in the same run.

  --arch bench|encoder|decoder|qkd     bench unless given. bench: two pre-norm towers, RMS norm, GELU, no biases;
                                       encoder, decoder: two of the lab's own towers; qkd: an encoder student alone,
                                       from stored teacher vectors
  --size s|m|l                         s: width 64, 2 layers; m: 128, 4; l: 256, 6. m unless given, s for qkd
  --mode plain|eager|captured          captured unless given. plain: tfjs' own operations; eager: own kernels, one by
                                       one; captured: own kernels, recorded once and replayed
  --students N                         students trained as one, 1 to ${MOST_STUDENTS}; 16 unless given
  --steps N                            timed steps, 5 to 1000, after a warm-up of two; 5 unless given
  --kernels                            dispatches by kernel as well
  --json                               one JSON object on standard output, nothing else
  -h, --help                           this text

Students are encoders, captured: s, unless given, width 32, 1 layer; m: 64, 2; l: 128, 4. --arch and --mode are for step.
Batch 32, queries of 16 tokens and documents of 48. FLOPs = 6 x 12 layers width^2 x tokens.
`;

const FLAGS = {
  arch: { type: "string", default: "bench" },
  size: { type: "string" },
  mode: { type: "string", default: "captured" },
  students: { type: "string", default: "16" },
  steps: { type: "string", default: "5" },
  kernels: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

const SIZES = Object.keys(BENCH_SIZES) as BenchSize[];

function choose<T extends string>(flag: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (!found)
    throw new LabError(
      "bad-setting",
      `--${flag} is ${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}, not "${value.slice(0, 60)}".`,
      seeHelp("bench"),
    );
  return found;
}

/** What a flag says that wants a whole number. */
function wholeNumber(flag: string, value: string, least: number, most: number): number {
  if (!/^\d{1,4}$/.test(value) || Number(value) < least || Number(value) > most)
    throw new LabError(
      "bad-setting",
      `--${flag} wants a whole number from ${least} to ${most}, not "${value.slice(0, 60)}".`,
      seeHelp("bench"),
    );
  return Number(value);
}

type Flags = ReturnType<typeof parseFlags<typeof FLAGS>>;

const BENCHMARKS: Record<string, (values: Flags) => Promise<number>> = {
  step: stepBenchmark,
  students: studentsBenchmark,
};

/**
 * Runs the command.
 *
 * @param args what follows `bench`
 * @returns the exit code: 0 done
 * @throws LabError bad-setting for bad usage, found before the GPU is opened
 */
export async function benchCommand(args: string[]): Promise<number> {
  const [what, ...rest] = args[0]?.startsWith("-") === false ? args : ["", ...args];
  const values = parseFlags("bench", rest, FLAGS);
  if (values.help) {
    process.stdout.write(BENCH_USAGE);
    return 0;
  }
  const run = what && Object.hasOwn(BENCHMARKS, what) ? BENCHMARKS[what] : undefined;
  if (!run)
    throw new LabError(
      "bad-setting",
      what ? `There is no benchmark "${what.slice(0, 60)}".` : "What to measure is missing.",
      `Choose: npm run lab -- bench ${Object.keys(BENCHMARKS).join(" or ")}.`,
    );
  return run(values);
}

async function stepBenchmark(values: Flags): Promise<number> {
  const arch = choose("arch", values.arch, BENCH_ARCHS);
  const choice = {
    arch,
    size: choose("size", values.size ?? (arch === "qkd" ? "s" : "m"), SIZES),
    mode: choose("mode", values.mode, BENCH_MODES),
  };
  const steps = wholeNumber("steps", values.steps, 5, 1000);
  const { gpu, ops } = await openNodeGpu(choice.mode === "plain" ? "plain" : "fused");
  try {
    // Loaded after WebGPU is there: it brings tfjs along.
    const { measureStep } = await import("../core/pipeline/bench");
    const figures = await measureStep(gpu, ops, choice, steps);
    process.stdout.write((values.json ? toJson : toText)(figures, values.kernels));
    return 0;
  } finally {
    gpu.dispose();
  }
}

async function studentsBenchmark(values: Flags): Promise<number> {
  const choice = {
    size: choose("size", values.size ?? "s", SIZES),
    students: wholeNumber("students", values.students, 1, MOST_STUDENTS),
  };
  const steps = wholeNumber("steps", values.steps, 5, 1000);
  const { gpu, ops } = await openNodeGpu("fused");
  try {
    const { measureStudents } = await import("../core/pipeline/benchStudents");
    const figures = await measureStudents(gpu, ops, choice, steps);
    process.stdout.write((values.json ? toJson : studentsText)(figures, values.kernels));
    return 0;
  } finally {
    gpu.dispose();
  }
}

function toJson(figures: { kernels: Record<string, number> }, kernels: boolean): string {
  const { kernels: byKernel, ...rest } = figures;
  return `${JSON.stringify(kernels ? { ...rest, kernels: byKernel } : rest, null, 2)}\n`;
}

const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
const range = ({ median, min, max }: BenchFigures["stepMs"]) => `${ms(median)} (${ms(min)} to ${ms(max)})`;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

const toText = (figures: BenchFigures, kernels: boolean): string =>
  table([["step", `${figures.arch}, size ${figures.size}, ${figures.mode}`], ...commonRows(figures)], figures, kernels);

const studentsText = (figures: StudentsFigures, kernels: boolean): string =>
  table(
    [
      ["step", `${figures.students} students as one, size ${figures.size}, captured`],
      ...commonRows(figures),
      [
        "one alone",
        `${figures.dispatchesAlone} dispatches, ${range(figures.stepMsAlone)}, ${megabytes(figures.gpuBytesAlone)}`,
      ],
      [
        "a student",
        `${ms(figures.stepMs.median / figures.students)}: ${figures.perStudentRatio.toFixed(2)} of one alone`,
      ],
    ],
    figures,
    kernels,
  );

function commonRows(figures: Omit<BenchFigures, "arch" | "mode">): [string, string][] {
  return [
    ["adapter", `${figures.adapter}${figures.software ? " (software: times are a CPU's)" : ""}`],
    ["dispatches", String(figures.dispatches)],
    ["submits", String(figures.submits)],
    ["host", ms(figures.hostMs)],
    ["whole step", range(figures.stepMs)],
    ["GPU memory", megabytes(figures.gpuBytes)],
    ["pipelines", `${figures.pipelines}, compiled in ${ms(figures.compileMs)}`],
    ["tokens", `${Math.round(figures.tokensPerSecond).toLocaleString("en")} a second`],
    [
      "computed",
      `${figures.gflops.toFixed(2)} GFLOP/s, ${(100 * figures.matmulShare).toFixed(0)} % of the best matrix product`,
    ],
  ];
}

function table(rows: [string, string][], figures: { kernels: Record<string, number> }, kernels: boolean): string {
  const lines = rows.map(([name, value]) => `${name.padEnd(12)} ${value}`);
  if (kernels)
    lines.push("", ...Object.entries(figures.kernels).map(([name, n]) => `${String(n).padStart(5)}  ${name}`));
  return `${lines.join("\n")}\n`;
}
