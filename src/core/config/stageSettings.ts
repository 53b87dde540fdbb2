/** Settings that both stages have, each with its own default. A part of the experiment schema. */
import { OURS, real, whole } from "./setting";

export const learningRate = (value: number, who: string) =>
  real({
    default: value,
    min: 1e-5,
    max: 0.1,
    log: true,
    label: `Learning rate, ${who}`,
    help: "Peak step size of AdamW for all weights but the token embeddings.",
    source: "tuned on validation queries",
  });
export const embeddingRate = (value: number, who: string) =>
  real({
    default: value,
    min: 1e-5,
    max: 2,
    log: true,
    label: `Embedding rate, ${who}`,
    help: "Peak step size for token embeddings; randomly initialised towers want it larger.",
    source: "tuned on validation queries",
  });

export const dropout = () =>
  real({
    default: 0,
    min: 0,
    max: 0.5,
    label: "Dropout",
    help: "Share of activations dropped in training.",
    source: OURS,
  });

export const pieces = (help: string, source: string) =>
  whole({
    default: 1,
    min: 1,
    max: 64,
    log: true,
    label: "Pieces of a batch",
    unit: "pieces",
    help,
    source,
  });

export const matryoshka = () =>
  whole({
    default: 0,
    min: 0,
    max: 5,
    label: "Matryoshka prefixes",
    unit: "halvings",
    help: "Adds the loss of the vectors' first half, quarter, ..., each brought to length 1 anew, so that a vector may be cut there. 0: whole vectors only.",
    source: "Kusupati et al., arXiv 2205.13147",
  });
