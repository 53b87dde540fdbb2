/** Two axes as a heat map, or one as a line with bands. */
import { useCallback, useMemo, useState } from "react";
import { axisData, firstAxes, heatData, othersAlong, type PendingCell, sliceWords } from "../../charts/ablationSlices";
import { axisTitle } from "../../charts/ablationWords";
import { axisPlot } from "../../charts/axisPlot";
import { heatMap } from "../../charts/heatMap";
import type { AblationReport } from "../../core/analysis/ablation";
import { cellOf } from "../../core/analysis/tables";
import type { Trial } from "../../core/analysis/trial";
import type { Cell, Table } from "../../core/formats/export";
import { Choice } from "../parts/Choice";
import { ChartCard } from "../sweeps/ChartCard";

const NONE = "";

export function GridCard({
  report,
  trials,
  pending,
  look,
}: {
  report: AblationReport;
  trials: readonly Trial[];
  pending: readonly PendingCell[];
  /** The axes that are shown until others are chosen. */
  look: { across: string; down?: string } | null;
}) {
  const paths = report.axes.map((axis) => axis.path);
  const usual = useMemo(() => firstAxes(report, pending), [report, pending]);
  const [ownX, setX] = useState<string | null>(null);
  const [ownY, setY] = useState<string | null>(null);
  const asked = look && paths.includes(look.across) ? look : null;
  const wantedX = ownX ?? asked?.across ?? null;
  const wantedY = ownY ?? (asked ? (asked.down ?? NONE) : null);
  const x = wantedX !== null && paths.includes(wantedX) ? wantedX : (usual?.across ?? NONE);
  const others = paths.filter((path) => path !== x);
  // Another axis across keeps a map where there was one.
  const [usualY] = usual?.down == null ? [NONE] : [usual.down, usual.across].filter((path) => path !== x);
  const y = wantedY === NONE || (wantedY !== null && others.includes(wantedY)) ? wantedY : (usualY ?? NONE);
  const references = useMemo(() => (y !== NONE ? [] : othersAlong(report, trials, x)), [trials, report, x, y]);
  const draw = useCallback(
    (width: number) => {
      if (y !== NONE) {
        const data = heatData(report, x, y, pending);
        return heatMap(data, { width, height: Math.max(300, Math.min(440, 60 + 58 * data.ys.length)) });
      }
      return axisPlot(axisData(report, x, references), { width, height: 320 });
    },
    [report, x, y, references, pending],
  );
  const table = useCallback((): Table => {
    // All of them: two settings alone would not tell the rows apart.
    const shown = report.axes.map((axis) => axis.path);
    const rows = report.configurations.map((c): Cell[] => [
      ...shown.map((path) => cellOf(c.assignments[path])),
      c.estimate.value,
      c.estimate.low,
      c.estimate.high,
      c.estimate.seeds.map((s) => `${s.seed}: ${s.value}`).join(", "),
    ]);
    return { columns: [...shown, report.metric, "low", "high", "seeds"], rows };
  }, [report]);
  const fixed = sliceWords(report, y === NONE ? [x] : [x, y]);
  const option = (path: string) => ({ id: path, label: axisTitle(path) });
  return (
    <ChartCard
      title={y === NONE ? "One setting" : "Two settings"}
      name="grid"
      draw={draw}
      table={table}
      end={
        <>
          <Choice
            label="Down"
            value={y}
            options={[...others.map(option), { id: NONE, label: "one axis only" }]}
            onChange={setY}
          />
          <span className="mut">by</span>
          <Choice label="Across" value={x} options={paths.map(option)} onChange={setX} />
        </>
      }
      caption={
        <>
          {y === NONE ? (
            <>
              <b>Band or lines:</b> 95 %. <b>Small dots:</b> seeds.
            </>
          ) : (
            <>
              <b>Outlined:</b> best. <b>Dotted:</b> tied with it. ± half of the 95 % interval; dots are seeds, on one
              scale in all cells.
            </>
          )}
          {fixed ? ` ${fixed}` : ""}
        </>
      }
    />
  );
}
