/** Named starting points. A preset is a partial experiment; the schema fills in the rest. */
import { type Experiment, type ExperimentInput, experimentSchema } from "./schema";

export type PresetName = "tiny" | "quick" | "standard";

export interface Preset {
  label: string;
  help: string;
  /** Floating-point operations of all five systems together (pipeline/plan counts them), tuning of rates excluded. */
  flops: number;
  settings: ExperimentInput;
}

export const PRESETS: Record<PresetName, Preset> = {
  tiny: {
    label: "Tiny",
    help: "Seconds to minutes on anything: shows that everything works. Too small for conclusions.",
    flops: 8.74e9,
    settings: {
      embeddingSize: 32,
      data: { notes: { corpusSize: 300, trainQueries: 200, validationQueries: 40, testQueries: 60 } },
      teacher: { width: 32, layers: 1, heads: 2, kvHeads: 1, vocabulary: 512, queryTokens: 16, docTokens: 32 },
      student: { width: 16, layers: 1, heads: 2, vocabulary: 512, queryTokens: 16, docTokens: 32 },
      stage1: { steps: 30 },
      stage2: { steps: 30 },
      training: { batch: 16, validateEvery: 15, saveEvery: 5 },
      evaluation: { bootstrap: 200 },
    },
  },
  quick: {
    label: "Quick",
    help: "The default: the paper's comparison on 4,000 notes, in minutes on a laptop's GPU.",
    flops: 1.449e12,
    settings: {
      // Validation recall@10 of the teacher on 2,000 labelled queries, seed 7: .58 shared (300 steps), .45 from one
      // checkpoint (300), .41 each its own (400); on 20,000 .83 shared, .80 each its own (200).
      teacher: { queryTokens: 20, docTokens: 44, sharedTowers: true },
      student: { width: 28, queryTokens: 20, docTokens: 44 },
      stage1: { steps: 190 },
      stage2: { steps: 180 },
      data: { notes: { trainQueries: 3000 } },
    },
  },
  standard: {
    label: "Standard",
    help: "A wider teacher trained for twice as long: four times the work of Quick, and a larger gap between the towers' widths.",
    flops: 5.57e12,
    settings: {
      teacher: { width: 96, queryTokens: 20, docTokens: 44, sharedTowers: true },
      student: { queryTokens: 20, docTokens: 44 },
      stage1: { steps: 420 },
      stage2: { steps: 240 },
      data: { notes: { trainQueries: 4000, testQueries: 2000 } },
    },
  },
};

export const DEFAULT_PRESET: PresetName = "quick";

/** A preset as a whole experiment. */
export function presetExperiment(name: PresetName): Experiment {
  return experimentSchema.parse(PRESETS[name].settings);
}
