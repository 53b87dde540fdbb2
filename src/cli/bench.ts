/** `lab bench`: what a training step, encoding and search cost, in dispatches, time and memory. */
import { LabError } from "../core/errors";
import { BENCH_ARCHS, BENCH_MODES, type BenchVariants, MOST_STUDENTS } from "../core/pipeline/benchChoices";
import type { AgainstPlain } from "../core/pipeline/benchPlain";
import type { BenchRunner, StepFigures } from "../core/pipeline/benchRun";
import type { Gpu } from "../gpu/device";
import { variantsOf } from "../gpu/kernels/variants";
import type { TowerOps } from "../gpu/ops";
import { parseFlags } from "./arguments";
import { inBrowser } from "./benchBrowser";
import { encodeBenchmark } from "./benchEncode";
import { peersBenchmark } from "./benchPeers";
import { searchBenchmark } from "./benchSearch";
import { studentsBenchmark } from "./benchStudents";
import {
  choose,
  chosenVariants,
  computed,
  measuredRows,
  ms,
  print,
  range,
  rounded,
  SIZES,
  wholeNumber,
} from "./benchText";
import { openNodeGpu } from "./gpu";

export const BENCH_USAGE = `Usage: npm run lab -- bench step|encode|search|students|peers [options]

Measures dispatches, submits, time and GPU memory: of one training step, of encoding texts with one tower (one by one and
64 at once), of exact search for a batch of queries, or of a step of many students trained as one, distilled from stored
teacher vectors, beside one of them alone. peers: the time of the same step by jax-js (webgpu and wasm) and
PyTorch as well, in turn.

step:
  --arch bench|encoder|decoder|qkd     bench unless given. bench: two pre-norm towers, RMS norm, GELU, no biases;
                                       encoder, decoder: two of the lab's own towers; qkd: an encoder student alone,
                                       from stored teacher vectors
  --size s|m|l                         s: width 64, 2 layers; m: 128, 4; l: 256, 6. m unless given, s for qkd
  --mode plain|eager|captured          captured unless given. plain: tfjs' own operations; eager: own kernels, one by
                                       one; captured: own kernels, recorded once and replayed
  --against plain                      beside it, in turn, the same step with tfjs' operations, gradients and Adam alone, and
                                       how many times as long that takes; for --arch bench, captured
encode:
  --arch bench|encoder|decoder, --size s|m|l   as above, one tower
search:
  --documents N[,N...]                 10000 unless given
  --size N                             values of a vector; 64 unless given
  --queries N                          asked together, at most 128; 32 unless given
  --k N                                documents found for each, 1 to 1024; 100 unless given
students:
  --size s|m|l                         encoders; s: width 32, 1 layer; m: 64, 2; l: 128, 4. s unless given
  --students N                         1 to ${MOST_STUDENTS}; 16 unless given
peers:
  --size s|m|l                         of arch bench, captured; m unless given
all:
  --steps N                            timed steps, 5 to 1000, after a warm-up of two; 5 unless given
  --matmul auto|registers|shared       how matrices are multiplied; auto unless given: as a run settles it, by measuring
                                       once for an adapter and a build; on a CPU registers
  --reductions auto|shared|subgroups   how norms and sums over many threads are made; likewise, on a CPU shared
  --browser                            in the installed Chromium instead of Node, on a software adapter
  --kernels                            by kernel as well: dispatches, and GPU time where the adapter tells it
  --json                               one JSON object on standard output, nothing else
  -h, --help                           this text

Batch 32, queries of 16 tokens and documents of 48, which is also what is encoded.
FLOPs of a step = 6 x 12 layers width^2 x tokens, of encoding a third of that.
`;

const FLAGS = {
  arch: { type: "string", default: "bench" },
  size: { type: "string" },
  mode: { type: "string", default: "captured" },
  documents: { type: "string", default: "10000" },
  queries: { type: "string", default: "32" },
  k: { type: "string", default: "100" },
  students: { type: "string", default: "16" },
  against: { type: "string" },
  matmul: { type: "string", default: "auto" },
  reductions: { type: "string", default: "auto" },
  steps: { type: "string", default: "5" },
  browser: { type: "boolean", default: false },
  kernels: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** The flags as given. */
export type BenchFlags = ReturnType<typeof parseFlags<typeof FLAGS>>;

/** Each reads its flags, has them measured and prints. */
const BENCHMARKS: Record<string, (values: BenchFlags, run: BenchRunner) => Promise<void>> = {
  step: stepBenchmark,
  search: searchBenchmark,
  encode: encodeBenchmark,
  students: studentsBenchmark,
  peers: peersBenchmark,
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
  const variants = chosenVariants(values);
  await run(values, values.browser ? asSet(variants, inBrowser) : inNode(variants));
  return 0;
}

/** The browser's adapter is a CPU: there a run takes, unmeasured, what is in use unless set. */
const asSet =
  ({ matmul, reductions }: BenchVariants, run: BenchRunner): BenchRunner =>
  (request) =>
    run({
      ...request,
      variants: { ...(matmul !== "auto" && { matmul }), ...(reductions !== "auto" && { reductions }) },
    });

const inNode =
  (variants: BenchVariants): BenchRunner =>
  async (request) => {
    // On a device of its own: what is compiled for it must not be missing from the benchmark's counts.
    const settled = await onGpu(async (gpu, ops) => {
      // These are loaded after WebGPU is there: they bring tfjs along.
      const { settleHere } = await import("./cache");
      await settleHere({ gpu, ops, experiment: { training: variants } });
      return variantsOf(gpu.backend);
    });
    return onGpu(async (gpu) => {
      const { runBenchmark } = await import("../core/pipeline/benchRun");
      return runBenchmark(gpu, { ...request, variants: settled });
    });
  };

async function onGpu<T>(use: (gpu: Gpu, ops: TowerOps) => Promise<T>): Promise<T> {
  const { gpu, ops } = await openNodeGpu("fused");
  try {
    return await use(gpu, ops);
  } finally {
    gpu.dispose();
  }
}

async function stepBenchmark(values: BenchFlags, run: BenchRunner): Promise<void> {
  const arch = choose("arch", values.arch, BENCH_ARCHS);
  const choice = {
    arch,
    size: choose("size", values.size ?? (arch === "qkd" ? "s" : "m"), SIZES),
    mode: choose("mode", values.mode, BENCH_MODES),
  };
  const repeats = wholeNumber("steps", values.steps, 5, 1000);
  const against = values.against !== undefined;
  if (against) choose("against", values.against!, ["plain"]);
  if (against && (choice.arch !== "bench" || choice.mode !== "captured"))
    throw new LabError(
      "bad-setting",
      "--against plain is for --arch bench and --mode captured.",
      "Leave out --arch and --mode.",
    );
  print(values, await run({ what: "step", cases: [{ ...choice, against }], repeats }), rows);
}

const rows = (figures: StepFigures): [string, string][] => [
  ["step", `${figures.arch}, size ${figures.size}, ${figures.mode}`],
  ...measuredRows(figures),
  ["tokens", `${rounded(figures.tokensPerSecond)} a second`],
  ["computed", computed(figures)],
  ...(figures.against ? againstRows(figures.against) : []),
];

function againstRows({ plain, captured, timesStep, timesHost }: AgainstPlain): [string, string][] {
  const words = (one: AgainstPlain["plain"]) =>
    `${one.dispatches} dispatches, ${one.submits} submits, host ${ms(one.hostMs.median)}, step ${range(one.stepMs)}`;
  return [
    ["in turn", words(captured)],
    ["plain tfjs", words(plain)],
    ["", `${timesStep.toFixed(1)} times as long, on the host ${timesHost.toFixed(0)} times`],
  ];
}
