import { useCallback } from "react";
import { importanceData } from "../../charts/ablationData";
import { importanceBars, importanceHeight } from "../../charts/importanceBars";
import { percent } from "../../charts/words";
import type { AblationReport } from "../../core/analysis/ablation";
import { ChartCard } from "../sweeps/ChartCard";

/** Which settings the differences come from, and by which method that is said. */
export function ImportanceCard({ report }: { report: AblationReport }) {
  const { importance } = report;
  const draw = useCallback(
    (width: number) => {
      const bars = importanceData(report);
      return importanceBars(bars, report.importance.method, { width, height: importanceHeight(bars.length) });
    },
    [report],
  );
  const table = useCallback(
    () => ({
      columns: ["setting", "share", "by chance"],
      rows: report.importance.axes.map((a) => [a.path, a.share, a.chance]),
    }),
    [report],
  );
  return (
    <ChartCard
      title="Importance"
      sub="share of the differences"
      name="importance"
      draw={draw}
      table={table}
      caption={
        importance.reason ? (
          importance.reason
        ) : (
          <>
            <b>Method:</b> {importance.method}. The tick is what 95 of 100 shuffles stay below: a bar that ends before
            it says nothing. No setting alone explains {percent(importance.rest, 0)}: interactions and noise
            {importance.seeds === null ? "" : `; seeds alone make ${percent(importance.seeds, 0)}`}.
          </>
        )
      }
    />
  );
}
