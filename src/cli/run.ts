/** `lab run`: the experiment of the page, headless. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { memoryStore } from "../core/artifacts/store";
import { LabError } from "../core/errors";
import type { RunResult } from "../core/formats/result";
import { createControl } from "../core/pipeline/control";
import { isArchiveFile } from "../core/pipeline/files";
import { planRun } from "../core/pipeline/plan";
import { runExperiment } from "../core/pipeline/run";
import { codeVersion } from "../version";
import { openNodeGpu } from "./gpu";
import { collection, settle } from "./settings";

export const RUN_USAGE = `lab run --preset tiny|quick|standard --out DIR
  --set key=value    change a setting; may be repeated (stage2.mseWeight=0)
  --data DIR         a collection in BEIR form instead of the bundled notes
  --seed N           seed of everything random
  --ops plain|fused  tfjs' own operations (the reference) or this project's kernels (default)
  --checkpoints      write checkpoints/<system>/<tower>/ too
  --plan             print the steps and FLOPs, run nothing`;

/** Answers with the exit code: 0 done. Failures are thrown as LabError. */
export async function runCommand(args: string[]): Promise<number> {
  const { values } = parseCommand(args);
  const preset = values.preset ?? "quick";
  const experiment = settle(preset, values.set ?? [], values.seed, values.data !== undefined);
  if (values.plan) {
    console.log(JSON.stringify(planRun(experiment), null, 1));
    return 0;
  }
  const out = values.out;
  if (!out) throw new LabError("bad-setting", "No --out folder given.", "Say where the results go: --out DIR.");

  const { gpu, ops } = await openNodeGpu(values.ops ?? "fused");
  try {
    console.log(
      `adapter: ${gpu.adapter.description}${gpu.adapter.software ? " (a CPU: times are not latencies)" : ""}`,
    );
    const dataset = await collection(experiment, values.data);
    for (const notice of dataset.notices) console.log(`note: ${notice}`);
    const store = memoryStore();
    const control = createControl();
    process.once("SIGINT", () => control.stop());
    const result = await runExperiment({
      gpu,
      ops,
      adapter: { ...gpu.adapter, host: "node" },
      codeVersion,
      store,
      experiment,
      name: preset,
      createdAt: new Date().toISOString(),
      dataset,
      control,
      listener: progressPrinter(),
    });
    for (const path of await store.list("")) {
      if (!isArchiveFile(path, values.checkpoints ?? false)) continue;
      await mkdir(dirname(join(out, path)), { recursive: true });
      await writeFile(join(out, path), (await store.read(path))!);
    }
    printTable(result);
    return 0;
  } finally {
    gpu.dispose();
  }
}

function parseCommand(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        preset: { type: "string" },
        set: { type: "string", multiple: true },
        data: { type: "string" },
        seed: { type: "string" },
        out: { type: "string" },
        ops: { type: "string" },
        checkpoints: { type: "boolean" },
        plan: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new LabError("bad-setting", (error as Error).message, RUN_USAGE);
  }
}

function progressPrinter() {
  let last = 0;
  const status = new Map<string, string>();
  return {
    stage(stage: { name: string; status: string; done: number; total: number; seconds: number }, eta: number | null) {
      const changed = status.get(stage.name) !== stage.status;
      status.set(stage.name, stage.status);
      const now = performance.now();
      if (!changed && now - last < 5000) return;
      last = now;
      const rest = eta === null || stage.status !== "running" ? "" : `, ${Math.round(eta)} s to go`;
      console.log(
        `${stage.name.padEnd(10)} ${stage.status} ${stage.done}/${stage.total}, ${stage.seconds.toFixed(1)} s${rest}`,
      );
    },
    points(
      stage: string,
      losses: { step: number; loss: number }[],
      validation: { step: number; metrics: Record<string, number> }[],
    ) {
      for (const { step, metrics } of validation) {
        const words = Object.entries(metrics).map(([key, value]) => `${key} ${value.toFixed(3)}`);
        console.log(`${stage.padEnd(10)} step ${step}: ${words.join(", ")}`);
      }
      void losses;
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
    console.log(`${c.a} - ${c.b}: recall@10 ${figure(c.difference)}`);
}
