import { useCallback } from "react";
import { forestData } from "../../charts/ablationData";
import { axesWords } from "../../charts/ablationWords";
import { forestHeight, forestPlot } from "../../charts/forest";
import type { AblationReport } from "../../core/analysis/ablation";
import { ChartCard } from "../sweeps/ChartCard";

const MOST = 10;

/** The configurations nearest to the best, as paired differences. */
export function RivalsCard({ report }: { report: AblationReport }) {
  const draw = useCallback(
    (width: number) => {
      const rows = forestData(report).slice(0, MOST);
      return forestPlot(rows, `${report.metric}, minus the best`, { width, height: forestHeight(rows.length) });
    },
    [report],
  );
  const table = useCallback(
    () => ({
      columns: ["configuration", `${report.metric}, minus the best`, "low", "high", "p after Holm", "verdict"],
      rows: forestData(report).map((r) => [r.label, r.value, r.low, r.high, r.p, r.verdict ?? null]),
    }),
    [report],
  );
  const count = report.best?.rivals.length ?? 0;
  return (
    <ChartCard
      title="Against the best"
      sub={count > MOST ? `the nearest ${MOST} of ${count}` : "paired differences"}
      name="against-the-best"
      draw={draw}
      table={table}
      caption={
        <>
          <b>Rows:</b> {axesWords(report.axes)}. Paired on equal seeds and test sets, {report.samples} resamples of
          seeds, then queries. <b>Tied:</b> the difference could be chance (p of .05 and more after Holm’s correction
          for all comparisons).
        </>
      }
    />
  );
}
