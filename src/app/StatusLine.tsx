import { bytes, count, plain } from "../charts/words";
import { useLabStore } from "../state/context";
import { isCpu } from "../state/device";
import { trainingModel } from "../state/pretrain";
import { underWay } from "../state/run";
import { currentStage, lastLoss } from "../state/stages";
import { sweepUnderWay } from "../state/sweeps";

/** The device in words, its memory, the speed, what is saved; at the right what explains surprises. */
export function StatusLine() {
  const report = useLabStore("device", (s) => s.report);
  const opening = useLabStore("device", (s) => s.opening);
  const training = useLabStore("run", underWay);
  const model = useLabStore("pretrain", (s) => (trainingModel(s) ? s.report : null));
  const paused = useLabStore("run", (s) => (model ?? s).status === "paused");
  const stages = useLabStore("run", (s) => s.stages);
  const saved = useLabStore("run", (s) => s.saved);
  const owner = useLabStore("lock", (s) => s.owner);
  const doing = useLabStore("run", (s) => s.doing);
  const seed = useLabStore("run", (s) => s.experiment?.seed ?? null);
  const replaying = useLabStore("recorded", (s) => s.playing);
  const sweep = useLabStore("sweeps", (s) => sweepUnderWay(s)?.status ?? null);
  const adapter = report?.adapter ?? null;
  const point = training ? lastLoss(stages) : null;
  const stage = training ? currentStage(stages) : null;
  const speed = stage && stage.seconds > 0 && stage.done > 0 ? stage.done / stage.seconds : 0;
  return (
    <footer className="status">
      <span className="lead">
        <i
          className={adapter ? "dot" : report?.problem && report.problem.kind !== "no-webgpu" ? "dot bad" : "dot off"}
        />
        <span>
          {opening || report === null
            ? "Getting ready"
            : adapter === null
              ? replaying
                ? "No GPU in this browser: replaying a recorded run"
                : report.problem && report.problem.kind !== "no-webgpu"
                  ? "The GPU is not there any more"
                  : "No GPU in this browser"
              : `${training || model ? (paused ? "Paused" : "Training") : "Ready"} on ${isCpu(adapter) ? "the" : adapter.software ? "a CPU standing in for a GPU" : "your GPU"} `}
          {adapter ? <b>{adapter.description}</b> : null}
        </span>
      </span>
      {point ? (
        <span>
          Memory <b>{bytes(point.gpuBytes)}</b>
        </span>
      ) : null}
      {training && doing ? (
        <span>{doing[0]!.toUpperCase() + doing.slice(1)}</span>
      ) : training ? (
        <span>
          <b>{speed > 0 ? plain(Number(speed.toPrecision(3))) : "–"}</b>{" "}
          {stage?.name === "index" ? "documents/s" : stage?.name === "evaluation" ? "queries/s" : "steps/s"}
          {point && point.tokensPerSecond > 0 ? `, ${count(point.tokensPerSecond)} tokens/s` : ""}
        </span>
      ) : model ? (
        <span>
          Language model {model.name}: step <b>{count(model.step)}</b> of {count(model.settings.steps)}
        </span>
      ) : (
        <span>{sweep === "paused" ? "A sweep is paused" : sweep ? "A sweep is under way" : "Nothing is training"}</span>
      )}
      {saved && training ? (
        <span>
          Checkpoint at step <b>{count(saved.step)}</b>
        </span>
      ) : null}
      <span className="end">
        {owner === "elsewhere" ? <span>Read only: another tab owns training</span> : null}
        {adapter?.software ? <span>Times here are CPU times, not latencies</span> : null}
        {seed !== null ? <span>Seed {seed}: same seed, same run</span> : null}
      </span>
    </footer>
  );
}
