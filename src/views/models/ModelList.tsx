import { useState } from "react";
import { count } from "../../charts/words";
import { bytesInWords } from "../../core/bytes";
import { useLab, useLabStore } from "../../state/context";
import type { BundledModel } from "../../state/models";
import type { StoredModel } from "../../worker/protocol";
import { Ask } from "../parts/Ask";
import { Button } from "../parts/Button";
import { saveBlob } from "../parts/download";

/** docs/models.md, with what was tried and what is open. */
const FINDING =
  "What a start from notes-lm-0.1m was worth: with the data of the preset Quick and two separate towers a teacher that takes its token embeddings has recall@10 .565, .532 and .578 after 190 steps (seeds 7, 8, 9), one from random values .529, .487 and .533. With shared towers it is ahead early (.339 against .203 after 19 steps, in the mean of the same seeds), and hardly at the end (.605, .598).";

/** The models that are here: bundled ones, and those that were fetched or copied. */
export function ModelList({ disabled }: { disabled: boolean }) {
  const { models } = useLab();
  const list = useLabStore("models", (s) => s.list);
  const bundled = useLabStore("models", (s) => s.bundled);
  const [doomed, setDoomed] = useState<StoredModel | null>(null);
  const empty = list !== null && list.length === 0 && bundled.length === 0;
  return (
    <>
      {empty ? <p>No models are kept here. Take one from files, an address or the hub, or train one.</p> : null}
      {bundled.length > 0 ? <p className="help">{FINDING}</p> : null}
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
            {model.complete ? <ExportModel reference={model.reference} name={model.name} small /> : <span />}
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
          Comes with the page: a language model of generated text, {count(model.withoutEmbeddings)} parameters without
          token embeddings, {bytesInWords(model.bytes)}, perplexity {model.perplexity.toFixed(1)}.
        </span>
      </span>
      <Use reference={`bundled:${model.name}`} name={model.name} disabled={disabled} small />
    </li>
  );
}

/** Makes it the start of the tower that the window was opened for. */
export function Use({
  reference,
  name,
  disabled,
  long = false,
  small = false,
}: {
  reference: string;
  name: string;
  disabled: boolean;
  /** Says for what. */
  long?: boolean;
  /** A small language model: of use for its token embeddings. */
  small?: boolean;
}) {
  const { lab, models } = useLab();
  const side = useLabStore("models", (s) => s.choosing) ?? "teacher";
  const chosen = useLabStore("lab", (s) => s.experiment[side].checkpoint) === reference;
  const words = chosen ? "Used" : long ? `Start the ${side} from it` : "Use";
  return (
    <Button
      look={chosen ? "" : "primary"}
      {...(long ? {} : { label: `${chosen ? "Used:" : "Use"} ${name}` })}
      isDisabled={disabled || chosen}
      onPress={() => {
        lab.getState().set(`${side}.checkpoint`, reference);
        // Its layers know next to nothing that retrieval could use; docs/models.md has the figures.
        if (small) lab.getState().set(`${side}.checkpointTakes`, "words");
        models.getState().close();
      }}
    >
      {words}
    </Button>
  );
}

/** Saves a kept model's folder as a .zip. */
export function ExportModel({ reference, name, small = false }: { reference: string; name: string; small?: boolean }) {
  const { models } = useLab();
  const save = async () => {
    const blob = await models.getState().archive(reference);
    if (blob) saveBlob(blob, `${name.split("/").at(-1)!.replaceAll(" ", "-")}.zip`);
  };
  return small ? (
    <Button look="quiet" icon="download" label={`Export ${name} as .zip`} onPress={() => void save()} />
  ) : (
    <Button icon="download" onPress={() => void save()}>
      Export as .zip
    </Button>
  );
}
