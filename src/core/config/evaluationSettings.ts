/** Settings of the evaluation. A part of the experiment schema. None of them changes what is trained. */
import { z } from "zod";
import { choice, flag, OURS, real, whole } from "./setting";

/** How the systems are measured on the test queries. */
export const evaluation = z
  .object({
    style: choice({
      default: "trec",
      choices: { trec: "trec_eval", "sentence-transformers": "sentence-transformers" },
      label: "Metric style",
      help: "Whose definitions of gain, ties and average precision are used.",
      source: "trec_eval 9; sentence-transformers 6.0",
    }),
    dropSelf: flag({
      default: false,
      label: "Drop the query's own document",
      help: "Leave out a document whose id equals the query's, as BEIR does.",
      source: "BEIR",
    }),
    bootstrap: whole({
      default: 1000,
      min: 100,
      max: 10_000,
      label: "Bootstrap samples",
      unit: "samples",
      help: "Resamples of the queries behind every 95 % interval.",
      source: "Efron",
    }),
    typos: real({
      default: 0,
      min: 0,
      max: 1,
      label: "Test queries: typos",
      unit: "of words",
      help: "Chance of each word of a test query to be asked with one wrong letter, on top of those that the data has. Nothing is trained anew.",
      source: "CharacterBERT-DR, arXiv 2204.00716",
    }),
    wordDrop: real({
      default: 0,
      min: 0,
      max: 0.9,
      label: "Test queries: words left out",
      unit: "of words",
      help: "Chance of each word of a test query to be left out; one always stays. Nothing is trained anew.",
      source: OURS,
    }),
    dimensions: whole({
      default: 0,
      min: 0,
      max: 4096,
      label: "Dimensions searched",
      unit: "dimensions",
      help: "Search with the first so many values of every vector, brought to length 1 anew: a smaller index. 0, or more than there are: all of them. Nothing is trained anew.",
      source: "Kusupati et al., arXiv 2205.13147",
    }),
  })
  .prefault({});
