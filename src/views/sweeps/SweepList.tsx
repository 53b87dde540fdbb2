/** The sweeps kept in this browser. */
import { useState } from "react";
import { count, counted } from "../../charts/words";
import { useLab, useLabStore } from "../../state/context";
import type { SweepSummary } from "../../worker/protocol";
import { Ask } from "../parts/Ask";
import { Button } from "../parts/Button";
import { saveBlob } from "../parts/download";

const WORDS: Record<SweepSummary["status"], string> = {
  running: "under way",
  paused: "paused",
  done: "done",
  stopped: "stopped",
  interrupted: "cut off",
  failed: "ended early",
};

export function SweepList() {
  const { sweeps } = useLab();
  const list = useLabStore("sweeps", (s) => s.list);
  const openId = useLabStore("sweeps", (s) => s.openId);
  const readOnly = useLabStore("lock", (s) => s.owner !== "here");
  const [doomed, setDoomed] = useState<SweepSummary | null>(null);
  const save = async (id: string) => {
    const blob = await sweeps.getState().exportTrials(id);
    if (blob) saveBlob(blob, "trials.jsonl");
  };
  if (!list || list.length === 0) return null;
  return (
    <section className="card" aria-labelledby="sweeps-title">
      <header>
        <h2 id="sweeps-title">Sweeps</h2>
        <span className="sub">kept in this browser</span>
      </header>
      <ul className="queue sweeplist">
        {list.map((row) => (
          <li key={row.id}>
            <span>
              <b>{row.name}</b>, {count(row.finished)} of {counted(row.total, "trial")}, {WORDS[row.status]}
            </span>
            <span className="end">
              <Button
                look="quiet"
                isDisabled={row.id === openId && row.finished === 0}
                aria-label={`Show ${row.name}`}
                onPress={() => void sweeps.getState().open(row.id)}
              >
                Show
              </Button>
              <Button
                look="quiet"
                icon="download"
                label={`Save trials.jsonl of ${row.name}`}
                isDisabled={row.finished === 0}
                onPress={() => void save(row.id)}
              />
              <Button
                look="quiet"
                icon="trash"
                label={`Delete ${row.name}`}
                isDisabled={readOnly || row.status === "running" || row.status === "paused"}
                onPress={() => setDoomed(row)}
              />
            </span>
          </li>
        ))}
      </ul>
      <Ask
        title={`Delete ${doomed?.name ?? ""}?`}
        open={doomed !== null}
        action="Delete"
        onClose={() => setDoomed(null)}
        onYes={() => doomed && void sweeps.getState().remove(doomed.id)}
      >
        <p>
          {doomed && doomed.finished > 0
            ? `Its ${counted(doomed.finished, "measured trial")} ${doomed.finished === 1 ? "is" : "are"} lost.`
            : "Nothing of it was measured yet."}{" "}
          Towers and vectors stay in the store beside it.
        </p>
      </Ask>
    </section>
  );
}
