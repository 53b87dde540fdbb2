/** Sweeps in this browser: a new one, the queue of the one on show, those stored, and what is kept for them. */
import { useEffect, useState } from "react";
import { useLab, useLabStore } from "../../state/context";
import { sweepUnderWay } from "../../state/sweeps";
import { Alert } from "../parts/Alert";
import { Button } from "../parts/Button";
import { ArtifactsCard } from "./ArtifactsCard";
import type { Draft } from "./draft";
import { NewSweep } from "./NewSweep";
import { QueueCard } from "./QueueCard";
import { SweepList } from "./SweepList";

/** @param defaults what a new sweep begins with */
export function SweepPanel({ defaults }: { defaults: Draft }) {
  const { sweeps } = useLab();
  const owner = useLabStore("lock", (s) => s.owner);
  const error = useLabStore("sweeps", (s) => s.error);
  const active = useLabStore("sweeps", sweepUnderWay);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    if (owner !== "asking") void sweeps.getState().refresh();
  }, [sweeps, owner]);
  return (
    <>
      {error ? (
        <Alert report={error}>
          <Button onPress={() => sweeps.getState().dismiss()}>Close</Button>
        </Alert>
      ) : null}
      {open ? (
        <NewSweep defaults={defaults} onClose={() => setOpen(false)} />
      ) : (
        <div>
          <Button
            look="primary"
            icon="play"
            isDisabled={owner !== "here" || active !== null}
            onPress={() => setOpen(true)}
          >
            New sweep
          </Button>
        </div>
      )}
      <div className="cols queue-and-list">
        <QueueCard />
        <div className="sweepside">
          <SweepList />
          <ArtifactsCard />
        </div>
      </div>
    </>
  );
}
