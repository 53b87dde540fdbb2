/** Rules between settings: what each alone allows and the towers together cannot be built with. */
import { getSetting, type SettingValue, withSetting } from "./paths";
import type { Experiment } from "./schema";

export interface Settled {
  experiment: Experiment;
  /** One for every change, in plain words. */
  notices: string[];
}

/** Moves what does not fit together to the nearest values that do. What fits comes back as it is. */
export function settleTogether(experiment: Experiment): Settled {
  const notices: string[] = [];
  let now = experiment;
  const set = (path: string, value: SettingValue, why: string) => {
    const from = getSetting(now, path);
    if (from === value) return;
    notices.push(`${path} ${String(from)} ${why}; set to ${String(value)}.`);
    now = withSetting(now, path, value);
  };

  for (const who of ["teacher", "student"] as const) {
    if (now[who].checkpoint !== "") continue; // it has a shape of its own
    const kind = who === "teacher" ? "decoder" : now.student.kind;
    if (kind === "lookup") continue; // no layers, no heads
    const rotary = kind === "decoder";
    if (rotary && now[who].width % 2 === 1)
      set(`${who}.width`, now[who].width + 1, "is odd, and rotary positions turn pairs of numbers");
    const { width, heads } = now[who];
    const fits = (n: number) => width % n === 0 && (!rotary || (width / n) % 2 === 0);
    const uneven = width % heads === 0 ? "makes heads of an odd width" : `does not divide the width ${width}`;
    set(`${who}.heads`, nearestThat(fits, heads), uneven);
  }
  const { heads } = now.teacher;
  if (now.teacher.checkpoint === "")
    set(
      "teacher.kvHeads",
      nearestThat((n) => heads % n === 0, now.teacher.kvHeads),
      `does not divide the heads, ${heads}`,
    );
  if (now.student.kind !== "lookup" && now.student.layers === 0)
    set("student.layers", 1, "is too few for anything but a lookup table");
  const problem = initProblem(now);
  if (problem) set("student.init", "random", problem);
  if (lossWeights(now).every(([, weight]) => weight === 0))
    set("stage2.cosineWeight", 1, "beside other weights of 0 leaves no loss");
  if (now.stage1.mineTo < now.stage1.mineFrom)
    set("stage1.mineTo", now.stage1.mineFrom, "is a rank above the first that is mined");
  return { experiment: now, notices };
}

/** The losses of stage 2 by their weights' names: a setting of it that ends in "Weight" is one. */
export const lossWeights = ({ stage2 }: Pick<Experiment, "stage2">): [string, number][] =>
  Object.entries(stage2).flatMap(([name, value]) =>
    name.endsWith("Weight") && typeof value === "number" ? [[name, value]] : [],
  );

/** Which of the teacher's layers a student may start from. */
export type LayerStart = "first-last" | "first" | "last";

/** Whether a student's start is made of the teacher's layers. */
export const takesLayers = (init: Experiment["student"]["init"]): init is LayerStart =>
  init !== "random" && init !== "embeddings";

/** Why the student cannot start as its setting says, as the end of a sentence; null where it can. */
function initProblem({ teacher, student, embeddingSize }: Experiment): string | null {
  // What a checkpoint's shape allows is known once it has been read (pipeline/starts.ts).
  if (student.init === "random" || student.checkpoint !== "" || teacher.checkpoint !== "") return null;
  if (takesLayers(student.init)) {
    if (student.ownSize > 0 && student.ownSize !== embeddingSize)
      return `needs vectors of the teacher's size, ${embeddingSize}`;
    if (student.kind !== "decoder") return "needs a decoder student";
    if (student.layers > teacher.layers - 2)
      return `needs a student of at least 2 layers fewer than the teacher's ${teacher.layers}`;
    if (student.heads !== teacher.heads) return `needs the teacher's heads, ${teacher.heads}`;
  }
  if (student.width !== teacher.width) return `needs the teacher's width, ${teacher.width}`;
  if (student.vocabulary !== teacher.vocabulary) return `needs the teacher's vocabulary, ${teacher.vocabulary}`;
  return null;
}

/** The whole number nearest to `wanted` that fits, the smaller of two as near. 1 always fits. */
function nearestThat(fits: (n: number) => boolean, wanted: number): number {
  for (let off = 0; off < wanted; off++) {
    if (fits(wanted - off)) return wanted - off;
    // The settings' own limit on heads; a width may have larger divisors.
    if (wanted + off <= MOST_HEADS && fits(wanted + off)) return wanted + off;
  }
  return 1;
}

const MOST_HEADS = 32;
