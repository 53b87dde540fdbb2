/** A language model of one's own, trained here to start towers from: its form, its progress, and what became of it. */
import { useEffect } from "react";
import { bytes, compact, count, flops } from "../../charts/words";
import {
  LANGUAGE_SIZES,
  type LanguageSize,
  PRETRAIN_DEFAULTS,
  type PretrainField,
  pretrainInfo,
  shapeOf,
  THREADS,
} from "../../core/config/pretrain";
import { useLab, useLabStore } from "../../state/context";
import { underWay } from "../../state/run";
import { NumberControl } from "../lab/controls/NumberControl";
import { Alert } from "../parts/Alert";
import { Button } from "../parts/Button";
import { Choice } from "../parts/Choice";
import { Drop } from "../parts/Drop";
import { Segmented } from "../parts/Segmented";
import { TextInput } from "../parts/TextInput";
import { Facts } from "./Facts";
import { TrainingModel } from "./TrainingModel";

export function TrainModel({ disabled }: { disabled: boolean }) {
  const { pretrain } = useLab();
  const report = useLabStore("pretrain", (s) => s.report);
  const error = useLabStore("pretrain", (s) => s.error);
  useEffect(() => void pretrain.getState().refresh(), [pretrain]);
  return (
    <>
      {report ? <TrainingModel report={report} disabled={disabled} /> : <Form disabled={disabled} />}
      {error ? <Alert report={error} /> : null}
    </>
  );
}

const SIZES: { id: LanguageSize | "own"; label: string; note: string }[] = [
  ...(Object.keys(LANGUAGE_SIZES) as LanguageSize[]).map((id) => ({
    id,
    label: `${Number.parseFloat(id)}M`,
    note: `${LANGUAGE_SIZES[id].layers} layers, ${LANGUAGE_SIZES[id].width} wide`,
  })),
  { id: "own", label: "Other", note: "Your own width and layers" },
];
const USUAL: Record<PretrainField, number> = { ...PRETRAIN_DEFAULTS, ...shapeOf("0.1m"), threads: THREADS };

function Form({ disabled }: { disabled: boolean }) {
  const { pretrain } = useLab();
  const { name, size, source, text, busy } = useLabStore("pretrain", (s) => s);
  const running = useLabStore("run", underWay);
  const plan = useLabStore("pretrain", (s) => s.plan);
  const off = disabled || busy;
  const { setName, setSize, setSource, takeFiles, start } = pretrain.getState();
  const adapter = useLabStore("device", (s) => s.report?.adapter ?? null);
  const opening = useLabStore("device", (s) => s.report === null || s.opening);
  const why = opening
    ? "Opening the GPU."
    : adapter === null
      ? "Training needs WebGPU, or the CPU in its place."
      : running
        ? "A run is under way: stop it first, or wait for its end."
        : source === "files" && !text
          ? "Choose the text first."
          : "";
  return (
    <>
      <p>
        A small decoder learns to predict the next word of a text. A tower that starts from it knows from the beginning
        which words go together.
      </p>
      <div className="field">
        <div className="line">
          <span className="label">Text</span>
          <Segmented
            label="Text to learn from"
            value={source}
            disabled={off}
            options={[
              { id: "notes", label: "notes" },
              { id: "files", label: "your text" },
            ]}
            onChange={setSource}
          />
        </div>
        <p className="help">
          {source === "notes"
            ? "Notes and queries about the same things, which the page writes from the seed. None of them is in a collection."
            : "Texts as .txt (parted by blank lines, or else by line breaks), .md, or .jsonl with a field text; also gzipped or in a .zip. One in fifty is held out."}
        </p>
      </div>
      {source === "notes" ? (
        <Setting field="threads" disabled={off} />
      ) : (
        <>
          <Drop
            label="Text"
            accept=".txt,.md,.markdown,.jsonl,.ndjson,.gz,.zip"
            disabled={off}
            onFiles={(files) => void takeFiles(files)}
          >
            Drop files, a folder or a .zip, or
          </Drop>
          {text ? (
            <p className="help" role="status">
              <b>{text.name}</b>: {compact(text.characters)} characters. {text.notices.join(" ")}
            </p>
          ) : null}
        </>
      )}
      <div className="field">
        <div className="line">
          <span className="label">Size</span>
          <Choice label="Size" value={size} options={SIZES} disabled={off} onChange={setSize} />
        </div>
        <p className="help">Parameters without token embeddings.</p>
      </div>
      {size === "own" ? (
        <>
          <Setting field="width" disabled={off} />
          <Setting field="layers" disabled={off} />
        </>
      ) : null}
      <Setting field="steps" disabled={off} />
      <Setting field="learningRate" disabled={off} />
      <Setting field="embeddingRate" disabled={off} />
      <Setting field="seed" disabled={off} />
      <details className="lmmore">
        <summary>Vocabulary and rows</summary>
        <Setting field="vocabulary" disabled={off} />
        <Setting field="length" disabled={off} />
        <Setting field="batch" disabled={off} />
      </details>
      <TextInput
        label="Name"
        value={name}
        help="What it is called here, and the folder that is exported."
        disabled={off}
        onChange={setName}
      />
      <Plan />
      <div className="acts">
        <Button
          look="primary"
          icon="play"
          isDisabled={off || why !== "" || plan === null || plan.problem !== null || name.trim() === ""}
          onPress={() => void start()}
        >
          Train it
        </Button>
        {why ? <span className="help">{why}</span> : null}
      </div>
    </>
  );
}

function Setting({ field, disabled }: { field: PretrainField; disabled: boolean }) {
  const { pretrain } = useLab();
  const value = useLabStore("pretrain", (s) => s.numbers[field]);
  const notice = useLabStore("pretrain", (s) => s.notices[field]);
  const info = pretrainInfo(field);
  return (
    <NumberControl
      id={`pretrain-${field}`}
      info={info}
      value={value}
      preset={USUAL[field]}
      disabled={disabled}
      help={notice ? <b className="notice">{notice}</b> : info.help}
      changed={null}
      snap={field === "width" ? 8 : 1}
      onChange={(v) => pretrain.getState().setNumber(field, v)}
    />
  );
}

// A slider that is being dragged asks once it rests.
const REST_MS = 150;

/** What it would take, before it starts. */
function Plan() {
  const { pretrain } = useLab();
  const answer = useLabStore("pretrain", (s) => s.plan);
  const size = useLabStore("pretrain", (s) => s.size);
  const numbers = useLabStore("pretrain", (s) => s.numbers);
  const adapter = useLabStore("device", (s) => s.report?.adapter ?? null);
  const limit = useLabStore("lab", (s) => s.experiment.training.memoryLimit);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the answer depends on what the store and the worker hold.
  useEffect(() => {
    const timer = setTimeout(() => void pretrain.getState().measure(), REST_MS);
    return () => clearTimeout(timer);
  }, [pretrain, size, numbers, adapter, limit]);
  if (!answer) return <p className="help">Working out what it takes.</p>;
  const { plan, problem } = answer;
  return (
    <>
      <Facts
        facts={[
          [
            "Parameters",
            `${count(plan.parameters)} at most, ${count(plan.withoutEmbeddings)} without token embeddings`,
          ],
          ["Tokens", `${count(plan.tokens)} in all steps`],
          ["Computation", flops(plan.flops)],
          ["On the GPU", `about ${bytes(plan.memory)}`],
        ]}
      />
      {problem ? <Alert kind="warn" report={problem} /> : null}
    </>
  );
}
