/** What `lab sweep` prints of its trials at the end. */
import { turnWords } from "../charts/ablationWords";
import { ablationReport } from "../core/analysis/ablation";
import { trialOf } from "../core/analysis/readTrials";
import type { BootstrapOptions } from "../core/evaluation/bootstrap";
import type { Figure } from "../core/evaluation/types";
import { SYSTEMS } from "../core/formats/result";
import type { TrialRecord } from "../core/pipeline/sweep/record";
import type { SweepTable } from "../core/pipeline/sweep/table";
import { wordsOf } from "../core/pipeline/sweep/trials";

const figureWords = ({ value, low, high }: Figure) =>
  value === null ? "-" : `${value.toFixed(3)} [${low?.toFixed(3) ?? "-"}, ${high?.toFixed(3) ?? "-"}]`;

/** Means over seeds, a row an assignment; the best, what is tied with it, and what failed. */
export function printTable({ rows, metric, judged, best, failed }: SweepTable): void {
  console.log(`\n${metric}, mean over seeds [95 % interval]${judged ? `; judged by ${judged}` : ""}`);
  for (const { words, seeds, systems, standing } of rows) {
    const mark = words === best ? " best" : standing?.tied ? " tied with the best" : "";
    const figures = SYSTEMS.flatMap((name) => (systems[name] ? [`${name} ${figureWords(systems[name])}`] : []));
    console.log(`${words} (${seeds.length} ${seeds.length === 1 ? "seed" : "seeds"}): ${figures.join("  ")}${mark}`);
  }
  if (rows.some(({ seeds }) => seeds.length === 1))
    console.log("With one seed an interval says nothing of other seeds.");
  for (const record of failed) if (record.status === "failed") console.log(failedWords(record));
}

const failedWords = ({ assignments, seed, error }: Extract<TrialRecord, { status: "failed" }>) =>
  `${wordsOf(assignments)} seed=${seed}: failed: ${error.message} ${error.remedy}`;

/** ScalingNote against ScalingDoc, where both were measured: paired differences a row, and where their sign turns. */
export function printAgainst(records: readonly TrialRecord[], options: BootstrapOptions): void {
  const trials = records.flatMap((record) => (record.status === "done" ? [trialOf(record)] : []));
  if (!trials.some(({ systems }) => systems.scalingnote && systems.scalingdoc)) return;
  const report = ablationReport(trials, "scalingnote", "recall@10", options);
  if (!report.against) return;
  console.log("\nScalingNote minus ScalingDoc, recall@10, paired query by query [95 % interval]");
  for (const { group, difference, low, high, verdict, seeds } of report.against.differences) {
    const bySeed = seeds.map((one) => `${one.seed}: ${one.difference.toFixed(3)}`).join(", ");
    const words = wordsOf(report.configurations[group]!.assignments) || "(as it is)";
    console.log(`${words}: ${figureWords({ value: difference, low, high })} ${verdict} (seeds ${bySeed})`);
  }
  console.log(turnWords(report));
}
