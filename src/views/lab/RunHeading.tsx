import { useMemo } from "react";
import { duration } from "../../charts/words";
import { PRESETS } from "../../core/config/presets";
import { useLabStore } from "../../state/context";
import { totalSeconds } from "../../state/stages";
import { ChangeLine } from "../parts/ChangeLine";
import { nearestPreset } from "./nearestPreset";

/** Which run is shown, and in what it differs from the one before. */
export function RunHeading() {
  const mode = useLabStore("run", (s) => s.mode);
  const name = useLabStore("run", (s) => s.name);
  const runId = useLabStore("run", (s) => s.runId);
  const status = useLabStore("run", (s) => s.status);
  const shown = useLabStore("run", (s) => s.experiment);
  const stages = useLabStore("run", (s) => s.stages);
  const eta = useLabStore("run", (s) => s.etaSeconds);
  const list = useLabStore("runs", (s) => s.list);
  const onForm = useLabStore("lab", (s) => s.experiment);
  const before = list ? list[list.findIndex((r) => r.id === runId) + 1] : undefined;
  const seconds = totalSeconds(Object.values(stages));
  const experiment = shown ?? onForm;
  const near = useMemo(() => nearestPreset(experiment), [experiment]);
  const elsewhere = mode === "stored" && (status === "running" || status === "paused");
  return (
    <div className="runbar">
      <h1>{mode === "none" ? "New run" : name}</h1>
      <button type="button" className="btn only-narrow" onClick={toSettings}>
        Settings
      </button>
      <p className="changed">
        {mode === "example" ? (
          "A recorded example: your own run takes its place when you press Run."
        ) : mode === "replay" ? (
          "A recorded run, step by step."
        ) : before && mode !== "none" ? (
          <>
            Changed since <b>{before.name}</b>: <ChangeLine from={before.experiment} to={experiment} />
          </>
        ) : (
          <>
            Against the preset <b>{PRESETS[near.name].label}</b>: <ChangeLine from={near.preset} to={experiment} />
          </>
        )}
      </p>
      <div className="end">
        {elsewhere ? `${status === "paused" ? "Paused" : "Training"} in another tab, ` : ""}
        {seconds > 0 ? `${duration(seconds)} ${status === "running" ? "so far" : "in all"}` : ""}
        {status === "running" && eta !== null ? `, about ${duration(eta)} left` : ""}
      </div>
    </div>
  );
}

/** Not a link: the address after # belongs to the views. */
function toSettings() {
  document.getElementById("settings")?.scrollIntoView();
}
