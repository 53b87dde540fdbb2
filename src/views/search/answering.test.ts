import { expect, it } from "vitest";
import { madeUpRun } from "../../state/fakeClient.test-helper";
import { answeringRun } from "./answering";

const done = madeUpRun("done");
const older = madeUpRun("older");
const cut = madeUpRun("cut", { status: "interrupted", result: null });

it("the selected run answers where it has results, else the newest that has", () => {
  expect(answeringRun([cut, done, older], "older")).toEqual({ run: older, without: undefined });
  expect(answeringRun([cut, done, older], "cut")).toEqual({ run: done, without: cut });
  expect(answeringRun([cut, done, older], null)).toEqual({ run: done, without: undefined });
  expect(answeringRun([cut], "cut")).toEqual({ run: undefined, without: cut });
  expect(answeringRun([], "gone")).toEqual({ run: undefined, without: undefined });
});
