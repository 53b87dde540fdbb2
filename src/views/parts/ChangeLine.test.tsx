import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { settingWords, valueWords } from "../../charts/settingWords";
import { experimentSchema } from "../../core/config/schema";
import { ChangeLine } from "./ChangeLine";

const from = experimentSchema.parse({});
const text = (to: typeof from, most?: number) =>
  renderToStaticMarkup(<ChangeLine from={from} to={to} {...(most ? { most } : {})} />).replace(/<[^>]*>/g, "");

it("says what changed: setting old → new", () => {
  const to = experimentSchema.parse({
    seed: 9,
    stage2: { mseWeight: 0.5, mseOn: "normalised" },
    stage1: { steps: 600 },
  });
  expect(text(to)).toBe("seed 7 → 9, stage 1 steps 200 → 600, MSE weight 50 → 0.5, apply MSE before norm → after norm");
  expect(text(to, 2)).toBe("seed 7 → 9, stage 1 steps 200 → 600 and 2 more");
  expect(text(from)).toBe("no difference");
});

it("writes every kind of value", () => {
  expect(valueWords("teacher.sharedTowers", true)).toBe("on");
  expect(valueWords("teacher.prompt", "")).toBe("none");
  expect(valueWords("student.kind", "lookup")).toBe("lookup table");
  expect(settingWords("no.such")).toBe("no.such");
});
