/** (c) Student sizes: where does distillation collapse, and what mends it. */
import type { Assignments } from "../pipeline/sweep/spec";
import { form, listed, type ReadyExperiment } from "./types";

const USUAL = {
  "stage2.steps": 180,
  "stage2.refineSteps": 0,
  "stage2.infoNceWeight": 0,
  "stage2.klWeight": 0,
};

const sizes = (widths: readonly number[]): Assignments[] => widths.map((width) => ({ "student.width": width }));

/** Score KL beside MSE and cosine, which (b) finds to add most. */
const withScores = (widths: readonly number[]): Assignments[] =>
  widths.map((width) => ({ "student.width": width, "stage2.klWeight": 400 }));

/** What else may mend a collapsed student, in as many steps: so the baselines' budgets stay as they are. */
const mends = (width: number): Assignments[] => [
  { "student.width": width, "stage2.infoNceWeight": 1 },
  { "student.width": width, "stage2.steps": 120, "stage2.refineSteps": 60 },
];

/** Of the full form. */
const WIDTHS = [8, 12, 16, 20, 24, 28, 32, 48, 64, 96];

const sweep = listed(["teacher", "scalingnote", "scalingdoc", "twinbert", "bm25"], USUAL);

export const studentSize: ReadyExperiment = {
  key: "c",
  title: "Student sizes, and where distillation collapses",
  question:
    "From which size on is a distilled student better than one trained end to end, and what mends a smaller one?",
  expect:
    "Beside a teacher of width 64, recall@10 in the mean of three seeds: at width 28 ScalingNote has .555, ScalingDoc .501 and TwinBERT .481. At 16 they are .396, .420 and .404, not told apart, and at 8 distillation has collapsed: .121, .281 and .210. With score KL beside MSE and cosine ScalingNote has .630 at 28 and .466 at 16, ahead of ScalingDoc at both, and .144 at 8. InfoNCE beside them mends less (.417 at 16), a refinement in place of the last third nothing (.349).",
  source: "measured: docs/experiments.md; the failure is known as distillation collapse",
  reading:
    "The card ScalingNote against ScalingDoc has each width's paired difference with its interval, and says between which widths the sign turns: for MSE and cosine alone, and with score KL beside them. Two more rows try to mend width 16 in as many steps: InfoNCE beside the distillation, and refinement for its last third.",
  look: { view: "ablation", system: "scalingnote", metric: "recall@10", across: "student.width" },
  small: form(
    "c: student sizes",
    sweep([...sizes([8, 16, 28]), ...withScores([8, 16, 28]), ...mends(16)], {
      preset: "quick",
      base: { training: { validateEvery: 400 } },
    }),
    "Three widths: ScalingDoc's large document tower is most of the work, for every width anew.",
  ),
  full: form(
    "c: student sizes, full",
    sweep([...sizes(WIDTHS), ...withScores(WIDTHS), ...mends(8), ...mends(12), ...mends(16)], {
      preset: "standard",
      base: { stage2: { steps: 180 } },
    }),
  ),
};
