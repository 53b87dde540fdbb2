import { describe, expect, it } from "vitest";
import { presetExperiment } from "../config/presets";
import { recordedExperiment, recordedReference, recordedSettings } from "./recorded";

describe("what a checkpoint is recorded as", () => {
  it.each([
    ["", ""],
    ["minilm", "minilm"],
    ["/home/somebody/models/minilm/", "minilm"],
    ["../models/./minilm", "minilm"],
    ["C:\\Users\\somebody\\minilm", "minilm"],
    ["..", "folder"],
    ["/home/me/.cache/huggingface/hub/models--BAAI--bge-small-en/snapshots/5c38ec7/", "hub:BAAI/bge-small-en@5c38ec7"],
    ["hub:BAAI/bge-small-en@5c38ec7", "hub:BAAI/bge-small-en@5c38ec7"],
    ["files:minilm#0123456789ab", "files:minilm#0123456789ab"],
    ["bundled:notes-lm-0.1m", "bundled:notes-lm-0.1m"],
    ["https://example.org/models/minilm", "https://example.org/models/minilm"],
  ])("%j: %j", (reference, recorded) => {
    expect(recordedReference(reference)).toBe(recorded);
    expect(recordedReference(recorded)).toBe(recorded);
  });

  it("stands in experiments and in a sweep's settings", () => {
    const base = presetExperiment("tiny");
    expect(recordedExperiment(base)).toEqual(base);
    const { teacher } = recordedExperiment({ ...base, teacher: { ...base.teacher, checkpoint: "/a/b" } });
    expect(teacher).toEqual({ ...base.teacher, checkpoint: "b" });
    const settings = { "student.checkpoint": "/a/b", "student.width": 32, "teacher.prompt": "/a/b" };
    expect(recordedSettings(settings)).toEqual({ ...settings, "student.checkpoint": "b" });
  });
});
