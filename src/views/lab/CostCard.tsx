import { memo, useMemo, useRef, useState } from "react";
import { costChart } from "../../charts/cost";
import { svgReact } from "../../charts/svg";
import { LOOKS } from "../../charts/systems";
import { useLabStore } from "../../state/context";
import { pictureActions } from "../parts/download";
import { ActionMenu } from "../parts/Menu";
import { Segmented } from "../parts/Segmented";
import { useWidth } from "../parts/useWidth";
import { ExampleChip } from "./ExampleChip";

/** What is kept of the teacher's recall, against what a query costs. */
export const CostCard = memo(function CostCard() {
  const result = useLabStore("run", (s) => s.result);
  const [wanted, setWanted] = useState<"flops" | "encode">("flops");
  const holder = useRef<HTMLDivElement>(null);
  const width = useWidth(holder);
  const software = result?.adapter.software ?? true;
  const by = software ? "flops" : wanted;
  const chart = useMemo(
    () =>
      costChart(
        (result?.systems ?? []).map((s) => ({
          system: s.name,
          cost: by === "flops" ? s.queryFlops : s.encodeMs,
          retention: s.retention,
        })),
        { width: Math.max(260, width), height: 220, title: by === "flops" ? "FLOPs a query" : "encoding alone, ms" },
      ),
    [result, by, width],
  );
  return (
    <section className="card" aria-labelledby="cost-title">
      <header>
        <h2 id="cost-title">Retention against cost</h2>
        <ExampleChip />
        <div className="end">
          <Segmented
            label="Cost"
            value={by}
            onChange={setWanted}
            options={[
              { id: "flops", label: "FLOPs" },
              { id: "encode", label: "encode", disabled: software },
            ]}
          />
          <ActionMenu
            label="Save the cost chart"
            small
            icon="download"
            disabled={!result}
            actions={pictureActions(holder, "retention")}
          />
        </div>
      </header>
      <div className="panels" ref={holder}>
        {width > 0 ? svgReact(chart.svg) : null}
      </div>
      {result && chart.left.length > 0 ? (
        <p className="caption">
          Not on this axis: {chart.left.map((n) => LOOKS[n].label).join(", ")} (no such cost).
          {software ? " Times on a CPU adapter are not latencies, so FLOPs are shown." : ""}
        </p>
      ) : null}
    </section>
  );
});
