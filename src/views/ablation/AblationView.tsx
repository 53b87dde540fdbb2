/** The Ablation view: which settings matter, which configuration is best, and what cannot be told from it. */
import { useCallback } from "react";
import { useLab, useLabStore } from "../../state/context";
import { ABLATION_DRAFT } from "../sweeps/draft";
import { SweepPanel } from "../sweeps/SweepPanel";
import { TrialsSource } from "../sweeps/TrialsSource";
import { Ablation } from "./Ablation";
import "../../styles/sweeps.css";

export default function AblationView() {
  const { lab, analyst } = useLab();
  const trials = useLabStore("trials", (s) => s.trials);
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
        <Ablation trials={trials} analyst={analyst} onApply={apply} />
      ) : (
        <div className="runbar">
          <h1>Ablation</h1>
          <p className="changed">Which settings keep most of the teacher, and which do not matter.</p>
        </div>
      )}
      <SweepPanel defaults={ABLATION_DRAFT} />
      <TrialsSource what="A sweep trains the same experiment with different settings: loss weights, temperatures, sizes. Here its trials are compared, each with its interval, and the best is named only where the seeds and queries can tell it from the others." />
    </main>
  );
}
