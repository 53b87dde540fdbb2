/** `lab bench`: what one training step costs, in dispatches, time and memory. */
import { LabError } from "../core/errors";
import type { BenchFigures } from "../core/pipeline/bench";
import { BENCH_ARCHS, BENCH_MODES, BENCH_SIZES, type BenchSize } from "../core/pipeline/benchChoices";
import { parseFlags, seeHelp } from "./arguments";
import { openNodeGpu } from "./gpu";
import type { PeerFigures } from "./peers";

export const BENCH_USAGE = `Usage: npm run lab -- bench step|peers [options]

step   measures one training step: dispatches, submits, time and GPU memory
peers  the same step of arch bench by jax-js (webgpu and wasm) and PyTorch too, in turn; takes --size, --steps, --json

  --arch bench|encoder|decoder|qkd     bench unless given. bench: two pre-norm towers, RMS norm, GELU, no biases;
                                       encoder, decoder: two of the lab's own towers; qkd: an encoder student alone,
                                       from stored teacher vectors
  --size s|m|l                         s: width 64, 2 layers; m: 128, 4; l: 256, 6. m unless given, s for qkd
  --mode plain|eager|captured          captured unless given. plain: tfjs' own operations; eager: own kernels, one by
                                       one; captured: own kernels, recorded once and replayed
  --steps N                            timed steps, 5 to 1000, after a warm-up of two; 5 unless given
  --kernels                            dispatches by kernel as well
  --json                               one JSON object on standard output, nothing else
  -h, --help                           this text

Batch 32, queries of 16 tokens and documents of 48. FLOPs = 6 x 12 layers width^2 x tokens.
`;

const FLAGS = {
  arch: { type: "string", default: "bench" },
  size: { type: "string" },
  mode: { type: "string", default: "captured" },
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
  if (what !== "step" && what !== "peers")
    throw new LabError(
      "bad-setting",
      what ? `There is no benchmark "${what.slice(0, 60)}".` : "What to measure is missing.",
      "Choose: npm run lab -- bench step, or bench peers.",
    );
  const arch = choose("arch", values.arch, BENCH_ARCHS);
  const choice = {
    arch,
    size: choose("size", values.size ?? (arch === "qkd" ? "s" : "m"), SIZES),
    mode: choose("mode", values.mode, BENCH_MODES),
  };
  if (!/^\d{1,4}$/.test(values.steps) || Number(values.steps) < 5 || Number(values.steps) > 1000)
    throw new LabError(
      "bad-setting",
      `--steps wants a whole number from 5 to 1000, not "${values.steps.slice(0, 60)}".`,
      seeHelp("bench"),
    );
  if (what === "peers") return await peers(choice.size, Number(values.steps), values.json);
  const { gpu, ops } = await openNodeGpu(choice.mode === "plain" ? "plain" : "fused");
  try {
    // Loaded after WebGPU is there: it brings tfjs along.
    const { measureStep } = await import("../core/pipeline/bench");
    const figures = await measureStep(gpu, ops, choice, Number(values.steps));
    process.stdout.write((values.json ? toJson : toText)(figures, values.kernels));
    return 0;
  } finally {
    gpu.dispose();
  }
}

async function peers(size: BenchSize, steps: number, json: boolean): Promise<number> {
  const { gpu, ops } = await openNodeGpu("fused");
  try {
    const { measurePeers } = await import("./peers");
    const figures = await measurePeers(gpu, ops, size, steps);
    process.stdout.write(
      json
        ? `${JSON.stringify({ size, adapter: gpu.adapter.description, peers: figures }, null, 2)}\n`
        : peerTable(figures),
    );
    return 0;
  } finally {
    gpu.dispose();
  }
}

function peerTable(figures: readonly PeerFigures[]): string {
  const head = `${"".padEnd(18)} ${"step, ms".padStart(9)} ${"min to max".padStart(15)} ${"ratio".padStart(6)} ${"first".padStart(7)}`;
  const lines = figures.map(({ name, where, stepMs, ratio, firstMs, reason }) =>
    stepMs
      ? `${name.padEnd(18)} ${stepMs.median.toFixed(0).padStart(9)} ${`${stepMs.min.toFixed(0)} to ${stepMs.max.toFixed(0)}`.padStart(15)} ${ratio!.toFixed(2).padStart(6)} ${firstMs!.toFixed(0).padStart(7)}   ${where}`
      : `${name.padEnd(18)} not there: ${reason}`,
  );
  return `${[head, ...lines].join("\n")}\n`;
}

function toJson(figures: BenchFigures, kernels: boolean): string {
  const { kernels: byKernel, ...rest } = figures;
  return `${JSON.stringify(kernels ? { ...rest, kernels: byKernel } : rest, null, 2)}\n`;
}

function toText(figures: BenchFigures, kernels: boolean): string {
  const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
  const { stepMs } = figures;
  const rows: [string, string][] = [
    ["step", `${figures.arch}, size ${figures.size}, ${figures.mode}`],
    ["adapter", `${figures.adapter}${figures.software ? " (software: times are a CPU's)" : ""}`],
    ["dispatches", String(figures.dispatches)],
    ["submits", String(figures.submits)],
    ["host", ms(figures.hostMs)],
    ["whole step", `${ms(stepMs.median)} (${ms(stepMs.min)} to ${ms(stepMs.max)})`],
    ["GPU memory", `${(figures.gpuBytes / 1e6).toFixed(1)} MB`],
    ["pipelines", `${figures.pipelines}, compiled in ${ms(figures.compileMs)}`],
    ["first step", `${ms(figures.firstMinusSteadyMs)} longer than a later one`],
    ["tokens", `${Math.round(figures.tokensPerSecond).toLocaleString("en")} a second`],
    [
      "computed",
      `${figures.gflops.toFixed(2)} GFLOP/s, ${(100 * figures.matmulShare).toFixed(0)} % of the best matrix product`,
    ],
  ];
  const lines = rows.map(([name, value]) => `${name.padEnd(12)} ${value}`);
  if (kernels)
    lines.push("", ...Object.entries(figures.kernels).map(([name, n]) => `${String(n).padStart(5)}  ${name}`));
  return `${lines.join("\n")}\n`;
}
