/**
 * What stages make, kept by content. A trial sees one store with the paths that a run has; behind it every stage's files
 * lie in a folder named after the stage's key, so that trials with equal keys find each other's towers and vectors, and a
 * cut-off training's state is found again by the trial that goes on with it.
 */
import { contentHash } from "../../artifacts/hash";
import { scopeStore } from "../../artifacts/scope";
import type { Store } from "../../artifacts/store";
import type { Experiment } from "../../config/schema";
import type { StageRecord } from "../../formats/result";
import { decodeJson } from "../checkpoints";
import { TEACHER_QUERIES_FILE, vectorFile } from "../files";
import { ARTIFACTS, type Artifact, type StageKeys } from "./stageKeys";

const FOLDER = "artifacts";
/** When it was used last, and what it is in words. */
const ABOUT = "about.json";
/** Written last: the stage is whole. */
const DONE = "done.json";

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** Whose file a path of a run is; null: of no stage that is known here. */
export function ownerOf(path: string): Artifact | null {
  if (path === TEACHER_QUERIES_FILE) return "queries";
  if (path === vectorFile("teacher")) return "index";
  const state = /^state\/(\w+)\./.exec(path)?.[1];
  if (state === "stage1") return "teacher";
  if (state === "stage2") return "scalingnote";
  const name = state ?? /^(?:checkpoints|vectors)\/(\w+)[/.]/.exec(path)?.[1];
  return ARTIFACTS.find((artifact) => artifact === name) ?? null;
}

/** A trial's view of the artifacts. */
export interface StageStore extends Store {
  /** Records of the stages that are whole, as a reporter takes them. */
  done(): Promise<StageRecord[]>;
  /** Marks a stage as whole. Of its curve the end is kept: the validations, and the last loss. */
  finish(artifact: Artifact, stage: StageRecord): Promise<void>;
  /** Notes that these are used now. @param now milliseconds, for which is used least recently */
  use(artifacts: readonly Artifact[], what: Partial<Record<Artifact, string>>, now: number): Promise<void>;
  /** Whether an error came from the store itself: then nothing that follows could be kept either. */
  broke(error: unknown): boolean;
}

const folderOf = (artifact: string, key: string) => `${FOLDER}/${artifact}/${key}`;

/** @param root the store that all trials share */
export async function stageStore(root: Store, keys: StageKeys): Promise<StageStore> {
  let broken: unknown = null;
  /** Remembers what the store throws. */
  const watched: Store = {
    read: (path) => watch(root.read(path)),
    size: (path) => watch(root.size(path)),
    write: (path, bytes) => watch(root.write(path, bytes)),
    list: (prefix) => watch(root.list(prefix)),
    remove: (path) => watch(root.remove(path)),
  };
  async function watch<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      broken = error;
      throw error;
    }
  }
  const scopes = new Map(
    ARTIFACTS.map((artifact) => [artifact, scopeStore(watched, folderOf(artifact, keys[artifact]))]),
  );
  // A stage that this file does not know depends on everything.
  const rest = scopeStore(watched, folderOf("other", await contentHash(keys)));
  const of = (path: string): Store => scopes.get(ownerOf(path) as Artifact) ?? rest;
  return {
    read: (path) => of(path).read(path),
    size: (path) => of(path).size(path),
    write: (path, bytes) => of(path).write(path, bytes),
    remove: (path) => of(path).remove(path),
    async list(prefix) {
      const lists = await Promise.all([...scopes.values(), rest].map((scope) => scope.list(prefix)));
      return lists
        .flat()
        .filter((path) => path !== ABOUT && path !== DONE)
        .sort();
    },
    async done() {
      const records: StageRecord[] = [];
      for (const scope of scopes.values()) {
        const bytes = await scope.read(DONE);
        if (bytes) records.push(decodeJson(bytes) as StageRecord);
      }
      return records;
    },
    finish: (artifact, stage) =>
      scopes.get(artifact)!.write(DONE, json({ ...stage, status: "done", losses: stage.losses.slice(-1) })),
    async use(artifacts, what, now) {
      for (const artifact of artifacts)
        await scopes.get(artifact)!.write(ABOUT, json({ what: what[artifact] ?? artifact, lastUsed: now }));
    },
    broke: (error) => broken !== null && error === broken,
  };
}

/** One entry of the store. */
export interface ArtifactInfo {
  kind: string;
  key: string;
  /** In words: "Teacher 64 wide, 1 layer, seed 7". */
  what: string;
  bytes: number;
  /** Milliseconds, as they were given; 0 where nothing is noted. */
  lastUsed: number;
}

/** All artifacts, the most recently used first. */
export async function listArtifacts(root: Store): Promise<ArtifactInfo[]> {
  const folders = new Map<string, string[]>();
  for (const path of await root.list(`${FOLDER}/`)) {
    const [, kind, key] = path.split("/");
    const folder = folderOf(kind!, key!);
    folders.set(folder, [...(folders.get(folder) ?? []), path]);
  }
  const infos: ArtifactInfo[] = [];
  for (const [folder, paths] of folders) {
    const [, kind, key] = folder.split("/");
    // Noted as used, and never made.
    if (paths.every((path) => path === `${folder}/${ABOUT}`)) continue;
    let bytes = 0;
    for (const path of paths) bytes += (await root.size(path)) ?? 0;
    infos.push({ kind: kind!, key: key!, bytes, ...(await aboutOf(root, folder, kind!)) });
  }
  return infos.sort((a, b) => b.lastUsed - a.lastUsed || (a.key < b.key ? -1 : 1));
}

async function aboutOf(root: Store, folder: string, kind: string): Promise<{ what: string; lastUsed: number }> {
  const bytes = await root.read(`${folder}/${ABOUT}`);
  if (!bytes) return { what: kind, lastUsed: 0 };
  return decodeJson(bytes) as { what: string; lastUsed: number };
}

/**
 * Removes the artifacts that were used least recently until the others take at most `limit` bytes.
 * @param keep keys that stay whatever they take: those of the trial at hand
 * @returns what was removed
 */
export async function boundArtifacts(
  root: Store,
  limit: number,
  keep: ReadonlySet<string> = new Set(),
): Promise<ArtifactInfo[]> {
  const all = await listArtifacts(root);
  let total = all.reduce((sum, { bytes }) => sum + bytes, 0);
  const removed: ArtifactInfo[] = [];
  for (const info of all.toReversed()) {
    if (total <= limit) break;
    if (keep.has(info.key)) continue;
    await removeArtifact(root, info);
    total -= info.bytes;
    removed.push(info);
  }
  return removed;
}

/** Removes one. Trials that were measured with it keep their records. */
export const removeArtifact = (root: Store, { kind, key }: Pick<ArtifactInfo, "kind" | "key">): Promise<void> =>
  root.remove(folderOf(kind, key));

/** Removes all. */
export const clearArtifacts = (root: Store): Promise<void> => root.remove(FOLDER);

/** Names (`kind/key`) of the artifacts that are whole. */
export async function wholeArtifacts(root: Store): Promise<Set<string>> {
  const paths = await root.list(`${FOLDER}/`);
  const ended = paths.filter((path) => path.endsWith(`/${DONE}`) || path.endsWith(`/${TEACHER_QUERIES_FILE}`));
  return new Set(ended.map((path) => path.split("/").slice(1, 3).join("/")));
}

/** What each artifact of an experiment is, in words for a list. */
export function describeArtifacts(experiment: Experiment, collection: string): Record<Artifact, string> {
  const { teacher, student, stage1, stage2, seed } = experiment;
  const on = `${collection}, seed ${seed}`;
  const big = `width ${teacher.width}, layers ${teacher.layers}, ${stage1.steps} steps; ${on}`;
  const small = `${student.kind}, width ${student.width}, layers ${student.layers}`;
  return {
    teacher: `Teacher: ${big}`,
    index: `Document vectors of the teacher: ${big}`,
    queries: `Query vectors of the teacher: ${big}`,
    scalingnote: `Student: ${small}, ${stage2.steps} steps, MSE ${stage2.mseWeight}, cosine ${stage2.cosineWeight}; ${on}`,
    scalingdoc: `ScalingDoc: ${small}; ${on}`,
    twinbert: `TwinBERT: ${small}; ${on}`,
  };
}
