import { lazy, memo, Suspense, useMemo, useRef, useState } from "react";
import { lossCurves } from "../../charts/curves";
import { useLab } from "../../state/context";
import { pictureActions } from "../parts/download";
import { ActionMenu } from "../parts/Menu";
import { Segmented } from "../parts/Segmented";
import { useWidth } from "../parts/useWidth";
import { curvesAction } from "./curvesAction";
import { ExampleChip } from "./ExampleChip";
import { useFrame } from "./useFrame";

const CurvePanel = lazy(() => import("../../charts/CurvePanel"));

/** Loss of the four trainings: the three contrastive ones share an axis, distillation has its own. */
export const LossCard = memo(function LossCard() {
  const { run } = useLab();
  const version = useFrame(0);
  const [logY, setLogY] = useState<"log" | "linear">("log");
  const [logX, setLogX] = useState<"log" | "linear">("linear");
  const holder = useRef<HTMLDivElement>(null);
  const width = useWidth(holder);
  const charts = useMemo(() => {
    void version;
    const { stages } = run.getState();
    const log = { x: logX === "log", y: logY === "log" };
    return {
      contrastive: lossCurves(stages, ["teacher", "scalingdoc", "twinbert"], log),
      distillation: lossCurves(stages, ["scalingnote"], log),
    };
  }, [run, version, logX, logY]);
  const narrow = width > 0 && width < 520;
  const left = narrow ? width : Math.floor(width * 0.57);
  const right = narrow ? width : width - left;
  return (
    <section className="card" aria-labelledby="loss-title">
      <header>
        <h2 id="loss-title">Loss</h2>
        <ExampleChip />
        <span className="sub">smoothed over raw</span>
        <div className="end">
          <Segmented
            label="Loss axis"
            value={logY}
            onChange={setLogY}
            options={[
              { id: "log", label: "log y" },
              { id: "linear", label: "linear" },
            ]}
          />
          <Segmented
            label="Step axis"
            value={logX}
            onChange={setLogX}
            options={[
              { id: "linear", label: "step" },
              { id: "log", label: "log x" },
            ]}
          />
          <ActionMenu
            label="Save the loss charts"
            small
            icon="download"
            actions={[curvesAction(() => run.getState().stages), ...pictureActions(holder, "loss")]}
          />
        </div>
      </header>
      <div className={narrow ? "panels narrow" : "panels"} ref={holder}>
        {width > 0 ? (
          <Suspense fallback={<div style={{ height: 240 }} />}>
            <figure>
              <figcaption>Contrastive, end to end</figcaption>
              <CurvePanel chart={charts.contrastive} width={left} height={214} xTitle="step" right={112} />
            </figure>
            <figure>
              <figcaption>Stage 2, distillation</figcaption>
              <CurvePanel chart={charts.distillation} width={right} height={214} xTitle="step" names={false} />
            </figure>
          </Suspense>
        ) : null}
      </div>
    </section>
  );
});
