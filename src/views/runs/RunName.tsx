import { useEffect, useRef, useState } from "react";
import { useLab } from "../../state/context";
import type { RunSummary } from "../../worker/protocol";
import { Button } from "../parts/Button";

/** A run's name: opens it; the pencil turns it into a field. */
export function RunName({ run, selected, onOpen }: { run: RunSummary; selected: boolean; onOpen: () => void }) {
  const { runs } = useLab();
  const [editing, setEditing] = useState(false);
  const dropped = useRef(false);
  // The field goes with the focus in it: then the pencil that opened it takes the focus back.
  const byKey = useRef(false);
  const pencil = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (editing || !byKey.current) return;
    byKey.current = false;
    pencil.current?.focus();
  }, [editing]);
  if (editing)
    return (
      <input
        className="input name"
        defaultValue={run.name}
        aria-label={`New name of ${run.name}`}
        // biome-ignore lint/a11y/noAutofocus: the field takes the place of the button that was just pressed.
        autoFocus
        maxLength={60}
        onKeyDown={(e) => {
          if (e.key !== "Enter" && e.key !== "Escape") return;
          // The focus moves to the pencil while the key is still down: it must not press it.
          e.preventDefault();
          dropped.current = e.key === "Escape";
          byKey.current = true;
          e.currentTarget.blur();
        }}
        onBlur={(e) => {
          setEditing(false);
          if (!dropped.current) void runs.getState().rename(run.id, e.currentTarget.value);
          dropped.current = false;
        }}
      />
    );
  return (
    <span className={selected ? "run selected" : "run"}>
      <button type="button" className="linkbtn" onClick={onOpen} {...(selected ? { "aria-current": true } : {})}>
        {run.name}
      </button>
      <Button ref={pencil} icon="edit" look="quiet" label={`Rename ${run.name}`} onPress={() => setEditing(true)} />
    </span>
  );
}
