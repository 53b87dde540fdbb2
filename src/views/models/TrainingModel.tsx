/** A language model's training: under way, cut off, or done. */
import { useId, useState } from "react";
import { smoothingSpan } from "../../charts/series";
import { sparkline } from "../../charts/spark";
import { svgReact } from "../../charts/svg";
import { bytes, count, duration, loss } from "../../charts/words";
import { useLab, useLabStore } from "../../state/context";
import type { PretrainReport } from "../../worker/protocol";
import { Alert } from "../parts/Alert";
import { Ask } from "../parts/Ask";
import { Button } from "../parts/Button";
import { Facts } from "./Facts";
import { ExportModel, Use } from "./ModelList";

export function TrainingModel({ report, disabled }: { report: PretrainReport; disabled: boolean }) {
  const { status } = report;
  if (status === "done") return <Done report={report} disabled={disabled} />;
  if (status === "running" || status === "paused") return <UnderWay report={report} disabled={disabled} />;
  if (status === "elsewhere") return <Elsewhere report={report} />;
  return <CutOff report={report} disabled={disabled} />;
}

function Elsewhere({ report }: { report: PretrainReport }) {
  return (
    <>
      <h3>{report.name}</h3>
      <p>
        It is being trained in another tab, which shows how far it is: of {count(report.settings.steps)} steps{" "}
        {report.step > 0 ? `${count(report.step)} were` : "none was"} saved when this was opened. This changes once that
        training ends.
      </p>
      <Curve report={report} />
    </>
  );
}

function UnderWay({ report, disabled }: { report: PretrainReport; disabled: boolean }) {
  const { pretrain } = useLab();
  const busy = useLabStore("pretrain", (s) => s.busy);
  const { pause, resume, stop } = pretrain.getState();
  const { step, doing, status, etaSeconds, settings } = report;
  const paused = status === "paused";
  const left = etaSeconds === null || paused ? "" : `, about ${duration(etaSeconds)} left`;
  const share = step / settings.steps;
  const id = useId();
  return (
    <>
      <h3>{report.name}</h3>
      <div className="progress one">
        <p className="help" id={id}>
          {paused ? "Paused. " : ""}
          {doing
            ? `${doing[0]!.toUpperCase()}${doing.slice(1)}`
            : `Step ${count(step)} of ${count(settings.steps)}${left}`}
        </p>
        <div
          className="bar"
          role="progressbar"
          aria-labelledby={id}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(100 * share)}
        >
          <i style={{ width: `${100 * share}%` }} />
        </div>
      </div>
      <Curve report={report} />
      <p className="help">It goes on when this window is closed. After a reload it can be gone on with.</p>
      <div className="acts">
        <Button
          icon={paused ? "play" : "pause"}
          isDisabled={disabled || busy}
          onPress={() => void (paused ? resume() : pause())}
        >
          {paused ? "Resume" : "Pause"}
        </Button>
        <Button icon="stop" isDisabled={disabled || busy} onPress={() => void stop()}>
          Stop
        </Button>
      </div>
    </>
  );
}

function CutOff({ report, disabled }: { report: PretrainReport; disabled: boolean }) {
  const { pretrain } = useLab();
  const busy = useLabStore("pretrain", (s) => s.busy);
  const [asking, setAsking] = useState(false);
  const { goOn, drop } = pretrain.getState();
  return (
    <>
      <h3>{report.name}</h3>
      <p>
        Not finished: {count(report.step)} of {count(report.settings.steps)} steps are done and kept.
      </p>
      <Curve report={report} />
      {report.error ? <Alert report={report.error} /> : null}
      <div className="acts">
        <Button look="primary" icon="play" isDisabled={disabled || busy} onPress={() => void goOn()}>
          Go on
        </Button>
        <Button icon="trash" isDisabled={disabled || busy} onPress={() => setAsking(true)}>
          Delete it
        </Button>
      </div>
      <Ask
        title={`Delete ${report.name}?`}
        open={asking}
        action="Delete"
        onClose={() => setAsking(false)}
        onYes={() => void drop()}
      >
        <p>What it has learned so far is lost.</p>
      </Ask>
    </>
  );
}

function Done({ report, disabled }: { report: PretrainReport; disabled: boolean }) {
  const { pretrain } = useLab();
  const { stored } = report;
  return (
    <>
      <h3>{report.name}</h3>
      <p role="status">Trained and kept here, with a model card.</p>
      <Curve
        report={report}
        more={
          stored
            ? [
                ["Parameters", count(stored.parameters)],
                ["Folder", `${bytes(stored.bytes)}: weights, configuration, tokenizer, model card`],
              ]
            : []
        }
      />
      <div className="acts">
        {stored ? (
          <>
            <Use reference={stored.reference} name={stored.name} disabled={disabled} long />
            <ExportModel reference={stored.reference} name={stored.name} />
          </>
        ) : null}
        <Button onPress={pretrain.getState().putAside}>Train another</Button>
      </div>
    </>
  );
}

/** The loss as it falls, and the last figures in words. */
function Curve({ report, more = [] }: { report: PretrainReport; more?: readonly [string, string][] }) {
  const { losses, validation, tokensPerSecond, status } = report;
  const last = losses.at(-1);
  const facts: [string, string][] = [];
  if (last) facts.push(["Loss", `${loss(last.loss)} nats a token`]);
  const [first, measured] = [validation[0], validation.at(-1)];
  if (first && measured)
    facts.push([
      "Perplexity",
      `${measured.perplexity.toFixed(1)} on held-out text at step ${count(measured.step)}${measured.step > 0 ? `; ${first.perplexity.toFixed(1)} before` : ""}`,
    ]);
  if (tokensPerSecond && status === "running") facts.push(["Speed", `${count(tokensPerSecond)} tokens/s`]);
  const points = losses.map((point) => ({ x: point.step, y: point.loss }));
  return (
    <>
      {last ? (
        <div className="lmcurve">
          {svgReact(sparkline(points, { width: 480, height: 72, span: smoothingSpan(last.step) }))}
        </div>
      ) : null}
      <Facts facts={[...facts, ...more]} />
    </>
  );
}
