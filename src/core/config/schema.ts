/**
 * The experiment: one plain JSON value that says everything a run depends on. Defaults, ranges, labels, units, help and
 * sources stand here, in the parts below and in none other; the form, the link, the command line, the stored run and
 * validation derive from it.
 */
import { z } from "zod";
import { data } from "./dataSettings";
import { evaluation } from "./evaluationSettings";
import { METHOD, OURS, whole } from "./setting";
import { stage1 } from "./stage1Settings";
import { stage2 } from "./stage2Settings";
import { student, teacher } from "./towerSettings";
import { baselines, training } from "./trainingSettings";

/** Version of the experiment's shape. Raised with a migration when a setting is renamed or changes its meaning. */
export const SCHEMA_VERSION = 1;

/** The whole experiment. `experimentSchema.parse({})` is the default one. */
export const experimentSchema = z.strictObject({
  version: z.literal(SCHEMA_VERSION).default(SCHEMA_VERSION),
  seed: whole({
    default: 7,
    min: 0,
    max: 2 ** 31 - 1,
    label: "Seed",
    help: "Equal seed, adapter and build give an equal run.",
    source: OURS,
  }),
  embeddingSize: whole({
    default: 64,
    min: 4,
    max: 4096,
    log: true,
    label: "Embedding size",
    unit: "dimensions",
    help: "Length of the vectors that both towers share. A teacher from a checkpoint that says how it makes vectors keeps its own.",
    source: METHOD,
  }),
  data,
  teacher,
  student,
  stage1,
  stage2,
  baselines,
  training,
  evaluation,
});

export type Experiment = z.output<typeof experimentSchema>;
/** A partial experiment: what a preset, a link or a file says; the schema fills in the rest. */
export type ExperimentInput = z.input<typeof experimentSchema>;
