/** Settings of the collection. A part of the experiment schema. */
import { z } from "zod";
import { choice, OURS, real, whole } from "./setting";

/** The bundled generator of notes and queries. */
const notes = z
  .object({
    corpusSize: whole({
      default: 4000,
      min: 200,
      max: 1_000_000,
      log: true,
      label: "Corpus size",
      unit: "notes",
      help: "How many notes to write. More notes make the search harder.",
      source: OURS,
    }),
    trainQueries: whole({
      default: 20_000,
      min: 50,
      max: 200_000,
      log: true,
      label: "Training queries",
      unit: "queries",
      help: "Queries with known answers that the towers learn from.",
      source: OURS,
    }),
    validationQueries: whole({
      default: 300,
      min: 20,
      max: 10_000,
      log: true,
      label: "Validation queries",
      unit: "queries",
      help: "Watched during training; never used for the final figures.",
      source: OURS,
    }),
    testQueries: whole({
      default: 1000,
      min: 20,
      max: 20_000,
      log: true,
      label: "Test queries",
      unit: "queries",
      help: "Held out until the end. More queries make narrower intervals.",
      source: OURS,
    }),
    vocabularyGap: real({
      default: 0.8,
      min: 0,
      max: 1,
      label: "Vocabulary gap",
      help: "How seldom a query and its notes use the same word for the same thing. 0: always the same; word matching is enough.",
      source: OURS,
    }),
    typos: real({
      default: 0.02,
      min: 0,
      max: 0.5,
      label: "Typos",
      unit: "of words",
      help: "Share of the query's words with one letter wrong.",
      source: OURS,
    }),
    ambiguity: real({
      default: 0.1,
      min: 0,
      max: 1,
      label: "Ambiguous words",
      unit: "of mentions",
      help: "Share of mentions that use a word with several meanings; the neighbours decide which.",
      source: OURS,
    }),
    bindings: real({
      default: 0.25,
      min: 0,
      max: 1,
      label: "Bound attributes",
      unit: "of notes",
      help: "Share of notes and queries in which an attribute belongs to one noun: white walls and oak floor are not oak walls and white floor.",
      source: OURS,
    }),
    negation: real({
      default: 0.1,
      min: 0,
      max: 1,
      label: "Negation",
      unit: "of notes",
      help: "Share of notes and queries that say that something is absent, as in: no oven.",
      source: OURS,
    }),
    nearTwins: real({
      default: 0.1,
      min: 0,
      max: 1,
      label: "Near twins",
      unit: "of notes",
      help: "Share of notes that come with a twin of the same words but another binding or negation: a known hard negative.",
      source: OURS,
    }),
    comments: real({
      default: 0.3,
      min: 0,
      max: 1,
      label: "Comments",
      unit: "of notes",
      help: "Share of notes with a reader's comment in the words askers use.",
      source: OURS,
    }),
    zipf: real({
      default: 0.4,
      min: 0,
      max: 2,
      label: "Zipf exponent",
      help: "How unequal the concepts' frequencies are. 0: all alike; 1: as words in a language.",
      source: OURS,
    }),
    trainDomains: whole({
      default: 0,
      min: 0,
      max: 12,
      label: "Domains for training",
      unit: "domains",
      help: "How many domains the training queries come from. 0: all of them.",
      source: OURS,
    }),
    testDomains: whole({
      default: 0,
      min: 0,
      max: 12,
      label: "Domains for test",
      unit: "domains",
      help: "How many domains the test queries come from, counted from the last. 0: all of them.",
      source: OURS,
    }),
    drift: real({
      default: 0,
      min: 0,
      max: 1,
      label: "Drift of the test queries",
      help: "How far the test queries' favourite concepts move away from the training queries'.",
      source: OURS,
    }),
  })
  .prefault({});

/** The collection: which one, and how the bundled notes are generated. */
export const data = z
  .object({
    source: choice({
      default: "notes",
      choices: { notes: "Bundled notes", files: "Your files (BEIR)" },
      label: "Collection",
      help: "Generated lifestyle notes, or a collection of your own in BEIR form.",
      source: OURS,
    }),
    notes,
  })
  .prefault({});
