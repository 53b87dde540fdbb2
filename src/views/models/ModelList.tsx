import { useState } from "react";
import { count } from "../../charts/words";
import { bytesInWords } from "../../core/bytes";
import { useLab, useLabStore } from "../../state/context";
import type { BundledModel } from "../../state/models";
import type { StoredModel } from "../../worker/protocol";
import { Ask } from "../parts/Ask";
import { Button } from "../parts/Button";

/** The models that are here: bundled ones, and those that were fetched or copied. */
export function ModelList({ disabled }: { disabled: boolean }) {
  const { models } = useLab();
  const list = useLabStore("models", (s) => s.list);
  const bundled = useLabStore("models", (s) => s.bundled);
  const [doomed, setDoomed] = useState<StoredModel | null>(null);
  const empty = list !== null && list.length === 0 && bundled.length === 0;
  return (
    <>
      {empty ? <p>No models are kept here. Take one from files, an address or the hub.</p> : null}
      <ul className="modellist">
        {bundled.map((model) => (
          <Bundled key={model.name} model={model} disabled={disabled} />
        ))}
        {list?.map((model) => (
          <li key={model.id}>
            <span>
              <b>{model.name}</b>
              <span className="help">{storedWords(model)}</span>
            </span>
            {model.complete ? (
              <Use reference={model.reference} name={model.name} disabled={disabled} />
            ) : (
              <Button isDisabled={disabled} onPress={() => void models.getState().goOn(model.reference)}>
                Go on
              </Button>
            )}
            <Button
              look="quiet"
              icon="trash"
              label={`Delete ${model.name}`}
              isDisabled={disabled}
              onPress={() => setDoomed(model)}
            />
          </li>
        ))}
      </ul>
      <Ask
        title={`Delete ${doomed?.name ?? ""}?`}
        open={doomed !== null}
        action="Delete"
        onClose={() => setDoomed(null)}
        onYes={() => doomed && void models.getState().remove(doomed.id)}
      >
        <p>
          {bytesInWords(doomed?.here ?? 0)} are freed. Runs that started from it keep their towers; new ones need it
          again.
        </p>
      </Ask>
    </>
  );
}

function storedWords({ complete, modelType, kind, parameters, bytes, here }: StoredModel): string {
  if (!complete) return `${bytesInWords(here)} of ${bytesInWords(bytes)} are here`;
  return `${modelType}, ${kind}, ${count(parameters)} parameters, ${bytesInWords(bytes)}`;
}

function Bundled({ model, disabled }: { model: BundledModel; disabled: boolean }) {
  return (
    <li>
      <span>
        <b>{model.name}</b>
        <span className="help">
          Bundled: pre-trained on generated notes, {count(model.parameters)} parameters without token embeddings,{" "}
          {bytesInWords(model.bytes)}, perplexity {model.perplexity.toFixed(1)}
        </span>
      </span>
      <Use reference={`bundled:${model.name}`} name={model.name} disabled={disabled} />
    </li>
  );
}

function Use({ reference, name, disabled }: { reference: string; name: string; disabled: boolean }) {
  const { lab, models } = useLab();
  const side = useLabStore("models", (s) => s.choosing) ?? "teacher";
  const chosen = useLabStore("lab", (s) => s.experiment[side].checkpoint) === reference;
  return (
    <Button
      look={chosen ? "" : "primary"}
      label={`${chosen ? "Used:" : "Use"} ${name}`}
      isDisabled={disabled || chosen}
      onPress={() => {
        lab.getState().set(`${side}.checkpoint`, reference);
        models.getState().close();
      }}
    >
      {chosen ? "Used" : "Use"}
    </Button>
  );
}
