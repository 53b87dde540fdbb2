import { expect, test } from "vitest";
import { checkpointSide, modelName } from "./names";

test("a reference in a few words", () => {
  const commit = "0123456789abcdef0123456789abcdef01234567";
  expect(modelName(`hub:owner/name@${commit}`)).toBe("owner/name");
  expect(modelName("https://example.org/models/mine/")).toBe("mine");
  expect(modelName("files:my folder#0123456789ab")).toBe("my folder");
  expect(modelName("bundled:notes-lm-0.4m")).toBe("notes-lm-0.4m");
});

test("which settings are a start, and whose", () => {
  expect(["teacher.checkpoint", "student.checkpoint", "teacher.width"].map(checkpointSide)).toEqual([
    "teacher",
    "student",
    null,
  ]);
});
