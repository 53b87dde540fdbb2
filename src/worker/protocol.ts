/**
 * The messages between page and worker: types only. Commands carry an id and are answered once by `reply`; everything a
 * run reports comes as events, batched to at most four a second.
 */
import type { AblationReport } from "../core/analysis/ablation";
import type { TrialFile } from "../core/analysis/readTrials";
import type { ScalingQuestion, ScalingReport } from "../core/analysis/scaling";
import type { Trial } from "../core/analysis/trial";
import type { StoredCheckpoint } from "../core/checkpoints/library";
import type { PretrainSettings } from "../core/config/pretrain";
import type { Experiment } from "../core/config/schema";
import type { Form, Table } from "../core/data/collection";
import type { Columns } from "../core/data/columns";
import type { ReadyKey } from "../core/experiments";
import type {
  AdapterRecord,
  CollectionRecord,
  LossPoint,
  RunResult,
  StageName,
  StageRecord,
  SystemName,
  ValidationPoint,
} from "../core/formats/result";
import type { ExportForm, ExportWhat } from "../core/pipeline/exports";
import type { PretrainPlan } from "../core/pipeline/pretrainPlan";
import type { SeedCost } from "../core/pipeline/sweep/perSeed";
import type { JobStatus } from "../core/pipeline/sweep/queue";
import type { Ranking } from "../core/pipeline/sweep/record";
import type { SweepProgress } from "../core/pipeline/sweep/runSweep";
import type { Assignments, Sweep, SweepInput } from "../core/pipeline/sweep/spec";
import type { ArtifactInfo } from "../core/pipeline/sweep/stageStore";
import type { SearchAnswer } from "./searchProtocol";

export type * from "./searchProtocol";
export type { ExportForm, ExportWhat, PretrainPlan, PretrainSettings };

/** An error as it crosses to the page. */
export interface ErrorReport {
  kind: string;
  message: string;
  remedy: string;
}

export interface DeviceReport {
  /** Null: no WebGPU here; `problem` says why. */
  adapter: AdapterRecord | null;
  problem: ErrorReport | null;
}

/** What a collection holds, shown before a run. */
export interface CollectionReport extends CollectionRecord {
  sampleDocuments: { id: string; title: string; text: string }[];
  sampleQueries: { id: string; text: string }[];
}

/** Where the user's data is taken from. */
export type DataFrom =
  | { kind: "files"; files: { path: string; file: Blob }[] }
  | { kind: "url"; url: string }
  /** A dataset of the Hugging Face hub: owner/name[@revision][:folder]. */
  | { kind: "hub"; name: string; hubUrl?: string | undefined };

/** What the user's data looks like before it is read. */
export interface DataPreview {
  form: Form;
  name: string;
  files: { path: string; bytes: number }[];
  /** Of a table: its columns, first rows, and what the columns seem to be. */
  table: Table | null;
}

/** How far fetching or reading of data is. */
export interface LoadingReport {
  /** What is loaded, in a few words. */
  words: string;
  file: string;
  /** Bytes; a total of 0 is not known yet. */
  done: number;
  total: number;
}

/** Where a checkpoint is taken from. */
export type ModelFrom =
  | { kind: "files"; files: { path: string; file: Blob }[] }
  /** The address of its folder. */
  | { kind: "url"; url: string }
  /** A model of the Hugging Face hub: owner/name[@revision]. */
  | { kind: "hub"; name: string; hubUrl?: string | undefined };

/** What a checkpoint is, before it is loaded. */
export interface ModelReport {
  name: string;
  modelType: string;
  kind: string;
  width: number;
  layers: number;
  embeddingSize: number;
  pooling: string;
  /** Longest text in tokens. */
  maxTokens: number;
  vocabulary: number;
  prompts: { query: string; document: string };
  /** False: it cannot read texts. */
  tokenizer: boolean;
  parameters: { total: number; withoutEmbeddings: number };
  /** Bytes to fetch or copy. */
  fileBytes: number;
  bytes: { file: number; gpu: number; gpuHalf: number; training: number };
  dtypes: string[];
  /** Tensors that are not read. */
  ignored: string[];
  notes: string[];
}

export type StoredModel = StoredCheckpoint;

/** How far the fetching of a checkpoint is, in bytes. */
export interface FetchingReport {
  name: string;
  done: number;
  total: number;
}

/** What a language model learns from: threads that the page writes, or the texts that were read last. */
export type LanguageSource = { kind: "notes"; threads: number } | { kind: "files" };

/** Texts for a language model that were read. */
export interface TextReport {
  name: string;
  texts: number;
  characters: number;
  notices: string[];
}

/** The training of a language model that is under way, was cut off, or is done. */
export interface PretrainReport {
  name: string;
  settings: PretrainSettings;
  /** "elsewhere": another tab trains it; all else is as it was saved there last. */
  status: RunStatus | "elsewhere";
  step: number;
  /** What goes on before it can move; null: it moves. */
  doing: string | null;
  /** Nats, thinned out. */
  losses: { step: number; loss: number }[];
  /** On held-out text. */
  validation: { step: number; perplexity: number }[];
  tokensPerSecond: number | null;
  etaSeconds: number | null;
  /** Why it was cut off. */
  error: ErrorReport | null;
  /** Once it is done: the model in the library. */
  stored: StoredModel | null;
}

/** How much of the GPU's memory a run would take. */
export interface MemoryReport {
  /** One sentence: how much, in which stage, and what for. */
  words: string;
  /** Why it would not be started; null: it would be. */
  problem: ErrorReport | null;
}

export type RunStatus = "running" | "paused" | "done" | "stopped" | "interrupted" | "failed";

/** One stored run, as the Runs view lists it. */
export interface RunSummary {
  id: string;
  name: string;
  createdAt: string;
  status: RunStatus;
  experiment: Experiment;
  collection: string;
  /** Stages as far as they got: a run in progress has them before it has a result. */
  stages: StageRecord[];
  /** Null until the run is done. */
  result: RunResult | null;
  /** Bytes kept for it (checkpoints, rankings). */
  bytes: number;
  /** Where it came from: trained here, or imported. */
  origin: "here" | "imported" | "recorded";
}

/** A stored sweep, as a list shows it. */
export interface SweepSummary {
  id: string;
  name: string;
  createdAt: string;
  status: RunStatus;
  sweep: Sweep;
  /** Students trained side by side at most. */
  stack: number;
  /** Trials; and how many of them ended, be it by failing. */
  total: number;
  finished: number;
  /** Why it ended early. */
  error: ErrorReport | null;
  /** Operations planned of the trials that it measured and the seconds they took, when it last ran. */
  speed: { flops: number; seconds: number; adapter: string } | null;
}

/** A sweep's trial in its queue. */
export interface SweepJob {
  key: string;
  assignments: Assignments;
  seed: number;
  status: JobStatus;
  /** Why it failed. */
  words?: string;
}

/** What the trial under way, or several with students side by side, is at. */
export interface SweepAt {
  stage: StageName;
  done: number;
  total: number;
  students: number;
}

/** How strongly each loss term pulls at the student of a trial under way: norms by term, weights included. */
export interface SweepNorms {
  key: string;
  step: number;
  norms: Record<string, number>;
}

/** What a sweep would take. */
export interface SweepPlan {
  trials: number;
  /** Of these measured before: they are not run again. */
  stored: number;
  /** Floating-point operations of what is left. */
  flops: number;
  /** At the speed of the last sweep on this device; null where there was none. */
  seconds: number | null;
  /** Axes that cannot change what is measured, and why. */
  idle: { path: string; words: string }[];
}

/** By a ready-made experiment's letter. */
export type ReadyCosts = Partial<Record<ReadyKey, { small: SeedCost; full: SeedCost }>>;

/** Commands: name -> [payload, answer]. */
export interface Commands {
  /** Opens the GPU, or, where `cpu` asks for it, the CPU in its place. */
  open: [{ cpu?: boolean }, DeviceReport];
  /** Fetches data and says what it looks like. What was loaded before stays until `readData` is done. */
  openData: [{ from: DataFrom }, DataPreview];
  /** The opened table, with its first row taken as names or not. */
  lookAgain: [{ header: boolean }, DataPreview];
  /** Reads the opened data: the collection that `run` with data.source "files" uses. `columns`: of a table. */
  readData: [{ experiment: Experiment; columns: Columns | null }, CollectionReport];
  /** Ends the fetching or reading of data; the command under way is refused with kind "stopped". */
  stopData: [Record<string, never>, null];
  /** Reports on the collection that the experiment would use. */
  describe: [{ experiment: Experiment }, CollectionReport];
  /** Looks at a checkpoint without fetching its tensors. */
  lookAtModel: [{ from: ModelFrom }, ModelReport];
  /** Fetches or copies the checkpoint that was looked at last. */
  keepModel: [Record<string, never>, StoredModel];
  /** Goes on fetching one that is not whole. */
  fetchModel: [{ reference: string }, StoredModel];
  /** Ends the looking or fetching; what came is kept, and the command under way is refused with kind "stopped". */
  stopModel: [Record<string, never>, null];
  listModels: [Record<string, never>, StoredModel[]];
  removeModel: [{ id: string }, null];
  /** A kept model's folder as one .zip. */
  exportModel: [{ reference: string }, Blob];
  /** What the training of a language model would take, and why it would not be started. */
  planPretrain: [
    { settings: PretrainSettings; memoryLimit: number },
    { plan: PretrainPlan; problem: ErrorReport | null },
  ];
  /** Reads text files for a language model to learn from; what was read before stays until this is done. */
  readText: [{ files: { path: string; file: Blob }[] }, TextReport];
  /** Starts to train a language model; events follow. `pause`, `resume` and `stop` are for it too. */
  pretrain: [{ name: string; settings: PretrainSettings; source: LanguageSource; memoryLimit: number }, PretrainReport];
  /** The one that is under way, or was cut off. */
  pretrainState: [Record<string, never>, PretrainReport | null];
  /** Goes on with the one that was cut off. */
  resumePretrain: [{ memoryLimit: number }, PretrainReport];
  /** Deletes it. */
  dropPretrain: [Record<string, never>, null];
  /** How much of the GPU's memory a run would take. Computes from shapes alone; opens nothing. */
  memory: [{ experiment: Experiment }, MemoryReport];
  /** Starts a run; answers with its id once it is under way. Events follow. */
  run: [{ experiment: Experiment; name: string }, { runId: string }];
  /** Goes on with an interrupted run from its last checkpoint. */
  resumeRun: [{ runId: string }, { runId: string }];
  pause: [Record<string, never>, null];
  /** While paused: one more training step. */
  step: [Record<string, never>, null];
  resume: [Record<string, never>, null];
  /** Ends the training that is under way; the run goes on to evaluation with the best weights so far. */
  finishStage: [Record<string, never>, null];
  /** Ends the run; its last checkpoint is kept. */
  stop: [Record<string, never>, null];
  /** Ranks the corpus of a run with all its systems. Runs in the same order as asked; the page debounces. */
  search: [{ runId: string; query: string; k: number }, SearchAnswer];
  /** A few test queries of a run, to try. */
  testQueries: [{ runId: string; count: number }, { id: string; text: string }[]];
  /** `owner`: this tab owns training, so a run that is said to be under way and is not was cut off. */
  listRuns: [{ owner: boolean }, RunSummary[]];
  renameRun: [{ runId: string; name: string }, null];
  deleteRun: [{ runId: string }, null];
  /** The run as one .zip. */
  exportRun: [{ runId: string; checkpoints: boolean }, Blob];
  /** What a finished run gives to other programs, as one .zip. */
  exportFiles: [{ runId: string; what: ExportWhat; form: ExportForm }, Blob];
  importRun: [{ files: { path: string; file: Blob }[] }, RunSummary];
  /** Reads trials that a sweep wrote, one a line. */
  readTrials: [{ files: { path: string; file: Blob }[] }, TrialFile];
  /** Keeps trials under a key for the questions below; those held before are dropped. */
  holdTrials: [{ key: string; trials: readonly Trial[] }, null];
  /** Refused with kind "not-held" where the trials of this key are not there. */
  ablation: [{ key: string; system: SystemName; metric: string; samples: number; seed: number }, AblationReport];
  scaling: [{ key: string; question: ScalingQuestion }, ScalingReport];
  /** Ranks again what a trial's systems answer, with the towers that are kept of it; the rankings go into its record. */
  rankTrial: [{ key: string }, Ranking[]];
  /** Documents of a trial's collection. `config`: its experiment, for a trial that is not stored here. */
  documents: [
    { key: string; config: Record<string, unknown> | null; testSet: string; ids: readonly string[] },
    { id: string; title: string; text: string }[],
  ];
  /** What a sweep would take. Refused in words where it does not fit together. */
  planSweep: [{ sweep: SweepInput }, SweepPlan];
  /** What the ready-made experiments take for one seed. */
  readyCosts: [Record<string, never>, ReadyCosts];
  /** Starts a sweep, `stack` students side by side at most; answers once it is under way. Events follow. */
  startSweep: [{ sweep: SweepInput; stack: number }, { sweepId: string }];
  /** Goes on with a sweep that is paused, was stopped or cut off. `retry`: what failed is tried again. */
  resumeSweep: [{ sweepId: string; retry?: boolean }, { sweepId: string }];
  pauseSweep: [Record<string, never>, null];
  /** Ends the sweep; what is measured and what its towers have learnt so far is kept. */
  stopSweep: [Record<string, never>, null];
  /** `owner`: as for listRuns. */
  listSweeps: [{ owner: boolean }, SweepSummary[]];
  openSweep: [
    { sweepId: string },
    { summary: SweepSummary; jobs: SweepJob[]; trials: { key: string; trial: Trial }[] },
  ];
  /** Its trials, one a line, as the command line writes them. */
  exportSweep: [{ sweepId: string }, Blob];
  deleteSweep: [{ sweepId: string }, null];
  /** The towers and vectors kept for sweeps, and how many bytes they may take. */
  artifacts: [Record<string, never>, { list: ArtifactInfo[]; limit: number }];
  clearArtifacts: [Record<string, never>, null];
}

export type CommandName = keyof Commands;
export type Command = {
  [K in CommandName]: { type: "command"; id: number; name: K; payload: Commands[K][0] };
}[CommandName];

/** Events of the run under way, of data being loaded, and of the device. */
export type RunEvent =
  | { type: "status"; runId: string; status: RunStatus; error?: ErrorReport }
  /** A stage begins, moves on or ends. Curves are not repeated here. */
  | { type: "stage"; runId: string; stage: Omit<StageRecord, "losses" | "validation">; etaSeconds: number | null }
  | {
      type: "points";
      runId: string;
      stage: StageName;
      losses: LossPoint[];
      validation: ValidationPoint[];
    }
  /** News of the sweep under way: trials whose state changed, and those that were measured since the last news. */
  | {
      type: "sweep";
      sweepId: string;
      status: RunStatus;
      progress: SweepProgress;
      jobs: SweepJob[];
      trials: { key: string; trial: Trial }[];
      at: SweepAt | null;
      norms: SweepNorms[];
      doing: string | null;
      error: ErrorReport | null;
    }
  /** What goes on before a stage can move, in a few words; null: it is over. */
  | { type: "doing"; runId: string; words: string | null }
  | { type: "saved"; runId: string; stage: StageName; step: number; at: string }
  | { type: "result"; runId: string; result: RunResult }
  /** Data is being fetched or read; null: not any more. Of no run. */
  | { type: "loading"; report: LoadingReport | null }
  /** A checkpoint is being fetched; null: not any more. Of no run. */
  | { type: "fetching"; report: FetchingReport | null }
  /** The training of a language model moved on. Of no run. */
  /** Null: what another tab trained is done, or was deleted. */
  | { type: "pretrain"; report: PretrainReport | null }
  /** The GPU went away or refused: nothing more will come until `open`. */
  | { type: "device"; report: DeviceReport };

export type FromWorker =
  /** Sent once: the worker holds this Web Lock for as long as it lives. */
  | { type: "alive"; lock: string }
  | { type: "reply"; id: number; ok: true; value: unknown }
  | { type: "reply"; id: number; ok: false; error: ErrorReport }
  | { type: "event"; event: RunEvent };
