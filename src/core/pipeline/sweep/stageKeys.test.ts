import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyExperiment, anyValue } from "../../config/arbitrary.test-helper";
import { getSetting, SETTINGS, type SettingEntry, type SettingValue, withSetting } from "../../config/paths";
import { presetExperiment } from "../../config/presets";
import { readExperiment } from "../../config/read";
import type { Experiment } from "../../config/schema";
import type { Dataset } from "../../data/types";
import { toyDataset } from "../../training/toy";
import { equalisedSteps } from "../plan";
import { changedBy, dataKey, learnedKey, type Part, STACKED, stackKey, stageKeys } from "./stageKeys";

const SOURCE = { data: "collection", codeVersion: "code" };
const tiny = presetExperiment("tiny");
const ALL: Part[] = ["teacher", "index", "queries", "scalingnote", "scalingdoc", "twinbert", "texts"];

/** Another value that the setting allows, of a tower that can be built. */
function another({ path, kind, info }: SettingEntry, now: SettingValue): SettingValue {
  if (/eads$/.test(path)) return now === 1 ? 2 : 1;
  if (kind === "flag") return !now;
  if (kind === "choice") return Object.keys(info.choices!).find((choice) => choice !== now)!;
  if (kind === "text") return `${String(now)}x`;
  return now === info.max ? info.min! : info.max!;
}

/** Whose keys differ. */
async function changed(a: Experiment, b: Experiment): Promise<Part[]> {
  const [before, after] = [await stageKeys(a, SOURCE), await stageKeys(b, SOURCE)];
  return ALL.filter((part) => before[part] !== after[part]);
}

/** What each setting changes, in words: of those that are not listed, everything. */
const EXPECTED: Record<string, Part[]> = Object.fromEntries(
  (
    [
      ["training.memoryLimit training.saveEvery", []],
      ["evaluation.style evaluation.dropSelf evaluation.bootstrap", []],
      ["evaluation.typos evaluation.wordDrop evaluation.dimensions", []],
      ["data.notes.testDomains data.notes.drift", []],
      ["stage1.learningRate stage1.embeddingRate", ["teacher", "index", "queries", "scalingnote"]],
      [
        "stage1.steps stage1.temperature stage1.learnTemperature stage1.hardNegatives stage1.dropout stage1.pieces",
        ["teacher", "index", "queries", "scalingnote", "scalingdoc", "twinbert"],
      ],
      [
        "stage1.symmetric stage1.matryoshka stage1.queue stage1.minedNegatives stage1.mineAfter stage1.mineEvery",
        ["teacher", "index", "queries", "scalingnote", "scalingdoc", "twinbert"],
      ],
      [
        "stage1.mineFrom stage1.mineTo stage1.mineMargin",
        ["teacher", "index", "queries", "scalingnote", "scalingdoc", "twinbert"],
      ],
      // The preset lets the baselines see as many pairs as both stages do.
      ["stage2.steps stage2.refineSteps", ["scalingnote", "scalingdoc", "twinbert"]],
      ["stage2.klWeight stage2.klTeacherTemperature stage2.klStudentTemperature stage2.marginWeight", ["scalingnote"]],
      ["stage2.infoNceWeight stage2.infoNceTemperature stage2.scored stage2.sampledDocuments", ["scalingnote"]],
      ["stage2.matryoshka stage2.documentShare stage2.copies stage2.wordDrop stage2.typos", ["scalingnote"]],
      ["stage2.paraphrase stage2.copyTarget stage2.refineLearningRate", ["scalingnote"]],
      ["stage2.refineEmbeddingRate student.ownSize", ["scalingnote"]],
      ["stage2.mseWeight stage2.cosineWeight stage2.mseOn stage2.mseReduce", ["scalingnote"]],
      ["stage2.learningRate stage2.embeddingRate stage2.dropout stage2.pieces student.init", ["scalingnote"]],
      [
        "teacher.width teacher.layers teacher.sharedTowers",
        ["teacher", "index", "queries", "scalingnote", "scalingdoc"],
      ],
      ["teacher.half", ["index", "queries", "scalingnote"]],
      ["teacher.heads teacher.kvHeads", ["teacher", "index", "queries", "scalingnote", "scalingdoc", "twinbert"]],
      [
        "teacher.pooling teacher.vocabulary teacher.queryTokens teacher.docTokens teacher.prompt",
        ["teacher", "index", "queries", "scalingnote", "scalingdoc", "texts"],
      ],
      ["student.kind student.width student.layers student.heads", ["scalingnote", "scalingdoc", "twinbert"]],
      ["student.docTokens", ["scalingnote", "twinbert", "texts"]],
      [
        "student.pooling student.vocabulary student.queryTokens student.prompt",
        ["scalingnote", "scalingdoc", "twinbert", "texts"],
      ],
      ["baselines.equalise", ["scalingdoc", "twinbert"]],
      ["baselines.twinbertLearningRate baselines.twinbertEmbeddingRate baselines.twinbertSharedTowers", ["twinbert"]],
      ["baselines.scalingdocLearningRate baselines.scalingdocEmbeddingRate", ["scalingdoc"]],
    ] satisfies [string, Part[]][]
  ).flatMap(([paths, parts]) => paths.split(" ").map((path) => [path, parts])),
);

describe("a stage's key", () => {
  it.each(SETTINGS.map((entry) => [entry.path, entry] as const))("%s", async (path, entry) => {
    const expected = EXPECTED[path] ?? ALL;
    expect(await changed(tiny, withSetting(tiny, path, another(entry, getSetting(tiny, path))))).toEqual(expected);
  });

  it("knows no setting that is not there, and one that it does not know changes everything", () => {
    const paths = SETTINGS.map(({ path }) => path);
    for (const path of Object.keys(EXPECTED)) expect(paths).toContain(path);
    expect(changedBy("stage2.someNewLoss")).toEqual(ALL);
  });

  it("changes with collection and code", async () => {
    const at = (source: Partial<typeof SOURCE>) => stageKeys(tiny, { ...SOURCE, ...source });
    const [one, otherData, otherCode] = [await at({}), await at({ data: "x" }), await at({ codeVersion: "x" })];
    for (const part of ALL) expect(new Set([one[part], otherData[part], otherCode[part]]).size).toBe(3);
    expect(new Set(Object.values(one)).size).toBe(ALL.length);
  });

  it("of a baseline changes wherever the plan gives it other steps, whatever the settings", async () => {
    const setting = fc.constantFrom(...SETTINGS).chain((entry) => fc.tuple(fc.constant(entry), anyValue(entry)));
    await fc.assert(
      fc.asyncProperty(anyExperiment(), setting, async (experiment, [{ path }, value]) => {
        const other = readExperiment(withSetting(experiment, path, value)).experiment;
        const parts = await changed(experiment, other);
        if (equalisedSteps(experiment) !== equalisedSteps(other))
          expect(parts).toEqual(expect.arrayContaining(["scalingdoc", "twinbert"]));
        // Equal operations depend on how long the texts are, which no setting says alone.
        if (experiment.baselines.equalise === "flops" && parts.length > 0)
          expect(parts).toEqual(expect.arrayContaining(["scalingdoc", "twinbert"]));
      }),
      { numRuns: 60 },
    );
  });
});

describe("students side by side", () => {
  it("may differ in what a step takes of each, and in nothing else that the student depends on", async () => {
    const key = await stackKey(tiny, SOURCE);
    for (const entry of SETTINGS) {
      const { path } = entry;
      const other = await stackKey(withSetting(tiny, path, another(entry, getSetting(tiny, path))), SOURCE);
      const may = (STACKED as readonly string[]).includes(path) || !changedBy(path).includes("scalingnote");
      expect(other === key, path).toBe(may);
    }
  });

  it("are alone with a batch in pieces, and where they may stop early", async () => {
    expect(await stackKey(withSetting(tiny, "stage2.pieces", 2), SOURCE)).toBeNull();
    expect(await stackKey(withSetting(tiny, "training.patience", 1), SOURCE)).toBeNull();
  });
});

describe("a collection's key", () => {
  const files = withSetting(tiny, "data.source", "files");
  const key = (experiment: Experiment, dataset: Dataset) => dataKey(experiment, async () => dataset);

  it("of notes is that of settings and seed, and opens nothing", async () => {
    const never = () => Promise.reject(new Error("opened"));
    const one = await dataKey(tiny, never);
    expect(await dataKey(withSetting(tiny, "stage1.steps", 5), never)).toBe(one);
    for (const path of ["seed", "data.notes.typos"])
      expect(await dataKey(withSetting(tiny, path, 0.4), never)).not.toBe(one);
  });

  it("of what is learned from leaves out what touches the test queries of notes alone", async () => {
    const learned = async (experiment: Experiment) => learnedKey(experiment, "whole");
    const one = await learned(tiny);
    expect(await learned(withSetting(tiny, "stage1.steps", 5))).toBe(one);
    for (const [path, value] of [
      ["data.notes.drift", 0.4],
      ["data.notes.testDomains", 2],
    ] as const) {
      const other = withSetting(tiny, path, value);
      expect(await learned(other)).toBe(one);
      expect(await dataKey(other, () => Promise.reject(new Error("opened")))).not.toBe(
        await dataKey(tiny, async () => toyDataset()),
      );
    }
    for (const [path, value] of [
      ["data.notes.trainDomains", 2],
      ["data.notes.testQueries", 77],
      ["seed", 1],
    ] as const)
      expect(await learned(withSetting(tiny, path, value))).not.toBe(one);
    expect(await learned(files)).toBe("whole");
  });

  it("of files is that of content and order", async () => {
    const toy = toyDataset();
    const one = await key(files, toy);
    expect(await key(withSetting(files, "seed", 1), toyDataset())).toBe(one);
    const [first, ...rest] = toy.train.queries;
    const others: Dataset[] = [
      { ...toy, docs: toy.docs.toReversed() },
      { ...toy, docs: toy.docs.map((doc, i) => (i === 0 ? { ...doc, text: "other" } : doc)) },
      { ...toy, train: { ...toy.train, queries: [...rest, first!] } },
      { ...toy, train: { ...toy.train, queries: [{ ...first!, negatives: ["d1"] }, ...rest] } },
      { ...toy, validation: { ...toy.validation, qrels: new Map() } },
      { ...toy, test: { ...toy.test, queries: [] } },
      { ...toy, relevanceLevel: 1 },
    ];
    const keys = await Promise.all(others.map((other) => key(files, other)));
    expect(new Set([one, ...keys]).size).toBe(others.length + 1);
  });
});
