import { useLab, useLabStore } from "../../state/context";
import { resumable } from "../../state/run";
import { Alert } from "../parts/Alert";
import { Button } from "../parts/Button";
import { ComparisonCard } from "./ComparisonCard";
import { CostCard } from "./CostCard";
import { LossCard } from "./LossCard";
import { NoWebGpu } from "./NoWebGpu";
import { noticeWords } from "./notices";
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
  // A GPU that was lost comes back; the record is for browsers that have none.
  const noGpu = useLabStore("device", (s) => s.report?.problem?.kind === "no-webgpu");
  const { readOnly } = useControls();
  return (
    <div className="labview">
      <SettingsPanel readOnly={readOnly} />
      <main className={mode === "example" ? "main example" : "main"} id="main" tabIndex={-1}>
        <NoWebGpu />
        {noGpu ? <ReplayBar /> : null}
        <RunHeading />
        <Notices />
        <ImportProblem />
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
    <Alert
      kind="warn"
      report={{ message: "Some settings were changed to fit", remedy: "" }}
      list={[...new Set(notices.map(noticeWords))]}
    >
      <Button onPress={() => lab.getState().dismissNotices()}>Close</Button>
    </Alert>
  );
}

/** A link may name a run to import: where that fails, it is told where the link leads. */
function ImportProblem() {
  const { runs } = useLab();
  const error = useLabStore("runs", (s) => s.error);
  return error ? (
    <Alert report={error}>
      <Button onPress={() => runs.getState().dismiss()}>Close</Button>
    </Alert>
  ) : null;
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
  // Its row may still say that it runs: a worker that died could not write there.
  const canResume = ended && stored !== undefined && resumable({ ...stored, status });
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
