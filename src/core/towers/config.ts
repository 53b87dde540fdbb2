/** From the experiment's settings to the towers' shapes. */
import { takesLayers } from "../config/rules";
import type { Experiment } from "../config/schema";
import { type ErrorKind, LabError } from "../errors";
import type { Activation, TowerConfig } from "./types";

/** The three shapes of a run: the teacher's towers, the small query tower, and TwinBERT's small document tower. */
export type TowerRole = "teacher" | "student" | "smallDocument";

export const RMS_EPS = 1e-6;
export const LAYER_NORM_EPS = 1e-12;
export const ROPE_THETA = 10_000;

/** Width of a head. */
export const headSizeOf = ({ width, heads, headSize }: TowerConfig): number => headSize ?? width / heads;
/** What its norms add. */
export const epsOf = ({ kind, eps }: TowerConfig): number => eps ?? (kind === "encoder" ? LAYER_NORM_EPS : RMS_EPS);
export const activationOf = ({ kind, activation }: TowerConfig): Activation =>
  activation ?? (kind === "decoder" ? "silu" : "gelu");
/** Length of the pooled vector after its dense modules. */
export const denseSize = ({ width, dense = [] }: TowerConfig): number => dense.at(-1)?.out ?? width;
/** Whether a projection comes last. */
export const projects = ({ kind, projection = true }: TowerConfig): boolean => projection && kind !== "bench";

/** Llama's feed-forward width, two thirds of four times the width, rounded to a multiple of 8. */
export const gatedHidden = (width: number) => Math.max(8, Math.round((8 * width) / 3 / 8) * 8);

/** @throws LabError "bad-setting" where the numbers do not make a tower */
export function towerConfig(experiment: Experiment, role: TowerRole): TowerConfig {
  const { teacher, student, embeddingSize } = experiment;
  if (role === "teacher") {
    const config: TowerConfig = {
      kind: "decoder",
      vocabulary: teacher.vocabulary,
      width: teacher.width,
      layers: teacher.layers,
      heads: teacher.heads,
      kvHeads: teacher.kvHeads,
      hidden: gatedHidden(teacher.width),
      maxTokens: Math.max(teacher.queryTokens, teacher.docTokens),
      pooling: teacher.pooling,
      embeddingSize,
    };
    checkTower(config, "teacher", "bad-setting");
    return config;
  }
  const config: TowerConfig = {
    kind: student.kind,
    vocabulary: student.vocabulary,
    width: student.width,
    layers: student.kind === "lookup" ? 0 : student.layers,
    heads: student.heads,
    // A first-and-last-layer start copies the teacher's layers, so it takes their head layout.
    // There is no setting for it: otherwise each of its heads has its own keys and values.
    kvHeads: student.kind === "decoder" && student.heads === teacher.heads ? teacher.kvHeads : student.heads,
    hidden: student.kind === "decoder" ? gatedHidden(student.width) : 4 * student.width,
    maxTokens: role === "student" ? student.queryTokens : longestText(experiment),
    pooling: student.pooling,
    embeddingSize,
  };
  checkTower(config, "student", "bad-setting");
  return config;
}

/** TwinBERT's document tower, which may have to serve queries as well. */
function longestText({ student, baselines }: Experiment): number {
  return baselines.twinbertSharedTowers ? Math.max(student.queryTokens, student.docTokens) : student.docTokens;
}

/** @throws LabError of this kind where the numbers do not make a tower */
export function checkTower(config: TowerConfig, who: string, kind: ErrorKind): void {
  const { width, heads, kvHeads, layers, headSize } = config;
  if (config.kind === "lookup") return;
  if (layers < 1) throw new LabError(kind, `The ${who} has no layers.`, "Give it a layer, or make it a lookup table.");
  if (headSize === undefined && width % heads !== 0)
    throw new LabError(
      kind,
      `The ${who}'s heads, ${heads}, do not divide its width, ${width}.`,
      `Choose heads from ${divisors(width).join(", ")}.`,
    );
  if (heads % kvHeads !== 0)
    throw new LabError(
      kind,
      `The ${who}'s key and value heads, ${kvHeads}, do not divide its heads, ${heads}.`,
      `Choose key and value heads from ${divisors(heads).join(", ")}.`,
    );
  if (config.kind === "decoder" && headSizeOf(config) % 2 !== 0)
    throw new LabError(
      kind,
      `The ${who}'s heads are ${headSizeOf(config)} wide; rotary positions need an even number.`,
      "Change width or heads.",
    );
}

/** Up to 1,024: numbers of heads, of whatever a file says. */
const divisors = (n: number): number[] =>
  Array.from({ length: Math.min(n, 1024) }, (_, i) => i + 1).filter((d) => n % d === 0);

/** Words why the student cannot start as the setting says; null where it can. */
export function studentInitProblem(experiment: Experiment): string | null {
  const { teacher, student } = experiment;
  // What a checkpoint's shape allows is known once it has been read.
  if (student.init === "random" || student.checkpoint !== "" || teacher.checkpoint !== "") return null;
  if (takesLayers(student.init)) {
    if (student.kind !== "decoder") return "The teacher's layers need a decoder student.";
    if (student.width !== teacher.width) return `The teacher's layers need its width, ${teacher.width}.`;
    if (student.heads !== teacher.heads) return `The teacher's layers need its heads, ${teacher.heads}.`;
    if (teacher.layers < 3)
      return `The teacher's layers need a teacher of at least 3 layers; this one has ${teacher.layers}.`;
    if (student.layers > teacher.layers - 2)
      return `The teacher's layers need at least 2 layers fewer than the teacher's ${teacher.layers}.`;
    if (student.vocabulary !== teacher.vocabulary) return "The teacher's layers need its vocabulary.";
    return null;
  }
  if (student.width !== teacher.width) return `The teacher's token embeddings need its width, ${teacher.width}.`;
  if (student.vocabulary !== teacher.vocabulary) return "The teacher's token embeddings need its vocabulary.";
  return null;
}
