import { expect, it } from "vitest";
import { fromLink } from "../../core/config/link";
import { noticePath, noticeWords } from "./notices";

it("calls a setting by its label", () => {
  expect(noticeWords("training.batch 9999 is over the limit; set to 4096.")).toBe(
    "Batch 9999 is over the limit; set to 4096.",
  );
  expect(noticeWords('student.kind: there is no choice "robot".')).toBe('Student kind: there is no choice "robot".');
  expect(noticeWords("stage1.steps 0 is under the limit; set to 1.")).toBe(
    "Stage 1 steps 0 is under the limit; set to 1.",
  );
});

it("leaves alone what names no setting", () => {
  for (const text of ['There is no setting "x".', "", "data is a group of settings, not a value; it is left out."]) {
    expect(noticePath(text)).toBeNull();
    expect(noticeWords(text)).toBe(text);
  }
});

it("finds the setting of every notice that a link's value brings", () => {
  const { notices } = fromLink("#/lab?training.batch=9999&stage2.mseWeight=abc&seed=-3&teacher.heads=7");
  expect(notices.map(noticePath)).toEqual(["stage2.mseWeight", "seed", "training.batch", "teacher.heads"]);
});
