/** A teacher that lies on the GPU as half floats once it is trained; run.test.ts has a whole run of one. */
import { describe, expect, it } from "vitest";
import { fusedOps } from "../../gpu/fusedOps";
import { plainOps } from "../../gpu/plainOps";
import { useGpu } from "../../gpu/testGpu";
import { memoryStore } from "../artifacts/store";
import { presetExperiment } from "../config/presets";
import { readExperiment } from "../config/read";
import { halfBits, halfValue } from "../half";
import { toyDataset } from "../training/toy";
import { saveCheckpoint } from "./checkpoints";
import { encodeAll } from "./context";
import { createControl } from "./control";
import { freshPair, studentInit } from "./fresh";
import { frozenTeacher } from "./frozenTeacher";
import { differenceOf } from "./model";
import { parameterBytes } from "./parameterMemory";
import { createReporter } from "./reporter";
import { prepareRun } from "./run";
import { disposeTowers } from "./stageTraining";

const gpu = useGpu();
const dataset = toyDataset(1, 40, 40);

const contextOf = (teacher: object, ops = fusedOps) => {
  const { experiment, notices } = readExperiment(
    {
      teacher: { layers: 3, half: true, ...teacher },
      // It takes over layers of the teacher, whose half floats are not read back.
      student: { kind: "decoder", width: 32, heads: 2, init: "first-last" },
      training: { start: "own" },
      embeddingSize: 24,
    },
    presetExperiment("tiny"),
  );
  expect(notices).toEqual([]);
  const listener = { stage: () => undefined, points: () => undefined, saved: () => undefined };
  const options = { gpu: gpu(), ops, store: memoryStore(), experiment, dataset, codeVersion: "test" };
  return prepareRun({ ...options, control: createControl() }, createReporter(listener));
};
const freshTeacher = (context: Awaited<ReturnType<typeof contextOf>>) => {
  const { teacher } = context.towers;
  return freshPair(context, ["teacher", teacher], ["teacher", teacher], context.experiment.teacher.sharedTowers);
};

describe("a frozen teacher of half floats", () => {
  it.each([true, false])("takes half the memory and says what that costs, towers shared: %s", async (sharedTowers) => {
    const context = await contextOf({ sharedTowers });
    const { towers, texts, store, reporter } = context;
    const empty = gpu().bytes();
    const trained = await freshTeacher(context);
    await saveCheckpoint(gpu(), store, "teacher", "query", trained.query, texts.teacher.tokenizer, {});
    const encode = async () => [
      await encodeAll(context, trained.query, texts.teacher.validation, texts.teacher.queryLength),
      await encodeAll(context, trained.document, texts.teacher.documents, texts.teacher.documentLength),
    ];
    const before = await encode();
    const teacher = await frozenTeacher(context, trained);
    expect(teacher.query === teacher.document).toBe(sharedTowers);
    const each = parameterBytes(towers.teacher, true);
    expect(each).toBeLessThan(0.6 * parameterBytes(towers.teacher));
    const bytes = gpu().bytes() - empty;
    expect(bytes / ((sharedTowers ? 1 : 2) * each)).toBeCloseTo(1, 1);
    // What was told is the difference of all vectors, as far as some of them say it.
    Object.assign(trained, teacher);
    const [query, document] = (await encode()).map((after, i) => differenceOf(before[i]!, after, 24));
    const { facts } = reporter.stages.find(({ name }) => name === "index")!;
    const least = Number(facts["half floats, cosine at least"]);
    expect(least).toBeGreaterThan(0.999);
    expect(least).toBeLessThan(1);
    expect(Math.min(query!.cosine, document!.cosine)).toBeGreaterThan(1 - 3 * (1 - least));
    expect(Math.max(query!.largest, document!.largest)).toBeGreaterThan(0);
    expect(Math.max(query!.largest, document!.largest)).toBeLessThan(
      3 * Number(facts["half floats, largest difference"]),
    );
    // A student that takes its layers has them with all digits.
    const { values } = await studentInit(context, async () => teacher);
    const layer = values.get("model.layers.0.self_attn.q_proj.weight")!.values;
    expect(layer.some((x) => x !== halfValue(halfBits(x)))).toBe(true);
    disposeTowers(teacher);
    expect(gpu().bytes()).toBe(empty);
  });

  it("is left as it is where nobody asks", async () => {
    const context = await contextOf({ half: false });
    const towers = await freshTeacher(context);
    expect(await frozenTeacher(context, towers)).toBe(towers);
    expect(context.reporter.stages.find(({ name }) => name === "index")!.facts).toEqual({});
    disposeTowers(towers);
  });

  it("is refused before anything is trained where plain operations would read it", async () => {
    await expect(contextOf({}, plainOps)).rejects.toThrow("Plain operations do not read half floats.");
  });
});
