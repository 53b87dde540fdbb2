/** Data from an address, and datasets of the Hugging Face hub. */
import { useLab, useLabStore } from "../../state/context";
import { Button } from "../parts/Button";
import { TextInput } from "../parts/TextInput";
import { DataSetting } from "./DataSetting";

export function FromUrl({ disabled }: { disabled: boolean }) {
  const { data } = useLab();
  const url = useLabStore("data", (s) => s.url);
  const fetchIt = () => {
    if (!disabled && url.trim() !== "") void data.getState().take({ kind: "url", url });
  };
  return (
    <>
      <TextInput
        label="Address"
        value={url}
        placeholder="https://"
        help="Of a .zip, .jsonl, .csv, .tsv, .parquet or .txt file, also gzipped, or of a folder in BEIR form that ends with /. The server must let other pages read it (CORS)."
        disabled={disabled}
        onChange={(text) => data.getState().type("url", text)}
        onEnter={fetchIt}
      />
      <DataSetting path="data.queriesFrom" disabled={disabled} />
      <div className="acts">
        <Button look="primary" icon="download" isDisabled={disabled || url.trim() === ""} onPress={fetchIt}>
          Fetch
        </Button>
      </div>
    </>
  );
}

export function FromHub({ disabled }: { disabled: boolean }) {
  const { data } = useLab();
  const name = useLabStore("data", (s) => s.hub);
  const hubUrl = useLabStore("data", (s) => s.hubUrl);
  const fetchIt = () => {
    if (disabled || name.trim() === "") return;
    void data.getState().take({ kind: "hub", name, hubUrl: hubUrl.trim() || undefined });
  };
  return (
    <>
      <TextInput
        label="Dataset"
        value={name}
        placeholder="owner/name"
        help="With @ and a branch, tag or commit, and with : and a folder where it has several parts, as in BeIR/scifact or sentence-transformers/all-nli:triplet. Datasets that ask for an account cannot be fetched here."
        disabled={disabled}
        onChange={(text) => data.getState().type("hub", text)}
        onEnter={fetchIt}
      />
      <details className="differs">
        <summary>Another hub</summary>
        <TextInput
          label="Address of the hub"
          value={hubUrl}
          placeholder="https://huggingface.co"
          help="A mirror, or a server of your own that speaks as the hub does."
          disabled={disabled}
          onChange={(text) => data.getState().type("hubUrl", text)}
          onEnter={fetchIt}
        />
      </details>
      <DataSetting path="data.queriesFrom" disabled={disabled} />
      <div className="acts">
        <Button look="primary" icon="download" isDisabled={disabled || name.trim() === ""} onPress={fetchIt}>
          Fetch
        </Button>
      </div>
    </>
  );
}
