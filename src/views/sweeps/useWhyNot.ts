import { useLabStore } from "../../state/context";
import { trainingModel } from "../../state/pretrain";
import { underWay } from "../../state/run";
import { sweepUnderWay } from "../../state/sweeps";

/** Why nothing can be started now that wants the device for itself, in words; "": it can. */
export function useWhyNot(): string {
  const adapter = useLabStore("device", (s) => s.report?.adapter ?? null);
  const running = useLabStore("run", underWay);
  const sweeping = useLabStore("sweeps", (s) => sweepUnderWay(s) !== null);
  const modelTraining = useLabStore("pretrain", trainingModel);
  const owner = useLabStore("lock", (s) => s.owner);
  if (running) return "A run is under way: stop it first, or wait for its end.";
  if (sweeping) return "A sweep is under way: stop it first, or wait for its end.";
  if (modelTraining) return "A language model is being trained: stop it first, or wait for its end.";
  if (owner === "elsewhere") return "Another tab of this page owns training.";
  return adapter === null ? "Training needs WebGPU." : "";
}
