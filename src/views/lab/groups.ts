/** The settings in the panel's groups, and what a closed group says of itself. */
import { plain } from "../../charts/words";
import { SETTINGS, type SettingEntry } from "../../core/config/paths";
import type { Experiment } from "../../core/config/schema";
import { checkpointSide, modelName } from "../models/names";
import { sharingOf } from "./results";

export interface SettingGroup {
  id: string;
  title: string;
  settings: SettingEntry[];
  /** What one should know before reading the settings; empty: nothing. */
  note?: (e: Experiment) => string;
  summary: (e: Experiment) => string;
}

const under = (...starts: string[]) =>
  SETTINGS.filter((s) => starts.some((p) => s.path === p || s.path.startsWith(`${p}.`)));
/** Settings of one stage with these names; `but`: all others of it. */
const named = (stage: string, names: readonly string[]) => under(...names.map((name) => `${stage}.${name}`));
const but = (stage: string, names: readonly string[]) => {
  const taken = named(stage, names);
  return under(stage).filter((s) => !taken.includes(s));
};

const NEGATIVES = [
  "hardNegatives",
  "queue",
  "minedNegatives",
  "mineAfter",
  "mineEvery",
  "mineFrom",
  "mineTo",
  "mineMargin",
];
const LOSSES = [
  ...[
    "klWeight",
    "klTeacherTemperature",
    "klStudentTemperature",
    "marginWeight",
    "infoNceWeight",
    "infoNceTemperature",
  ],
  ...["scored", "sampledDocuments", "matryoshka"],
];
const LEARNED = ["documentShare", "copies", "wordDrop", "typos", "paraphrase", "copyTarget"];
const REFINEMENT = ["refineSteps", "refineLearningRate", "refineEmbeddingRate"];

function negativesSummary({ stage1 }: Experiment): string {
  const said = [
    stage1.hardNegatives > 0 ? "hard" : "",
    stage1.minedNegatives > 0 ? "mined" : "",
    stage1.queue > 0 ? "queue" : "",
  ].filter(Boolean);
  return said.join(", ") || "the batch's";
}

function lossesSummary({ stage2 }: Experiment): string {
  const said = [
    stage2.klWeight > 0 ? "KL" : "",
    stage2.marginWeight > 0 ? "margin" : "",
    stage2.infoNceWeight > 0 ? "InfoNCE" : "",
    stage2.matryoshka > 0 ? "prefixes" : "",
  ].filter(Boolean);
  return said.join(", ") || "none";
}

function textsSummary({ stage2 }: Experiment): string {
  const said = [
    stage2.copies > 0 ? `${1 + stage2.copies} forms` : "",
    stage2.documentShare > 0 ? "documents too" : "",
  ].filter(Boolean);
  return said.join(", ") || "queries";
}

/** What a tower starts from decides most of the rest. */
const startFirst = (settings: SettingEntry[]) =>
  settings.toSorted((a, b) => Number(checkpointSide(b.path) !== null) - Number(checkpointSide(a.path) !== null));

function teacherNote({ teacher, training }: Experiment): string {
  if (teacher.checkpoint !== "")
    return teacher.sharedTowers
      ? "One set of weights serves queries and documents; it starts from a checkpoint."
      : "Both towers start from one checkpoint.";
  if (teacher.sharedTowers)
    return "One set of weights serves queries and documents, from a seeded random start: no pre-training.";
  return training.start === "own"
    ? "Each tower has a seeded random start of its own: no pre-training."
    : "Both towers start from one seeded random checkpoint: no pre-training.";
}

function baselinesNote(experiment: Experiment): string {
  const sharing = sharingOf(experiment);
  return sharing && `${sharing} That alone makes a difference: try both.`;
}

export const GROUPS: SettingGroup[] = [
  {
    id: "notes",
    title: "Bundled notes",
    settings: under("data.notes"),
    summary: (e) =>
      e.data.source !== "notes"
        ? "not used"
        : `${plain(e.data.notes.corpusSize)}, gap ${plain(e.data.notes.vocabularyGap)}`,
  },
  {
    id: "teacher",
    title: "Teacher",
    settings: startFirst(under("embeddingSize", "teacher")),
    note: teacherNote,
    summary: (e) =>
      e.teacher.checkpoint === ""
        ? `${e.teacher.width} × ${e.teacher.layers}, dim ${e.embeddingSize}`
        : modelName(e.teacher.checkpoint),
  },
  {
    id: "student",
    title: "Student",
    settings: startFirst(under("student")),
    summary: (e) =>
      e.student.checkpoint === ""
        ? `${e.student.kind}, ${e.student.width} × ${e.student.layers}`
        : modelName(e.student.checkpoint),
  },
  {
    id: "stage1",
    title: "Stage 1, contrastive",
    settings: but("stage1", NEGATIVES),
    summary: (e) => `${plain(e.stage1.steps)} steps`,
  },
  {
    id: "negatives",
    title: "Stage 1, negatives",
    settings: named("stage1", NEGATIVES),
    note: () => "Of the baselines' trainings too. What is judged relevant to a query is never its negative.",
    summary: negativesSummary,
  },
  {
    id: "stage2",
    title: "Stage 2, QKD",
    settings: but("stage2", [...LOSSES, ...LEARNED, ...REFINEMENT]),
    summary: (e) => `${plain(e.stage2.steps)} steps`,
  },
  { id: "losses", title: "Stage 2, further losses", settings: named("stage2", LOSSES), summary: lossesSummary },
  { id: "texts", title: "Stage 2, texts", settings: named("stage2", LEARNED), summary: textsSummary },
  {
    id: "refinement",
    title: "Stage 2, refinement",
    settings: named("stage2", REFINEMENT),
    note: (e) =>
      e.stage2.refineSteps > 0
        ? "It scores the documents, and at the InfoNCE temperature, that the further losses' settings say."
        : "",
    summary: (e) => (e.stage2.refineSteps > 0 ? `${plain(e.stage2.refineSteps)} steps` : "none"),
  },
  {
    id: "baselines",
    title: "Baselines",
    settings: under("baselines"),
    note: baselinesNote,
    summary: (e) => `equal ${e.baselines.equalise}`,
  },
  {
    id: "training",
    title: "Training",
    settings: under("training"),
    summary: (e) => `batch ${plain(e.training.batch)}`,
  },
  {
    id: "evaluation",
    title: "Evaluation",
    settings: under("evaluation"),
    summary: ({ evaluation: e }) =>
      [
        e.style,
        `${plain(e.bootstrap)} samples`,
        ...(e.typos > 0 || e.wordDrop > 0 ? ["noise in the queries"] : []),
        ...(e.dimensions > 0 ? [`${plain(e.dimensions)} dimensions`] : []),
      ].join(", "),
  },
];
