/** What a ready-made experiment chooses first in the view that shows its answer. */
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { ablationReport } from "../../core/analysis/ablation";
import { gridTrials } from "../../core/analysis/synthetic.test-helper";
import { GridCard } from "./GridCard";

const trials = gridTrials(
  { "stage2.mseWeight": [0, 50], "student.width": [8, 16], "stage2.infoNceWeight": [0, 1] },
  (a) => 0.4 + (a["stage2.mseWeight"] === 50 ? 0.2 : 0) + 0.01 * Number(a["stage2.infoNceWeight"]),
);
const report = ablationReport(trials, "scalingnote", "recall@10", { samples: 100, seed: 7 });

const chosen = (look: Parameters<typeof GridCard>[0]["look"]) => {
  const html = renderToStaticMarkup(<GridCard report={report} trials={trials} pending={[]} look={look} />);
  // The words that each of the two menus shows.
  return [...html.matchAll(/<button[^>]*aria-haspopup="listbox".*?<\/button>/gs)].map(([button]) =>
    button
      .replace(/<[^>]+>/g, " ")
      .replace(/\s+/g, " ")
      .trim(),
  );
};

describe("the axes on show", () => {
  it("are those of a ready-made experiment, as a line or as a heat map", () => {
    const line = chosen({ across: "student.width" });
    expect(line[0]).toContain("one axis only");
    expect(line[1]).toContain("Student width");
    const map = chosen({ across: "student.width", down: "stage2.infoNceWeight" });
    expect(map[0]).toContain("InfoNCE weight");
    expect(map[1]).toContain("Student width");
  });

  it("are those that matter most without one, or where it names settings that the trials have not", () => {
    expect(chosen(null)[0]).toContain("MSE weight");
    expect(chosen({ across: "teacher.width" }).join()).toContain("MSE weight");
  });
});
