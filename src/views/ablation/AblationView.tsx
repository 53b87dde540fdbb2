/** The Ablation view: which settings matter, which configuration is best, and what cannot be told from it. */
import { useCallback, useMemo } from "react";
import type { PendingCell } from "../../charts/ablationData";
import { percent } from "../../charts/words";
import { lookOf } from "../../core/experiments";
import { useLab, useLabStore } from "../../state/context";
import { ABLATION_DRAFT } from "../sweeps/draft";
import { SweepPanel, SweepShelf } from "../sweeps/SweepPanel";
import { TrialsSource } from "../sweeps/TrialsSource";
import { Ablation } from "./Ablation";
import "../../styles/sweeps.css";

export default function AblationView() {
  const { lab, analyst } = useLab();
  const trials = useLabStore("trials", (s) => s.trials);
  const look = useLabStore("trials", (s) => lookOf(s.name, "ablation"));
  const pending = usePending();
  const apply = useCallback(
    (assignments: Record<string, number | string | boolean>) => {
      lab.getState().apply(assignments);
      location.hash = "#/lab";
    },
    [lab],
  );
  return (
    <main className="page" id="main" tabIndex={-1}>
      {trials.length > 0 ? (
        <Ablation
          trials={trials}
          analyst={analyst}
          panel={<SweepPanel defaults={ABLATION_DRAFT} />}
          pending={pending}
          look={look}
          onApply={apply}
        />
      ) : (
        <>
          <div className="runbar">
            <h1>Ablation</h1>
            <p className="changed">Which settings keep most of the teacher, and which do not matter.</p>
          </div>
          <SweepPanel defaults={ABLATION_DRAFT} />
        </>
      )}
      <SweepShelf />
      <TrialsSource what="A sweep trains the same experiment with different settings: loss weights, temperatures, sizes. Here its trials are compared, each with its interval, and the best is named only where the seeds and queries can tell it from the others." />
    </main>
  );
}

/** What the sweep on show has still to measure, as its heat map says it. */
function usePending(): PendingCell[] {
  const trials = useLabStore("trials", (s) => s.trials);
  const jobs = useLabStore("sweeps", (s) => (s.shown === trials ? s.jobs : null));
  const at = useLabStore("sweeps", (s) => s.at);
  return useMemo(
    () =>
      (jobs ?? []).flatMap(({ assignments, status }) => {
        if (status === "done" || status === "skipped") return [];
        const part = at && at.total > 0 ? percent(Math.min(1, at.done / at.total), 0) : "starting";
        return [{ assignments, state: { running: part, waiting: "queued", failed: "failed" }[status] }];
      }),
    [jobs, at],
  );
}
