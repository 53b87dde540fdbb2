import { useCallback } from "react";
import { systemGapData } from "../../charts/ablationData";
import { axesWords, turnWords } from "../../charts/ablationWords";
import { forestHeight, forestPlot } from "../../charts/forest";
import { LOOKS } from "../../charts/systems";
import type { AblationReport } from "../../core/analysis/ablation";
import { ChartCard } from "../sweeps/ChartCard";

const MOST = 24;

/** The system against the nearest other one of the same trials, and where the sign turns. */
export function SystemGapCard({ report }: { report: AblationReport }) {
  const { against } = report;
  const other = against ? LOOKS[against.other].label : "";
  const title = `${report.metric}, minus ${other}`;
  const draw = useCallback(
    (width: number) => {
      const rows = systemGapData(report).slice(0, MOST);
      return forestPlot(rows, title, { width, height: forestHeight(rows.length) });
    },
    [report, title],
  );
  const table = useCallback(
    () => ({
      columns: ["configuration", title, "low", "high", "verdict", "seeds"],
      rows: systemGapData(report).map((row, i) => [
        row.label,
        row.value,
        row.low,
        row.high,
        row.verdict ?? null,
        against!.differences[i]!.seeds.map(({ seed, difference }) => `${seed}: ${difference}`).join(", "),
      ]),
    }),
    [report, against, title],
  );
  if (!against) return null;
  const count = against.differences.length;
  return (
    <ChartCard
      title={`${LOOKS[against.system].label} against ${other}`}
      sub={count > MOST ? `the first ${MOST} of ${count}` : "paired query by query"}
      name="against-the-baseline"
      draw={draw}
      table={table}
      caption={
        <>
          {turnWords(report)} <b>Rows:</b> {axesWords(report.axes)}. 95 % intervals: seeds drawn anew, then their
          queries. <b>Tied:</b> the difference could be chance at 5 %, not corrected for several rows.
        </>
      }
    />
  );
}
