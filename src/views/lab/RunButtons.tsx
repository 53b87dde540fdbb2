import { useEffect } from "react";
import { duration } from "../../charts/words";
import { useLab, useLabStore } from "../../state/context";
import { isCpu } from "../../state/device";
import { currentStage } from "../../state/stages";
import { Button } from "../parts/Button";
import { useControls } from "./useControls";

/** Run, and once it runs: pause, step, finish the stage, stop. */
export function RunButtons({ readOnly }: { readOnly: boolean }) {
  const c = useControls();
  return (
    <div className="foot">
      <div className={c.active ? "row two" : "row"}>
        <MainButton controls={c} />
        {c.active ? (
          <Button icon="stop" isDisabled={c.busy || readOnly} onPress={c.stop}>
            Stop
          </Button>
        ) : null}
      </div>
      {c.active ? (
        <div className="row two">
          <Button icon="step" isDisabled={!c.paused || c.busy || readOnly} onPress={c.step}>
            Step
          </Button>
          <Button icon="finish" isDisabled={c.busy || readOnly} onPress={c.finishStage}>
            Finish stage
          </Button>
        </div>
      ) : null}
      <p>
        {c.why} {c.remedy}
        {c.active ? (
          <>
            <kbd>Space</kbd> pauses.
          </>
        ) : (
          <MemoryWords />
        )}
      </p>
    </div>
  );
}

// A slider that is being dragged asks once it rests.
const REST_MS = 150;

/** What the run would take of the GPU's memory. Where that is too much, the controls say so instead. */
function MemoryWords() {
  const { lab } = useLab();
  const words = useLabStore("lab", (s) => (s.memory && !s.memory.problem ? s.memory.words : null));
  const adapter = useLabStore("device", (s) => s.report?.adapter ?? null);
  useEffect(() => {
    // Without a GPU there is no run.
    if (!adapter) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = () => {
      clearTimeout(timer);
      timer = setTimeout(() => void lab.getState().measureMemory(), REST_MS);
    };
    ask();
    const stop = lab.subscribe((s, before) => {
      if (s.experiment !== before.experiment || s.collection !== before.collection) ask();
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [lab, adapter]);
  // The words are about a GPU's memory.
  return adapter && isCpu(adapter) ? null : words;
}

/**
 * Run, then Pause and Resume: one button in all its roles, and not disabled while a command is on its way, so that whoever
 * pressed it with the keyboard keeps the focus.
 */
function MainButton({ controls: c }: { controls: ReturnType<typeof useControls> }) {
  return (
    <Button
      look="primary"
      icon={c.active && !c.paused ? "pause" : "play"}
      isDisabled={c.active ? c.readOnly : !(c.canRun || c.busy)}
      onPress={c.active ? c.togglePause : c.run}
    >
      {c.active ? (c.paused ? "Resume" : "Pause") : "Run"}
    </Button>
  );
}

/** The same on small screens: a bar that stays in sight. */
export function RunBarSmall() {
  const c = useControls();
  const stages = useLabStore("run", (s) => s.stages);
  const eta = useLabStore("run", (s) => s.etaSeconds);
  const stage = c.active ? currentStage(stages) : null;
  return (
    <section className="mobbar" aria-label="Run">
      {c.active ? (
        <div className="p">
          <span>
            {stage ? `${stage.done} of ${stage.total}` : "Starting"}
            {eta === null ? "" : `, ${duration(eta)} left`}
          </span>
          <div className="bar" aria-hidden="true">
            <i style={{ width: `${stage && stage.total > 0 ? (100 * stage.done) / stage.total : 0}%` }} />
          </div>
        </div>
      ) : (
        <span className="p">{c.why ? `${c.why} ${c.remedy}`.trim() : "Ready"}</span>
      )}
      <MainButton controls={c} />
      {c.active ? (
        <Button icon="stop" isDisabled={c.busy || c.readOnly} onPress={c.stop}>
          Stop
        </Button>
      ) : null}
    </section>
  );
}
