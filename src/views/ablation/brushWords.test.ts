import { expect, it } from "vitest";
import { ablationReport } from "../../core/analysis/ablation";
import { gridTrials } from "../../core/analysis/synthetic.test-helper";
import { brushWords } from "./brushWords";

it("says what the configurations within a brush have in common", () => {
  const trials = gridTrials({ "stage2.mseWeight": [0, 10], "stage2.mseOn": ["raw", "normalised"] }, () => 0.6, [7]);
  const report = ablationReport(trials, "scalingnote", "recall@10", { samples: 20, seed: 7 });
  const inside = (test: (a: Record<string, unknown>) => boolean) =>
    report.configurations.map((c) => test(c.assignments));
  expect(
    brushWords(
      report,
      inside((a) => a["stage2.mseOn"] === "raw"),
    ),
  ).toBe("2 of 4 lie within the brush. 2 of them have apply MSE before norm, which 2 of all 4 have.");
  expect(
    brushWords(
      report,
      inside((a) => a["stage2.mseWeight"] === 0 && a["stage2.mseOn"] === "raw"),
    ),
  ).toMatch(/^1 of 4 lies within the brush\. No value of a setting stands out/);
  expect(
    brushWords(
      report,
      inside(() => true),
    ),
  ).toBe("All 4 configurations are shown.");
  expect(
    brushWords(
      report,
      inside(() => false),
    ),
  ).toMatch(/^None of the 4/);
  const alone = ablationReport(trials.slice(0, 1), "scalingnote", "recall@10", { samples: 20, seed: 7 });
  expect(brushWords(alone, [true])).toBe("The only configuration is shown.");
  expect(brushWords(alone, [false])).toBe("The only configuration does not lie within the brush.");
});
