/** Sweeps in this browser: a new one and the queue of the one that has trials left; below the results what is stored. */
import { useEffect, useRef, useState } from "react";
import { useLab, useLabStore } from "../../state/context";
import { sweepUnderWay } from "../../state/sweeps";
import { Alert } from "../parts/Alert";
import { Button } from "../parts/Button";
import { ArtifactsCard } from "./ArtifactsCard";
import type { Draft } from "./draft";
import { NewSweep } from "./NewSweep";
import { QueueCard } from "./QueueCard";
import { ReadyList } from "./ReadyList";
import { SweepList } from "./SweepList";

/** Whether the sweep on show has nothing left to do. */
const useDone = () => useLabStore("sweeps", (s) => s.list?.find(({ id }) => id === s.openId)?.status === "done");

/** @param defaults what a new sweep begins with */
export function SweepPanel({ defaults }: { defaults: Draft }) {
  const { sweeps } = useLab();
  const owner = useLabStore("lock", (s) => s.owner);
  const error = useLabStore("sweeps", (s) => s.error);
  const active = useLabStore("sweeps", sweepUnderWay);
  const done = useDone();
  const [open, setOpen] = useState<"new" | "ready" | null>(null);
  const place = useRef<HTMLDivElement>(null);
  const close = () => {
    setOpen(null);
    place.current?.focus();
  };
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
      {/* Takes the keyboard's focus when the form goes away. */}
      <div ref={place} tabIndex={-1}>
        {open === "new" ? (
          <NewSweep defaults={defaults} onClose={close} />
        ) : open === "ready" ? (
          <ReadyList onClose={close} />
        ) : (
          <div className="acts">
            <Button
              look={active ? "" : "primary"}
              icon="play"
              isDisabled={owner !== "here" || active !== null}
              onPress={() => setOpen("new")}
            >
              New sweep
            </Button>
            <Button onPress={() => setOpen("ready")}>Ready-made experiments</Button>
          </div>
        )}
      </div>
      {done ? null : <QueueCard />}
    </>
  );
}

/** What is stored of sweeps. */
export function SweepShelf() {
  const done = useDone();
  return (
    <div className="cols queue-and-list">
      {done ? <QueueCard /> : null}
      <div className="sweepside">
        <SweepList />
      </div>
      <div className="sweepside">
        <ArtifactsCard />
      </div>
    </div>
  );
}
