/** Where the trials on show come from, and how to load others. */
import { useMemo } from "react";
import { leftOut } from "../../charts/sweepWords";
import { counted } from "../../charts/words";
import { useLab, useLabStore } from "../../state/context";
import { Alert } from "../parts/Alert";
import { Button } from "../parts/Button";
import { Drop } from "../parts/Drop";

export function TrialsSource({ what }: { what: string }) {
  const { trials: store } = useLab();
  const trials = useLabStore("trials", (s) => s.trials);
  const name = useLabStore("trials", (s) => s.name);
  const failed = useLabStore("trials", (s) => s.failed);
  const left = useMemo(() => leftOut(trials, failed).join(" "), [trials, failed]);
  const error = useLabStore("trials", (s) => s.error);
  const busy = useLabStore("trials", (s) => s.busy);
  const drop = (
    <Drop
      label="Trials"
      accept=".jsonl,.ndjson,.gz,.zip"
      folders={false}
      disabled={busy}
      onFiles={(files) => void store.getState().open(files)}
    >
      {busy
        ? "Reading."
        : name === null
          ? "Drop the trials.jsonl of a sweep here, or"
          : "Other trials: drop their file, or"}
    </Drop>
  );
  return (
    <>
      {error ? (
        <Alert report={error}>
          <Button onPress={() => store.getState().dismiss()}>Close</Button>
        </Alert>
      ) : null}
      {name === null ? (
        <section className="card empty" aria-labelledby="no-trials">
          <h2 id="no-trials">No trials to show</h2>
          <p>{what}</p>
          <p className="mut">
            Start a new sweep above, or show one from elsewhere: <code>npm run lab -- sweep</code> writes one line a
            trial into <code>trials.jsonl</code>. The file is read in this browser and goes nowhere else.
          </p>
          {drop}
        </section>
      ) : (
        <div className="source">
          <span>
            <b>{name}</b>, {counted(trials.length, "trial")}
            {left ? `. ${left}` : ""}
          </span>
          {drop}
          <Button look="quiet" icon="close" onPress={() => store.getState().clear()}>
            Close
          </Button>
        </div>
      )}
    </>
  );
}
