import { useEffect } from "react";
import { useLab, useLabStore } from "../../state/context";
import type { ModelTab } from "../../state/models";
import { Alert } from "../parts/Alert";
import { Window } from "../parts/Ask";
import { Button } from "../parts/Button";
import { Drop } from "../parts/Drop";
import { Progress } from "../parts/Progress";
import { Segmented } from "../parts/Segmented";
import { FromAddress, FromModelHub } from "./FetchModel";
import { LookedAt } from "./LookedAt";
import { ModelList } from "./ModelList";
import { TrainModel } from "./TrainModel";

const TABS: readonly { id: ModelTab; label: string }[] = [
  { id: "here", label: "Here" },
  { id: "files", label: "Files" },
  { id: "url", label: "Address" },
  { id: "hub", label: "Hub" },
  { id: "train", label: "Train one" },
];

/** The checkpoints that towers can start from: those that are here, and ways to get others. */
export function ModelsDialog({ disabled }: { disabled: boolean }) {
  const { models } = useLab();
  const side = useLabStore("models", (s) => s.choosing);
  const tab = useLabStore("models", (s) => s.tab);
  const busy = useLabStore("models", (s) => s.busy);
  const error = useLabStore("models", (s) => s.error);
  const looked = useLabStore("models", (s) => s.looked);
  const fetching = useLabStore("models", (s) => s.fetching);
  const { close, setTab, stop, refresh, keep, putAside } = models.getState();
  useEffect(() => {
    if (side) void refresh();
  }, [side, refresh]);
  const off = disabled || busy;
  return (
    <Window
      title={side === "student" ? "The student starts from" : "The teacher starts from"}
      open={side !== null}
      wide
      onClose={close}
    >
      <Segmented
        label="Where the model comes from"
        value={tab}
        options={TABS}
        disabled={busy}
        tight
        onChange={setTab}
      />
      {looked ? <LookedAt report={looked} /> : <Source tab={tab} disabled={off} />}
      {error ? <Alert report={error} /> : null}
      {busy ? (
        <Progress
          words={fetching ? fetching.name : "Looking at the model"}
          done={fetching?.done ?? 0}
          total={fetching?.total ?? 0}
          onStop={() => void stop()}
        />
      ) : null}
      <div className="acts">
        {looked ? (
          <Button look="primary" icon="download" isDisabled={off} onPress={() => void keep()}>
            {tab === "files" ? "Keep a copy here" : "Fetch it"}
          </Button>
        ) : null}
        <Button onPress={looked ? putAside : close}>{looked ? "Back" : "Close"}</Button>
      </div>
    </Window>
  );
}

function Source({ tab, disabled }: { tab: ModelTab; disabled: boolean }) {
  const { models } = useLab();
  switch (tab) {
    case "here":
      return <ModelList disabled={disabled} />;
    case "files":
      return (
        <>
          <p>
            A Hugging Face folder: config.json, model.safetensors or its shards, tokenizer.json, and where it has them
            modules.json with its folders. BERT, MiniLM, BGE, E5, Llama, Qwen2, Qwen3, SmolLM, model2vec, and what this
            page exports.
          </p>
          <Drop
            label="Model"
            accept=".json,.safetensors,.txt"
            disabled={disabled}
            onFiles={(files) => void models.getState().look({ kind: "files", files })}
          >
            Drop the folder, or
          </Drop>
        </>
      );
    case "url":
      return <FromAddress disabled={disabled} />;
    case "hub":
      return <FromModelHub disabled={disabled} />;
    case "train":
      return <TrainModel disabled={disabled} />;
  }
}
