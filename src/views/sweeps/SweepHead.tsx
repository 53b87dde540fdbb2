import type { ReactNode } from "react";
import { LOOKS } from "../../charts/systems";
import { trialTable } from "../../core/analysis/tables";
import type { Trial } from "../../core/analysis/trial";
import type { SystemName } from "../../core/formats/result";
import type { ErrorReport } from "../../worker/protocol";
import { Alert } from "../parts/Alert";
import { Choice } from "../parts/Choice";
import { ActionMenu } from "../parts/Menu";
import { tableActions } from "./ChartCard";

/** Head of a view of trials: what it shows, of which system and measure, and the trials as files. */
export function SweepHead({
  title,
  words,
  trials,
  systems,
  system,
  onSystem,
  noteOf,
  children,
}: {
  title: string;
  words: ReactNode;
  trials: readonly Trial[];
  systems: readonly SystemName[];
  system: SystemName;
  onSystem: (system: SystemName) => void;
  /** What is to be said of a system in the list. */
  noteOf?: (system: SystemName) => string | undefined;
  /** The choice of the measure. */
  children: ReactNode;
}) {
  return (
    <div className="runbar">
      <h1>{title}</h1>
      <p className="changed">{words}</p>
      <div className="end">
        <Choice
          label="System"
          value={system}
          options={systems.map((id) => ({ id, label: LOOKS[id].label, note: noteOf?.(id) }))}
          onChange={onSystem}
        />
        {children}
        <ActionMenu
          label="All trials"
          icon="download"
          actions={tableActions(() => trialTable(trials, systems), "trials")}
        />
      </div>
    </div>
  );
}

/** What stands under the head: an error, the answer, or that it is on its way. */
export function SweepAnswer<T>({
  report,
  stale,
  error,
  waiting,
  children,
}: {
  report: T | null;
  stale: boolean;
  error: ErrorReport | null;
  /** What is being done, while there is no answer yet. */
  waiting: string;
  children: (report: T) => ReactNode;
}) {
  return (
    <>
      {error ? <Alert report={error} /> : null}
      {report ? (
        <div className="sweep" aria-busy={stale}>
          {children(report)}
        </div>
      ) : error ? null : (
        <p className="empty" aria-live="polite">
          {waiting}
        </p>
      )}
    </>
  );
}
