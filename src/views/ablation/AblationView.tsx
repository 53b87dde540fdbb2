/** The Ablation view: which settings matter, which configuration is best, and what cannot be told from it. */
import { useCallback, useMemo } from "react";
import type { PendingCell } from "../../charts/ablationSlices";
import { percent } from "../../charts/words";
import { keyOf } from "../../core/analysis/groups";
import { lookOf } from "../../core/experiments";
import { useLab, useLabStore } from "../../state/context";
import { ABLATION_DRAFT } from "../sweeps/draft";
import { SweepPage } from "../sweeps/SweepPage";
import { SweepPanel } from "../sweeps/SweepPanel";
import { useWhyNot } from "../sweeps/useWhyNot";
import { Ablation } from "./Ablation";
import { LiveNorms } from "./LiveNorms";
import "../../styles/sweeps.css";
import "../../styles/sweepPanel.css";

export default function AblationView() {
  const { lab, analyst } = useLab();
  const trials = useLabStore("trials", (s) => s.trials);
  const look = useLabStore("trials", (s) => lookOf(s.trials[0]?.sweep ?? null, "ablation"));
  const pending = usePending();
  const apply = useCallback(
    (assignments: Record<string, number | string | boolean>) => {
      // The rest of its experiment goes with it: other steps or sizes on the form would make another configuration of it.
      const key = keyOf(assignments);
      lab.getState().apply(assignments, trials.find((trial) => keyOf(trial.assignments) === key)?.config);
      location.hash = "#/lab";
    },
    [lab, trials],
  );
  const onRank = useRank();
  const panel = (
    <>
      <SweepPanel defaults={ABLATION_DRAFT} />
      <LiveNorms />
    </>
  );
  return (
    <SweepPage
      title="Ablation"
      words="Which settings keep most of the teacher, and which do not matter."
      about="A sweep trains the same experiment with different settings: loss weights, temperatures, sizes. Here its trials are compared, each with its interval, and the best is named only where the seeds and queries can tell it from the others."
      panel={panel}
    >
      {trials.length > 0 ? (
        <Ablation
          trials={trials}
          analyst={analyst}
          panel={panel}
          pending={pending}
          look={look}
          onApply={apply}
          onRank={onRank}
        />
      ) : null}
    </SweepPage>
  );
}

/** Ranks a trial again, where this tab may compute and nothing else does. */
function useRank(): ((key: string) => Promise<void>) | null {
  const { sweeps } = useLab();
  const owner = useLabStore("lock", (s) => s.owner);
  const free = useWhyNot() === "" && owner === "here";
  return useMemo(() => (free ? (key: string) => sweeps.getState().rank(key) : null), [free, sweeps]);
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
