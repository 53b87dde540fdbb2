/** Named starting points. A preset is a partial experiment; the schema fills in the rest. */
import { type Experiment, type ExperimentInput, experimentSchema } from "./schema";

export type PresetName = "tiny" | "quick" | "standard";

export interface Preset {
  label: string;
  help: string;
  settings: ExperimentInput;
}

export const PRESETS: Record<PresetName, Preset> = {
  tiny: {
    label: "Tiny",
    help: "Seconds to minutes on anything: shows that everything works. Too small for conclusions.",
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
    help: "The default: the paper's comparison in about a minute on a laptop's GPU.",
    settings: {},
  },
  standard: {
    label: "Standard",
    help: "More notes, a larger teacher, more steps: narrower intervals and a clearer order.",
    settings: {
      data: { notes: { corpusSize: 10_000, trainQueries: 20_000, testQueries: 2000 } },
      teacher: { width: 96 },
      stage1: { steps: 600 },
      stage2: { steps: 600 },
    },
  },
};

export const DEFAULT_PRESET: PresetName = "quick";

/** A preset as a whole experiment. */
export function presetExperiment(name: PresetName): Experiment {
  return experimentSchema.parse(PRESETS[name].settings);
}
