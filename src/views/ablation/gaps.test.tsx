import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { ablationReport } from "../../core/analysis/ablation";
import { gridTrials } from "../../core/analysis/synthetic.test-helper";
import { GapsCard } from "./GapsCard";
import { GradientNorms } from "./GradientNorms";

const OPTIONS = { samples: 30, seed: 7 };
const analyst = { documents: () => new Promise<never>(() => {}) };
const trials = gridTrials({ "stage2.mseWeight": [1, 10] }, () => 0.6, [7]).map((trial, i) => ({
  ...trial,
  key: `k${i}`,
}));
const ranked = trials.map((trial) => ({
  ...trial,
  rankings: Array.from({ length: 120 }, (_, place) => ({
    place,
    id: `q${place}`,
    text: "long <i>train</i>",
    relevant: { d1: 2 },
    top: { teacher: ["d1", "d2"], scalingnote: ["d2", "d3"] },
  })),
}));

function drawn(list: typeof trials, onRank: ((key: string) => Promise<void>) | null = null) {
  const report = ablationReport(list, "scalingnote", "recall@10", OPTIONS);
  return renderToStaticMarkup(
    <GapsCard report={report} gaps={report.gaps!} trials={list} analyst={analyst} onRank={onRank} />,
  );
}

describe("where the student loses", () => {
  it("shows both rankings, what is relevant in them, and data as text", () => {
    const html = drawn(ranked);
    expect(html).toContain("long &lt;i&gt;train&lt;/i&gt;");
    expect(html).not.toContain("<i>train");
    expect(html).toContain("1 relevant document, found by the teacher and missed by ScalingNote");
    expect(html).toMatch(/class="rel"[\s\S]*Document d1[\s\S]*relevant/);
    expect(html).toContain("1 place higher than in the teacher");
    expect(html).toContain("not in the teacher&#x27;s list");
  });
  it("says where a record has none, and offers to compute them", () => {
    expect(drawn(trials, async () => {})).toContain("Compute the rankings");
    expect(drawn(trials)).toContain("They cannot be computed now");
    expect(drawn(trials)).not.toContain("Compute the rankings");
  });
});

describe("gradients of the loss terms", () => {
  it("stand beside the ratio that the algebra gives", () => {
    const weights = {
      mseWeight: 50,
      cosineWeight: 1,
      mseOn: "normalised",
      mseReduce: "mean",
      embeddingSize: 64,
    } as const;
    const norms = { mse: 0.3, cosine: 0.2, kl: 0.05 };
    const html = renderToStaticMarkup(
      <GradientNorms label="now" rows={[{ key: "a", words: "seed 7, step 40", norms, weights }]} />,
    );
    expect(html).toContain("score KL");
    expect(html).toContain("<td>1.5</td><td>1.56</td>");
    expect(html).toContain("the ratio is exact");
    const one = { key: "b", words: "x", norms: { mse: 0, cosine: 0.2 }, weights: {} };
    expect(renderToStaticMarkup(<GradientNorms label="now" rows={[one]} />)).toContain("<td>–</td><td>–</td>");
  });
});
