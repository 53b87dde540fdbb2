import { duration } from "../../charts/words";
import { useLabStore } from "../../state/context";
import { currentStage } from "../../state/stages";
import { Button } from "../parts/Button";
import { useControls } from "./useControls";

/** Run, and once it runs: pause, step, finish the stage, stop. */
export function RunButtons({ readOnly }: { readOnly: boolean }) {
  const c = useControls();
  return (
    <div className="foot">
      {c.active ? (
        <>
          <div className="row two">
            <Button
              look="primary"
              icon={c.paused ? "play" : "pause"}
              isDisabled={c.busy || readOnly}
              onPress={c.togglePause}
            >
              {c.paused ? "Resume" : "Pause"}
            </Button>
            <Button icon="stop" isDisabled={c.busy || readOnly} onPress={c.stop}>
              Stop
            </Button>
          </div>
          <div className="row two">
            <Button icon="step" isDisabled={!c.paused || c.busy || readOnly} onPress={c.step}>
              Step
            </Button>
            <Button icon="finish" isDisabled={c.busy || readOnly} onPress={c.finishStage}>
              Finish stage
            </Button>
          </div>
        </>
      ) : (
        <div className="row">
          <Button look="primary" icon="play" isDisabled={!c.canRun} onPress={c.run}>
            Run
          </Button>
        </div>
      )}
      <p>
        {c.why}{" "}
        {c.active ? (
          <>
            <kbd>Space</kbd> pauses.
          </>
        ) : null}
      </p>
    </div>
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
        <>
          <div className="p">
            <span>
              {stage ? `${stage.done} of ${stage.total}` : "Starting"}
              {eta === null ? "" : `, ${duration(eta)} left`}
            </span>
            <div className="bar" aria-hidden="true">
              <i style={{ width: `${stage && stage.total > 0 ? (100 * stage.done) / stage.total : 0}%` }} />
            </div>
          </div>
          <Button
            look="primary"
            icon={c.paused ? "play" : "pause"}
            isDisabled={c.busy || c.readOnly}
            onPress={c.togglePause}
          >
            {c.paused ? "Resume" : "Pause"}
          </Button>
          <Button icon="stop" isDisabled={c.busy || c.readOnly} onPress={c.stop}>
            Stop
          </Button>
        </>
      ) : (
        <>
          <span className="p">{c.why || "Ready"}</span>
          <Button look="primary" icon="play" isDisabled={!c.canRun} onPress={c.run}>
            Run
          </Button>
        </>
      )}
    </section>
  );
}
