/** `lab run`: the experiment of the page, headless. */
import { memoryStore } from "../core/artifacts/store";
import { LabError } from "../core/errors";
import type { RunResult } from "../core/formats/result";
import { createControl } from "../core/pipeline/control";
import { memoryLines, memoryProblem, memoryWords, runMemory } from "../core/pipeline/memory";
import { planShape } from "../core/pipeline/plan";
import type { RunListener } from "../core/pipeline/reporter";
import { runExperiment } from "../core/pipeline/run";
import { testBeforeRun } from "../core/pipeline/selfTest";
import { openStarts } from "../core/pipeline/starts";
import { codeVersion } from "../version";
import { parseFlags, seeHelp } from "./arguments";
import { settleHere } from "./cache";
import { folderCheckpoint } from "./checkpointFolder";
import { checkOps, openNodeGpu } from "./gpu";
import { checkOut, writeRun } from "./out";
import { describePlan } from "./plan";
import { collection, DATA_USAGE, settle, towerAssignments } from "./settings";

export const RUN_USAGE = `Usage: npm run lab -- run --preset tiny|quick|standard --out DIR [options]

  --preset NAME      what the settings start from; quick unless given
  --out DIR          where result.json, queries.jsonl and run.<system>.trec go; an earlier run there is replaced
  --set key=value    change a setting; may be repeated (stage2.mseWeight=0)
${DATA_USAGE}
  --teacher DIR      a Hugging Face checkpoint that the teacher starts from
  --student DIR|SHAPE
                     one that the student starts from, or its shape: encoder:WIDTHxLAYERSxHEADS, decoder:..., lookup:WIDTH
  --seed N           seed of everything random
  --ops plain|fused  tfjs' own operations (the reference) or this project's kernels (default)
  --skip-self-test   do not try out the GPU's arithmetic first
  --checkpoints      write checkpoints/<system>/<tower>/ too
  --plan             print steps, FLOPs and GPU memory, run nothing
  -h, --help         this text`;

const FLAGS = {
  preset: { type: "string", default: "quick" },
  set: { type: "string", multiple: true, default: [] as string[] },
  data: { type: "string" },
  columns: { type: "string" },
  seed: { type: "string" },
  teacher: { type: "string" },
  student: { type: "string" },
  out: { type: "string" },
  ops: { type: "string", default: "fused" },
  "skip-self-test": { type: "boolean", default: false },
  checkpoints: { type: "boolean", default: false },
  plan: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/**
 * Runs the command.
 *
 * @returns the exit code: 0 done
 * @throws LabError bad-setting or bad-input for bad usage or a bad collection, found before anything is computed; what
 * `runExperiment` throws
 */
export async function runCommand(args: string[]): Promise<number> {
  const values = parseFlags("run", args, FLAGS);
  if (values.help) {
    process.stdout.write(`${RUN_USAGE}\n`);
    return 0;
  }
  const { preset, out } = values;
  const assignments = [...towerAssignments(values.teacher, values.student), ...values.set];
  const given = settle(preset, assignments, values.seed, values.data !== undefined);
  const opsName = checkOps(values.ops);
  const { experiment, starts, towers } = await openStarts(given, { open: folderCheckpoint });
  if (values.plan) {
    const dataset = values.data === undefined ? undefined : await collection(experiment, values.data, values.columns);
    console.log(JSON.stringify(describePlan(experiment, dataset, towers), null, 1));
    return 0;
  }
  if (!out) throw new LabError("bad-setting", "--out DIR is missing: where the results go.", seeHelp("run"));
  await checkOut(out);
  const dataset = await collection(experiment, values.data, values.columns);
  const shape = planShape(experiment, dataset);
  const memory = runMemory(experiment, shape, towers);
  console.log(
    `memory: ${memoryWords(memory)}${opsName === "plain" ? " Plain operations take several times as much." : ""}`,
  );
  for (const line of memoryLines(memory)) console.log(`  ${line}`);
  refuse(memoryProblem(experiment, shape, undefined, towers));

  const { gpu, ops } = await openNodeGpu(opsName);
  try {
    console.log(
      `adapter: ${gpu.adapter.description}${gpu.adapter.software ? " (a CPU: times are not latencies)" : ""}`,
    );
    for (const notice of dataset.notices) console.log(`note: ${notice}`);
    refuse(memoryProblem(experiment, shape, gpu.device.limits, towers));
    const store = memoryStore();
    const control = createControl();
    process.once("SIGINT", () => control.stop());
    const listener = progressPrinter();
    const engine = await settleHere({ gpu, ops, experiment });
    // tfjs' own operations are the reference, and take four times as long to try.
    if (!values["skip-self-test"] && opsName === "fused")
      await testBeforeRun({ gpu, ops, experiment, towers, codeVersion, store: memoryStore() });
    const result = await runExperiment({
      gpu,
      ops,
      adapter: { ...gpu.adapter, host: "node" },
      engine,
      codeVersion,
      store,
      experiment,
      starts,
      towers,
      name: preset,
      createdAt: new Date().toISOString(),
      dataset,
      control,
      listener,
    });
    await writeRun(store, out, values.checkpoints);
    printTable(result);
    return 0;
  } catch (error) {
    throw withoutCheckpoint(error);
  } finally {
    gpu.dispose();
  }
}

function refuse(problem: LabError | null): void {
  if (problem) throw problem;
}

/** The page keeps checkpoints to go on from, and its errors say so; a run of this command lives in memory. */
function withoutCheckpoint(error: unknown): unknown {
  if (!(error instanceof LabError)) return error;
  const message = error.message.replace(" The last checkpoint is kept.", "");
  if (error.kind === "not-finite") return new LabError(error.kind, message, error.remedy, { cause: error });
  if (error.kind !== "stopped" && error.kind !== "device-lost") return error;
  return new LabError(error.kind, message, "Nothing was written. Start the run again.", { cause: error });
}

function progressPrinter(): RunListener {
  let last = 0;
  let lastDoing = 0;
  const status = new Map<string, string>();
  return {
    doing(words) {
      const now = performance.now();
      if (!words || now - lastDoing < 1000) return;
      lastDoing = now;
      console.log(words);
    },
    stage(stage, eta) {
      const changed = status.get(stage.name) !== stage.status;
      status.set(stage.name, stage.status);
      const now = performance.now();
      if (!changed && now - last < 5000) return;
      last = now;
      const half = stage.status === "done" ? stage.facts["half floats, cosine at least"] : undefined;
      const packed = half === undefined ? "" : `, half floats: cosine ${half} or more`;
      const rest = eta === null || stage.status !== "running" ? "" : `, ${Math.round(eta)} s to go`;
      console.log(
        `${stage.name.padEnd(10)} ${stage.status} ${stage.done}/${stage.total}, ${stage.seconds.toFixed(1)} s${packed}${rest}`,
      );
    },
    points(stage, _losses, validation) {
      for (const { step, metrics } of validation) {
        const words = Object.entries(metrics).map(([key, value]) => `${key} ${value.toFixed(3)}`);
        console.log(`${stage.padEnd(10)} step ${step}: ${words.join(", ")}`);
      }
    },
    saved() {},
  };
}

function printTable(result: RunResult): void {
  const figure = (f: { value: number | null; low: number | null; high: number | null }) =>
    f.value === null ? "-" : `${f.value.toFixed(3)} [${f.low?.toFixed(3) ?? "-"}, ${f.high?.toFixed(3) ?? "-"}]`;
  console.log(
    `\n${result.collection.testQueries} test queries, ${result.collection.documents} documents, ${result.seconds.toFixed(0)} s, ${result.trainingFlops.toExponential(2)} FLOPs`,
  );
  for (const s of result.systems)
    console.log(
      `${s.name.padEnd(12)} recall@10 ${figure(s.metrics["recall@10"])}  nDCG@10 ${figure(s.metrics["ndcg@10"])}  retention ${figure(s.retention)}`,
    );
  for (const c of result.comparisons.filter((c) => c.metric === "recall@10"))
    console.log(
      `${c.a} - ${c.b}: recall@10 ${figure(c.difference)}${c.corrected ? `, p ${c.corrected.toFixed(3)} (Holm)` : ""}`,
    );
}
