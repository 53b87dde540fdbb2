import { useLab, useLabStore } from "../../state/context";
import { resumable } from "../../state/run";
import { Alert } from "../parts/Alert";
import { Button } from "../parts/Button";
import { ComparisonCard } from "./ComparisonCard";
import { CostCard } from "./CostCard";
import { LossCard } from "./LossCard";
import { NoWebGpu } from "./NoWebGpu";
import { Pipeline } from "./Pipeline";
import { RecallCard } from "./RecallCard";
import { ReplayBar } from "./ReplayBar";
import { ResultCard } from "./ResultCard";
import { RunBarSmall } from "./RunButtons";
import { RunHeading } from "./RunHeading";
import { SettingsPanel } from "./SettingsPanel";
import { useControls } from "./useControls";

/** The experiment: settings at the side, the pipeline and what comes out of it in the middle. */
export default function LabView() {
  const mode = useLabStore("run", (s) => s.mode);
  const noGpu = useLabStore("device", (s) => s.report !== null && s.report.adapter === null);
  const { readOnly } = useControls();
  return (
    <div className="labview">
      <SettingsPanel readOnly={readOnly} />
      <main className={mode === "example" ? "main example" : "main"} id="main" tabIndex={-1}>
        <NoWebGpu />
        {noGpu ? <ReplayBar /> : null}
        <RunHeading />
        <Notices />
        <RunProblem />
        <Pipeline />
        <div className="cols">
          <LossCard />
          <RecallCard />
        </div>
        <ResultCard />
        <CostCards />
      </main>
      <RunBarSmall />
    </div>
  );
}

/** Cost and paired comparisons: nothing to draw before there are results. */
function CostCards() {
  const some = useLabStore("run", (s) => s.result !== null);
  return some ? (
    <div className="cols">
      <CostCard />
      <ComparisonCard />
    </div>
  ) : null;
}

/** Settings that a link or a field had to have changed. */
function Notices() {
  const { lab } = useLab();
  const notices = useLabStore("lab", (s) => s.notices);
  if (notices.length === 0) return null;
  return (
    <Alert kind="warn" report={{ message: "Some settings were changed to fit", remedy: notices.join(" ") }}>
      <Button onPress={() => lab.getState().dismissNotices()}>Good</Button>
    </Alert>
  );
}

/** What stopped the run, what is safe, and how to go on. */
function RunProblem() {
  const app = useLab();
  const error = useLabStore("run", (s) => s.error);
  const status = useLabStore("run", (s) => s.status);
  const runId = useLabStore("run", (s) => s.runId);
  const saved = useLabStore("run", (s) => s.saved);
  const list = useLabStore("runs", (s) => s.list);
  const lost = useLabStore("device", (s) => s.report !== null && s.report.adapter === null);
  const { readOnly } = useControls();
  const stored = list?.find((r) => r.id === runId);
  const ended = status === "interrupted" || status === "stopped" || status === "failed";
  const canResume = ended && stored !== undefined && resumable(stored);
  if (!error && !canResume) return null;
  const safe = saved ? ` Your work up to step ${saved.step} is saved.` : "";
  const report = error
    ? { message: error.message, remedy: `${error.remedy}${safe}` }
    : {
        message: `${stored?.name ?? "This run"} was ${status}`,
        remedy: "Its last checkpoint is kept: it can go on from there, with the settings it began with.",
      };
  const resume = async () => {
    if (!stored) return;
    if (app.device.getState().report?.adapter || (await app.recover())) await app.run.getState().resumeRun(stored);
  };
  return (
    <Alert report={report} kind={error ? "bad" : "warn"}>
      {canResume ? (
        <Button look="primary" icon="play" isDisabled={readOnly} onPress={() => void resume()}>
          Resume from the checkpoint
        </Button>
      ) : lost ? (
        <Button look="primary" onPress={() => void app.recover()}>
          Open the GPU again
        </Button>
      ) : null}
      {error ? <Button onPress={() => app.run.getState().dismiss()}>Close</Button> : null}
    </Alert>
  );
}
