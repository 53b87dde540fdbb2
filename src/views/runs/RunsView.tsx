import { useState } from "react";
import { bytes, duration, ms, percent, share } from "../../charts/words";
import { useLab, useLabStore } from "../../state/context";
import { resumable } from "../../state/run";
import { totalSeconds } from "../../state/stages";
import type { RunStatus, RunSummary } from "../../worker/protocol";
import { Alert } from "../parts/Alert";
import { Ask } from "../parts/Ask";
import { Button } from "../parts/Button";
import { ChangeLine } from "../parts/ChangeLine";
import { Drop } from "../parts/Drop";
import { Icon, type IconName } from "../parts/icons";
import { ActionMenu } from "../parts/Menu";
import { runExports } from "../parts/runExports";
import { RunName } from "./RunName";

const STATUS: Record<RunStatus, { word: string; icon: IconName }> = {
  running: { word: "Running", icon: "running" },
  paused: { word: "Paused", icon: "pause" },
  done: { word: "Done", icon: "check" },
  stopped: { word: "Stopped", icon: "stop" },
  interrupted: { word: "Interrupted", icon: "warning" },
  failed: { word: "Failed", icon: "warning" },
};

/** The runs kept in this browser. */
export default function RunsView() {
  const app = useLab();
  const list = useLabStore("runs", (s) => s.list);
  const error = useLabStore("runs", (s) => s.error);
  const selectedId = useLabStore("runs", (s) => s.selectedId);
  const readOnly = useLabStore("lock", (s) => s.owner === "elsewhere");
  const [doomed, setDoomed] = useState<RunSummary | null>(null);
  const total = (list ?? []).reduce((sum, r) => sum + r.bytes, 0);
  return (
    <main className="page" id="main" tabIndex={-1}>
      <div className="runbar">
        <h1>Runs</h1>
        <p className="changed">
          {list === null
            ? "Reading the list."
            : `${list.length} ${list.length === 1 ? "run" : "runs"}, kept in this browser${total > 0 ? `: ${bytes(total)}` : ""}.`}
        </p>
      </div>
      {error ? (
        <Alert report={error}>
          <Button onPress={() => app.runs.getState().dismiss()}>Close</Button>
        </Alert>
      ) : null}
      <Drop
        label="Run archive"
        accept=".zip,.json,.jsonl,.trec"
        disabled={readOnly}
        onFiles={(files) =>
          void app.runs
            .getState()
            .importFiles(files)
            .then((run) => run && app.open(run))
        }
      >
        Import a run: drop its .zip or the folder that the command line wrote, or
      </Drop>
      {list && list.length > 0 ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard.
        <section className="card scrollx" tabIndex={0} aria-label="Stored runs">
          <table className="tbl runs cards-s">
            <thead>
              <tr>
                <th scope="col">Run</th>
                <th scope="col" className="l">
                  When
                </th>
                <th scope="col" className="l">
                  State
                </th>
                <th scope="col" className="l">
                  Collection
                </th>
                <th scope="col" className="l">
                  Changed since the run before
                </th>
                <th scope="col">Recall@10</th>
                <th scope="col">Retention</th>
                <th scope="col">p50, ms</th>
                <th scope="col">Took</th>
                <th scope="col">
                  <span className="sr">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {list.map((run, i) => (
                <Row
                  key={run.id}
                  run={run}
                  before={list[i + 1]}
                  selected={run.id === selectedId}
                  readOnly={readOnly}
                  onDelete={() => setDoomed(run)}
                />
              ))}
            </tbody>
          </table>
        </section>
      ) : list ? (
        <p className="empty">No runs yet. Train one in the Lab, or import one.</p>
      ) : null}
      <Ask
        title={`Delete ${doomed?.name ?? "this run"}?`}
        open={doomed !== null}
        action="Delete"
        onClose={() => setDoomed(null)}
        onYes={() => {
          if (!doomed) return;
          // The row goes with the focus in it.
          void app.remove(doomed.id).then(() => document.getElementById("main")?.focus());
        }}
      >
        <p>
          Its settings, curves, results and checkpoints{doomed && doomed.bytes > 0 ? ` (${bytes(doomed.bytes)})` : ""}{" "}
          are removed from this browser. An export, where you made one, stays.
        </p>
      </Ask>
    </main>
  );
}

function Row({
  run,
  before,
  selected,
  readOnly,
  onDelete,
}: {
  run: RunSummary;
  before: RunSummary | undefined;
  selected: boolean;
  readOnly: boolean;
  onDelete: () => void;
}) {
  const app = useLab();
  const { word, icon } = STATUS[run.status];
  const student = run.result?.systems.find((s) => s.name === "scalingnote");
  const seconds = run.result?.seconds ?? totalSeconds(run.stages);
  const busy = run.status === "running" || run.status === "paused";
  const open = () => {
    app.open(run);
    location.hash = "#/lab";
  };
  const resume = async () => {
    app.runs.getState().select(run.id);
    location.hash = "#/lab";
    await app.run.getState().resumeRun(run);
  };
  return (
    <tr className={selected ? "selected" : ""}>
      <th scope="row">
        <RunName run={run} selected={selected} onOpen={open} />
      </th>
      <td className="l when" data-label="When">
        {new Date(run.createdAt).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}
      </td>
      <td className="l" data-label="State">
        <span className={`state ${run.status === "failed" || run.status === "interrupted" ? "interrupted" : ""}`}>
          <Icon name={icon} size={12} />
          {word}
          {run.origin === "here" ? "" : `, ${run.origin}`}
        </span>
      </td>
      <td className="l" data-label="Collection">
        {run.collection}
      </td>
      <td className="l changes" data-label="Changed">
        {before ? (
          <ChangeLine from={before.experiment} to={run.experiment} most={2} />
        ) : (
          <span className="mut">the first</span>
        )}
      </td>
      <td data-label="Recall@10">{share(student?.metrics["recall@10"].value)}</td>
      <td data-label="Retention">{percent(student?.retention.value)}</td>
      <td data-label="p50, ms" className={run.result?.adapter.software ? "cpu" : ""}>
        {run.result?.adapter.software ? "CPU, not a latency" : ms(student?.endToEndMs.p50)}
      </td>
      <td data-label="Took">{seconds > 0 ? duration(seconds) : "–"}</td>
      <td className="acts">
        {resumable(run) ? (
          <Button icon="play" look="quiet" isDisabled={readOnly} onPress={() => void resume()}>
            Resume
          </Button>
        ) : null}
        <ActionMenu label="Export" icon="download" disabled={!run.result} actions={runExports(app, run)} />
        <Button
          icon="trash"
          look="quiet"
          label={busy ? `Delete ${run.name}: stop it first` : `Delete ${run.name}`}
          isDisabled={busy || readOnly}
          onPress={onDelete}
        />
      </td>
    </tr>
  );
}
