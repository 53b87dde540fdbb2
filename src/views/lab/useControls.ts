import { useLab, useLabStore } from "../../state/context";
import { trainingModel } from "../../state/pretrain";
import { underWay } from "../../state/run";
import { sweepUnderWay } from "../../state/sweeps";

const SWEEPING = "A sweep is under way: stop it first, or wait for its end.";

/** What can be done with the run now, and why not where it cannot. Buttons, keys and the bar on small screens share it. */
export function useControls() {
  const app = useLab();
  const sweeping = useLabStore("sweeps", (s) => sweepUnderWay(s) !== null);
  const status = useLabStore("run", (s) => s.status);
  const mode = useLabStore("run", (s) => s.mode);
  const busy = useLabStore("run", (s) => s.busy);
  const owner = useLabStore("lock", (s) => s.owner);
  const adapter = useLabStore("device", (s) => s.report?.adapter ?? null);
  const opening = useLabStore("device", (s) => s.report === null || s.opening);
  const collectionError = useLabStore("lab", (s) => s.collectionError);
  const needsFiles = useLabStore("lab", (s) => s.experiment.data.source === "files" && s.collection === null);
  const tooLarge = useLabStore("lab", (s) => s.memory?.problem ?? null);
  const modelTraining = useLabStore("pretrain", trainingModel);
  const active = underWay({ mode, status });
  const why = active
    ? "Changes apply to the next run."
    : owner === "elsewhere"
      ? "Another tab of this page owns training; this one is read-only until that tab is closed."
      : opening
        ? "Opening the GPU."
        : adapter === null
          ? "Training needs WebGPU. Recorded and stored runs can be looked at."
          : modelTraining
            ? "A language model is being trained: see Choose a model."
            : needsFiles
              ? "Choose your data first."
              : collectionError
                ? "The collection could not be read."
                : tooLarge
                  ? tooLarge.message
                  : "";
  return {
    active,
    paused: active && status === "paused",
    busy,
    canRun:
      !active &&
      owner === "here" &&
      adapter !== null &&
      !opening &&
      !modelTraining &&
      !sweeping &&
      !needsFiles &&
      !tooLarge &&
      !busy,
    readOnly: owner === "elsewhere",
    why: sweeping && !active ? SWEEPING : why,
    /** What to do about `why`, where that is not plain. */
    remedy: tooLarge && why === tooLarge.message ? tooLarge.remedy : "",
    run() {
      if (busy) return;
      const { lab, run, recorded } = app;
      recorded.getState().pause();
      const { experiment, name } = lab.getState();
      void run.getState().start(experiment, name);
      lab.getState().nextName();
    },
    togglePause() {
      if (busy) return;
      const { status, pause, resume } = app.run.getState();
      void (status === "paused" ? resume() : pause());
    },
    step: () => void app.run.getState().step(),
    finishStage: () => void app.run.getState().finishStage(),
    stop: () => void app.run.getState().stop(),
  };
}
