/** What a finished run gives to other programs: towers, rankings, its collection. As files by path; packing is the caller's. */
import type { Store } from "../artifacts/store";
import { type CardSubject, modelCard } from "../checkpoints/card";
import { towerOnnx } from "../checkpoints/onnxGraph";
import { type WrittenTower, writeTower } from "../checkpoints/write";
import { tokenizerFiles } from "../checkpoints/writeTokenizer";
import type { Dataset, Qrels } from "../data/types";
import { writeBeir } from "../data/write";
import { LabError } from "../errors";
import { QUERIES_FILE, runFile } from "../formats/archive";
import { checkQuery, parseJsonLines } from "../formats/queries";
import { type RunResult, SYSTEMS, type TrainedSystem } from "../formats/result";
import { readSafetensors } from "../formats/safetensors";
import { writeQrels } from "../formats/trec";
import { loadTokenizer } from "../text/tokenizer";
import { towerFromHuggingFace } from "../towers";
import { checkpointFolder, decodeJson, type TowerRole } from "./checkpoints";

export type ExportFiles = Map<string, Uint8Array>;

/** What can be asked for, and the forms of each; the first is the usual one. */
export const EXPORTS = {
  student: ["folder", "onnx"],
  teacher: ["folder", "onnx"],
  vectors: ["npy", "safetensors"],
  rankings: ["trec"],
  data: ["beir"],
} as const;
export type ExportWhat = keyof typeof EXPORTS;
export type ExportForm = (typeof EXPORTS)[ExportWhat][number];

export interface ExportSource {
  /** The run's files, as an archive has them. */
  store: Store;
  result: RunResult;
}

const utf8 = new TextEncoder();

/** A tower as the run stored it; null where it did not. */
async function storedTower(
  { store, result }: ExportSource,
  system: TrainedSystem,
  role: TowerRole,
  encodes: CardSubject["role"],
): Promise<Omit<WrittenTower, "card"> | null> {
  const folder = checkpointFolder(system, role);
  const weights = await store.read(`${folder}/model.safetensors`);
  const config = await store.read(`${folder}/config.json`);
  const tokenizer = await store.read(`${folder}/tokenizer.json`);
  if (!weights || !config || !tokenizer) return null;
  const tokenizerConfig = await store.read(`${folder}/tokenizer_config.json`);
  const settings = system === "teacher" ? result.config.teacher : result.config.student;
  const { queryTokens, docTokens } = settings;
  const { tensors, metadata } = readSafetensors(weights);
  return {
    config: towerFromHuggingFace(decodeJson(config)),
    tensors,
    tokenizer: loadTokenizer(decodeJson(tokenizer), tokenizerConfig ? decodeJson(tokenizerConfig) : undefined),
    maxTokens:
      encodes === "query" ? queryTokens : encodes === "document" ? docTokens : Math.max(queryTokens, docTokens),
    prompts: { query: settings.prompt, document: settings.docPrompt },
    role: encodes,
    metadata: { ...metadata, seed: String(result.config.seed), code: result.codeVersion },
  };
}

const noCheckpoint = (system: TrainedSystem, role: TowerRole) =>
  new LabError(
    "bad-input",
    `This run has no ${checkpointFolder(system, role)}, so that there is no tower to export.`,
    "Give a run with its checkpoints: lab run --checkpoints, or an export with checkpoints from the page.",
  );

/** The towers of a system by the folder that each goes to; the student is one tower and lies at the top. */
async function towersOf(source: ExportSource, what: "student" | "teacher") {
  const system = what === "student" ? "scalingnote" : "teacher";
  const needed = async (role: TowerRole, encodes: CardSubject["role"]) => {
    const tower = await storedTower(source, system, role, encodes);
    if (!tower) throw noCheckpoint(system, role);
    return { system, tower } as const;
  };
  if (what === "student") return [{ folder: "", ...(await needed("query", "query")) }];
  // Towers that are shared are stored once.
  if (source.result.config.teacher.sharedTowers) return [{ folder: "", ...(await needed("query", "both")) }];
  return [
    { folder: "query/", ...(await needed("query", "query")) },
    { folder: "document/", ...(await needed("document", "document")) },
  ];
}

/**
 * A system's towers in a form that other programs load: as folders of sentence-transformers and transformers, or as ONNX
 * with their tokenizers. Of the teacher with two towers, query/ and document/.
 * @param half weights as half floats
 * @throws LabError bad-input where the run came without checkpoints; bad-setting for what a form cannot hold
 */
export async function towerExport(
  source: ExportSource,
  what: "student" | "teacher",
  form: "folder" | "onnx",
  half = false,
): Promise<ExportFiles> {
  const files: ExportFiles = new Map();
  for (const { folder, system, tower } of await towersOf(source, what)) {
    const card = modelCard({ ...tower, system, half, form }, source.result);
    const written =
      form === "folder" ? writeTower({ ...tower, card }, { half }) : await onnxFiles({ ...tower, card }, half);
    for (const [path, bytes] of written) files.set(folder + path, bytes);
  }
  return files;
}

async function onnxFiles(tower: WrittenTower, half: boolean): Promise<ExportFiles> {
  const { writeOnnx } = await import("../formats/onnx");
  const { config, tensors, metadata, maxTokens } = tower;
  const model = towerOnnx(config, tensors, { half, metadata });
  return new Map([
    ["model.onnx", await writeOnnx(model)],
    ...Object.entries(tokenizerFiles(tower.tokenizer, maxTokens, true)).map(
      ([path, value]) => [path, utf8.encode(`${JSON.stringify(value, null, 2)}\n`)] as const,
    ),
    ["README.md", utf8.encode(tower.card)],
  ]);
}

/**
 * Every system's rankings of the test queries, and the judgements, as trec_eval reads them.
 * @throws LabError bad-input where the archive came without them
 */
export async function rankingsExport({ store }: ExportSource): Promise<ExportFiles> {
  const files: ExportFiles = new Map();
  for (const system of SYSTEMS) {
    const bytes = await store.read(runFile(system));
    if (bytes) files.set(runFile(system), bytes);
  }
  const queries = await store.read(QUERIES_FILE);
  if (files.size === 0 || !queries)
    throw new LabError(
      "bad-input",
      `This run came without ${queries ? "its run.<system>.trec files" : QUERIES_FILE}.`,
      "Give the whole folder that lab run --out wrote, or the .zip that the page exported.",
    );
  const judgements: Qrels = new Map(
    parseJsonLines(queries, QUERIES_FILE).map(({ value, line }) => {
      const { id, judged } = checkQuery(value, QUERIES_FILE, line);
      return [id, new Map(Object.entries(judged))] as const;
    }),
  );
  files.set("qrels.trec", writeQrels(judgements));
  return files;
}

/** The collection in BEIR form. */
export const dataExport = (dataset: Dataset): ExportFiles =>
  new Map(writeBeir(dataset).map(({ path, bytes }) => [path, bytes]));
