/** `lab tune`: one system trained over a grid of settings, judged on validation queries. A run itself never searches. */
import { parseArgs } from "node:util";
import { memoryStore } from "../core/artifacts/store";
import { parseSettingText, withSetting } from "../core/config/paths";
import type { Experiment } from "../core/config/schema";
import { LabError } from "../core/errors";
import type { StageName, TrainedSystem } from "../core/formats/result";
import { createControl } from "../core/pipeline/control";
import { createReporter } from "../core/pipeline/reporter";
import { buildIndex, prepareRun } from "../core/pipeline/run";
import { disposeTowers, distilStudent, trainScalingDoc, trainTeacher, trainTwinBert } from "../core/pipeline/stages";
import { disposeTower } from "../core/towers/device";
import { openNodeGpu } from "./gpu";
import { collection, settle } from "./settings";

export const TUNE_USAGE = `lab tune --system teacher|scalingnote|scalingdoc|twinbert --axis key=a,b,c [--axis ...]
  --preset, --set, --seed, --data   as in lab run; recall on the validation sample is printed, best last`;

const STAGE: Record<TrainedSystem, StageName> = {
  teacher: "stage1",
  scalingnote: "stage2",
  scalingdoc: "scalingdoc",
  twinbert: "twinbert",
};

export async function tuneCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      system: { type: "string" },
      axis: { type: "string", multiple: true },
      preset: { type: "string" },
      set: { type: "string", multiple: true },
      seed: { type: "string" },
      data: { type: "string" },
    },
  });
  const system = values.system as TrainedSystem;
  if (!(system in STAGE)) throw new LabError("bad-setting", "Say which --system to tune.", TUNE_USAGE);
  const base = settle(values.preset ?? "quick", values.set ?? [], values.seed, values.data !== undefined);
  const { gpu, ops } = await openNodeGpu("fused");
  try {
    const dataset = await collection(base, values.data);
    const teacherStore = memoryStore(); // one teacher serves every student
    const rows: { words: string; recall: number }[] = [];
    for (const { words, experiment } of grid(base, values.axis ?? [])) {
      const store = system === "scalingnote" ? teacherStore : memoryStore();
      const started = performance.now();
      const reporter = createReporter({ stage: () => {}, points: () => {}, saved: () => {} }, teacherStages);
      const context = await prepareRun({ gpu, ops, store, experiment, dataset, control: createControl() }, reporter);
      if (system === "teacher") disposeTowers(context, (await trainTeacher(context)).towers);
      else if (system === "scalingdoc") disposeTowers(context, (await trainScalingDoc(context)).towers);
      else if (system === "twinbert") disposeTowers(context, (await trainTwinBert(context)).towers);
      else {
        const teacher = await trainTeacher(context);
        const frozen = await buildIndex(context, teacher.towers);
        teacherStages = reporter.stages.filter((s) => s.name === "stage1" || s.name === "index");
        disposeTower(gpu, (await distilStudent(context, teacher.towers, frozen)).student);
        disposeTowers(context, teacher.towers);
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

let teacherStages: Parameters<typeof createReporter>[1] = [];

/** Every combination of the axes. */
function grid(base: Experiment, axes: string[]): { words: string; experiment: Experiment }[] {
  let trials = [{ words: "", experiment: base }];
  for (const axis of axes) {
    const at = axis.indexOf("=");
    const path = axis.slice(0, at);
    trials = trials.flatMap(({ words, experiment }) =>
      axis
        .slice(at + 1)
        .split(",")
        .map((text) => ({
          words: `${words}${words ? " " : ""}${path}=${text}`,
          experiment: withSetting(experiment, path, parseSettingText(path, text)),
        })),
    );
  }
  return trials;
}
