import { useCallback, useMemo, useState } from "react";
import { paretoChart } from "../../charts/paretoChart";
import { COSTS, type Cost, costsOf, qualityData, sizeNames } from "../../charts/scalingData";
import { LOOKS } from "../../charts/systems";
import { metricsOf, type Trial } from "../../core/analysis/trial";
import type { Cell, Table } from "../../core/formats/export";
import type { SystemName } from "../../core/formats/result";
import { Choice } from "../parts/Choice";
import { ChartCard } from "../sweeps/ChartCard";

const SHORT: Record<Cost, string> = {
  queryFlops: "query cost",
  n: "size",
  compute: "compute",
  d: "data",
  latency: "latency",
};

/** Quality of every system against what it costs, with the Pareto front. */
export function QualityCard({ trials, systems }: { trials: readonly Trial[]; systems: readonly SystemName[] }) {
  const metrics = useMemo(
    () => [...new Set(systems.flatMap((s) => metricsOf(trials, s)))].filter((m) => !m.startsWith("contrastive")),
    [trials, systems],
  );
  const [wanted, setMetric] = useState("recall@10");
  const metric = metrics.includes(wanted) ? wanted : (metrics[0] ?? "recall@10");
  const costs = useMemo(() => costsOf(trials), [trials]);
  const [wantedCost, setCost] = useState<Cost>("queryFlops");
  const cost = costs.includes(wantedCost) ? wantedCost : (costs[0] ?? "queryFlops");
  const data = useMemo(() => qualityData(trials, metric, cost), [trials, metric, cost]);
  const labels = useMemo(() => sizeNames(trials).settings, [trials]);
  const draw = useCallback((width: number) => paretoChart(data, { width, height: 280 }), [data]);
  const table = useCallback(
    (): Table => ({
      columns: ["system", "configuration", COSTS[cost], metric, "lowest seed", "highest seed", "on the front"],
      rows: data.points.map((p, i): Cell[] => [
        p.system,
        p.label ?? LOOKS[p.system].label,
        p.cost,
        p.quality,
        p.low ?? null,
        p.high ?? null,
        data.front.includes(i) ? "yes" : "no",
      ]),
    }),
    [data, cost, metric],
  );
  return (
    <ChartCard
      title="Quality against cost"
      name="quality"
      draw={draw}
      table={table}
      end={
        <>
          <Choice
            label="Measure"
            value={metric}
            options={metrics.map((m) => ({ id: m, label: m }))}
            onChange={setMetric}
          />
          <Choice
            label="Cost"
            value={cost}
            options={costs.map((id) => ({ id, label: SHORT[id], note: COSTS[id] }))}
            onChange={setCost}
          />
        </>
      }
      caption={
        <>
          <b>Thick line:</b> the Pareto front, which nothing beats at its cost. Lines: from the lowest to the highest
          seed.{labels ? ` Labels: ${labels}.` : ""}
        </>
      }
    />
  );
}
