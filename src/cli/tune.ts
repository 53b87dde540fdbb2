/** `lab tune`: one system trained over a grid of settings, judged on validation queries. A run itself never searches. */
import { memoryStore } from "../core/artifacts/store";
import type { Experiment } from "../core/config/schema";
import { LabError } from "../core/errors";
import type { StageName, StageRecord, TrainedSystem } from "../core/formats/result";
import { createControl } from "../core/pipeline/control";
import { distilStudent } from "../core/pipeline/distil";
import { memoryProblem } from "../core/pipeline/memory";
import { planShape } from "../core/pipeline/plan";
import { createReporter } from "../core/pipeline/reporter";
import { buildIndex, prepareRun } from "../core/pipeline/run";
import { testBeforeRun } from "../core/pipeline/selfTest";
import { trainScalingDoc, trainTeacher, trainTwinBert } from "../core/pipeline/stages";
import { disposeTowers } from "../core/pipeline/stageTraining";
import { openStarts } from "../core/pipeline/starts";
import { gridOf, textsOf, wordsOf } from "../core/pipeline/sweep/trials";
import { disposeTower } from "../core/towers/device";
import { codeVersion } from "../version";
import { parseFlags, seeHelp } from "./arguments";
import { parseAxis } from "./axes";
import { cacheStore, settleHere } from "./cache";
import { folderCheckpoint } from "./checkpointFolder";
import { openNodeGpu } from "./gpu";
import { collection, settle } from "./settings";

export const TUNE_USAGE = `Usage: npm run lab -- tune --system teacher|scalingnote|scalingdoc|twinbert --axis key=a,b,c [options]

  --system NAME      which system is trained
  --axis key=a,b,c   values of a setting to try; may be repeated, then every combination is
  --preset, --set, --seed, --data, --columns
                     as in lab run
  -h, --help         this text

Prints recall@10 on the validation queries at every validation of every trial, and the best one last.`;

const STAGE: Record<TrainedSystem, StageName> = {
  teacher: "stage1",
  scalingnote: "stage2",
  scalingdoc: "scalingdoc",
  twinbert: "twinbert",
};

const FLAGS = {
  system: { type: "string", default: "" },
  axis: { type: "string", multiple: true, default: [] as string[] },
  preset: { type: "string", default: "quick" },
  set: { type: "string", multiple: true, default: [] as string[] },
  seed: { type: "string" },
  data: { type: "string" },
  columns: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

interface Trial {
  /** "stage2.learningRate=0.001 student.width=32" */
  words: string;
  experiment: Experiment;
}

/**
 * Runs the command.
 *
 * @returns the exit code: 0 done
 * @throws LabError bad-setting or bad-input for bad usage or a bad collection, found before anything is computed
 */
export async function tuneCommand(args: string[]): Promise<number> {
  const values = parseFlags("tune", args, FLAGS);
  if (values.help) {
    process.stdout.write(`${TUNE_USAGE}\n`);
    return 0;
  }
  const system = systemOf(values.system);
  const axes = values.axis.map((axis) => parseAxis("tune", axis));
  if (axes.length === 0)
    throw new LabError("bad-setting", "--axis key=a,b,c is missing: what to try.", seeHelp("tune"));
  const given = (assignments: string[]) =>
    settle(values.preset, [...values.set, ...assignments], values.seed, values.data !== undefined);
  const trials = gridOf(axes).map(
    (assignments): Trial => ({ words: wordsOf(assignments), experiment: given(textsOf(assignments)) }),
  );
  // The notes and every split are made from the seed and data.*: where those stay, one collection serves all trials.
  const oneCollection = !axes.some(({ path }) => path === "seed" || path.startsWith("data."));
  let dataset = await collection(trials[0]!.experiment, values.data, values.columns);
  const { gpu, ops } = await openNodeGpu("fused");
  try {
    // One teacher serves every student, where nothing that is tried has a part in it.
    const oneTeacher = axes.every(({ path }) => /^(stage2|student)\./.test(path));
    const teacherStore = memoryStore();
    let teacherStages: readonly StageRecord[] = [];
    const tested = memoryStore();
    const remembered = cacheStore();
    const rows: { words: string; recall: number }[] = [];
    for (const { words, experiment: given } of trials) {
      const { experiment, starts, towers } = await openStarts(given, { open: folderCheckpoint });
      if (!oneCollection) dataset = await collection(experiment, values.data, values.columns);
      const problem = memoryProblem(experiment, planShape(experiment, dataset), gpu.device.limits, towers);
      if (problem) throw problem;
      const store = system === "scalingnote" && oneTeacher ? teacherStore : memoryStore();
      await settleHere({ gpu, ops, experiment }, remembered);
      await testBeforeRun({ gpu, ops, experiment, towers, codeVersion, store: tested });
      const started = performance.now();
      const reporter = createReporter({ stage: () => {}, points: () => {}, saved: () => {} }, teacherStages);
      const control = createControl();
      const options = { gpu, ops, store, experiment, starts, towers, dataset, control, codeVersion };
      const context = await prepareRun(options, reporter);
      if (system === "teacher") disposeTowers((await trainTeacher(context)).towers);
      else if (system === "scalingdoc") disposeTowers((await trainScalingDoc(context)).towers);
      else if (system === "twinbert") disposeTowers((await trainTwinBert(context)).towers);
      else {
        const teacher = await trainTeacher(context);
        const frozen = await buildIndex(context, async () => teacher.towers);
        if (oneTeacher) teacherStages = reporter.stages.filter((s) => s.name === "stage1" || s.name === "index");
        disposeTower((await distilStudent(context, async () => teacher.towers, frozen)).student);
        disposeTowers(teacher.towers);
      }
      const curve = reporter.stages.find((s) => s.name === STAGE[system])!.validation;
      const last = curve[curve.length - 1]!.metrics;
      rows.push({ words, recall: last["recall@10"]! });
      const path = curve.map((v) => v.metrics["recall@10"]!.toFixed(3)).join(" ");
      const cosine = last["cosine"] === undefined ? "" : `, cosine ${last["cosine"].toFixed(3)}`;
      console.log(`${words}: recall@10 ${path}${cosine}, ${((performance.now() - started) / 1000).toFixed(0)} s`);
    }
    const best = rows.sort((a, b) => b.recall - a.recall)[0]!;
    console.log(`best: ${best.words} with ${best.recall.toFixed(3)}`);
    return 0;
  } finally {
    gpu.dispose();
  }
}

function systemOf(name: string): TrainedSystem {
  if (Object.hasOwn(STAGE, name)) return name as TrainedSystem;
  const choices = `Choose --system ${Object.keys(STAGE).join(", --system ")}.`;
  throw new LabError("bad-setting", name ? `There is no system "${name}" to tune.` : "--system is missing.", choices);
}
