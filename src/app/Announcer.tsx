import { useEffect, useState } from "react";
import { loss, percent } from "../charts/words";
import { useLab } from "../state/context";
import { underWay } from "../state/run";
import { currentStage } from "../state/stages";
import { STAGE_WORDS } from "./stageWords";

const EVERY_MS = 5000;

/** Says how the run is doing to those who do not see it: politely, and at most once in five seconds. */
export function Announcer() {
  const { run } = useLab();
  const [words, setWords] = useState("");
  useEffect(() => {
    let before = "";
    const timer = setInterval(() => {
      const s = run.getState();
      if (s.mode !== "live") return;
      const stage = currentStage(s.stages);
      const last = stage?.losses.at(-1);
      const now = underWay(s)
        ? `${s.status === "paused" ? "Paused. " : ""}${stage ? `${STAGE_WORDS[stage.name]}, ${percent(stage.total > 0 ? stage.done / stage.total : 0, 0)}` : "Starting"}${last ? `, loss ${loss(last.loss)}` : ""}.`
        : `The run is ${s.status}.`;
      if (now !== before) setWords(now);
      before = now;
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [run]);
  return (
    <p className="sr" role="status" aria-live="polite">
      {words}
    </p>
  );
}
