import { lazy, memo, Suspense, useMemo, useRef, useState } from "react";
import { recallCurves } from "../../charts/curves";
import { useLab, useLabStore } from "../../state/context";
import { pictureActions } from "../parts/download";
import { ActionMenu } from "../parts/Menu";
import { Segmented } from "../parts/Segmented";
import { useWidth } from "../parts/useWidth";
import { curvesAction } from "./curvesAction";
import { ExampleChip } from "./ExampleChip";
import { useFrame } from "./useFrame";

const CurvePanel = lazy(() => import("../../charts/CurvePanel"));

const KS = [1, 5, 10, 20, 50, 100] as const;

/** Recall@k on the validation queries, every training against its own steps. */
export const RecallCard = memo(function RecallCard() {
  const { run } = useLab();
  const version = useFrame(120);
  const [k, setK] = useState("10");
  const holder = useRef<HTMLDivElement>(null);
  const width = useWidth(holder);
  const measured = useMemo(() => {
    void version;
    const found = new Set<string>();
    for (const stage of Object.values(run.getState().stages))
      for (const key of Object.keys(stage.validation.at(-1)?.metrics ?? {})) found.add(key);
    return found;
  }, [run, version]);
  const result = useLabStore("run", (s) => s.result);
  const chart = useMemo(() => {
    void version;
    const bm25 = result?.systems.find((s) => s.name === "bm25")?.metrics[`recall@${k}` as "recall@10"].value ?? null;
    return recallCurves(run.getState().stages, Number(k), { x: false, y: false }, bm25);
  }, [run, version, k, result]);
  return (
    <section className="card" aria-labelledby="recall-title">
      <header>
        <h2 id="recall-title">Recall</h2>
        <ExampleChip />
        <div className="end">
          <Segmented
            tight
            label="Recall at"
            value={k}
            onChange={setK}
            options={KS.map((v) => ({
              id: String(v),
              label: `@${v}`,
              disabled: measured.size > 0 && !measured.has(`recall@${v}`),
            }))}
          />
          <ActionMenu
            label="Save the recall chart"
            small
            icon="download"
            actions={[curvesAction(() => run.getState().stages), ...pictureActions(holder, `recall-at-${k}`)]}
          />
        </div>
      </header>
      <div className="panels" ref={holder}>
        {width > 0 ? (
          <Suspense fallback={<div style={{ height: 240 }} />}>
            <figure>
              <figcaption>Validation queries</figcaption>
              <CurvePanel chart={chart} width={width} height={214} xTitle="step of its own training" />
            </figure>
          </Suspense>
        ) : null}
      </div>
    </section>
  );
});
