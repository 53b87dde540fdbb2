import { useCallback, useState } from "react";
import { labelWords, lawPlotData } from "../../charts/scalingData";
import { scalingPlot } from "../../charts/scalingPlot";
import { LOOKS } from "../../charts/systems";
import type { ScalingReport } from "../../core/analysis/scaling";
import { Segmented } from "../parts/Segmented";
import { ChartCard } from "../sweeps/ChartCard";
import { pointsTable } from "./pointsTable";

const AXES = [
  { id: "log", label: "log" },
  { id: "linear", label: "linear" },
] as const;

/** The points, the curve with its band, and the residuals. */
export function LawCard({ report }: { report: ScalingReport }) {
  const [x, setX] = useState<"log" | "linear">("log");
  const [y, setY] = useState<"log" | "linear">("log");
  const { set, law } = report;
  const draw = useCallback(
    (width: number) => scalingPlot(lawPlotData(report, { x: x === "log", y: y === "log" }), { width, height: 420 }),
    [report, x, y],
  );
  const labels = labelWords(report);
  const table = useCallback(() => pointsTable(report), [report]);
  return (
    <ChartCard
      title={law.fit.form === "D" ? "Entropy against data" : "Entropy against size"}
      sub={`${LOOKS[set.system].label}, ${set.measure.replace("contrastive entropy, ", "")}; N of ${set.size}`}
      name="law"
      draw={draw}
      table={table}
      end={
        <>
          <Segmented
            label="Horizontal axis"
            value={x}
            onChange={setX}
            options={AXES.map((a) => ({ ...a, label: `${a.label} x` }))}
          />
          <Segmented
            label="Vertical axis"
            value={y}
            onChange={setY}
            options={AXES.map((a) => ({ ...a, label: `${a.label} y` }))}
          />
        </>
      }
      caption={
        <>
          {law.samples > 0 ? (
            <>
              <b>Shaded:</b> 95 % of {law.samples} fits, {law.method}. <b>Hatched:</b> beyond the fitted sizes.{" "}
              <b>Hollow:</b> held out.{" "}
            </>
          ) : null}
          {labels ? `${labels} ` : ""}
          {set.pool ? `Negatives: documents ${set.pool}. ` : ""}
          {set.left.join(" ")}
        </>
      }
    />
  );
}
