/** Data from an address, and datasets of the Hugging Face hub. */
import { useLab, useLabStore } from "../../state/context";
import { Button } from "../parts/Button";
import { AddressField, HubFields } from "../parts/Sources";
import { DataSetting } from "./DataSetting";

export function FromUrl({ disabled }: { disabled: boolean }) {
  const { data } = useLab();
  const url = useLabStore("data", (s) => s.url);
  const off = disabled || url.trim() === "";
  const fetchIt = () => {
    if (!off) void data.getState().take({ kind: "url", url });
  };
  return (
    <>
      <AddressField
        value={url}
        help="Of a .zip, .jsonl, .csv, .tsv, .parquet or .txt file, also gzipped, or of a folder in BEIR form that ends with /. The server must let other pages read it (CORS)."
        disabled={disabled}
        onChange={(text) => data.getState().type("url", text)}
        onEnter={fetchIt}
      />
      <FetchButton off={off} disabled={disabled} onPress={fetchIt} />
    </>
  );
}

export function FromHub({ disabled }: { disabled: boolean }) {
  const { data } = useLab();
  const name = useLabStore("data", (s) => s.hub);
  const hubUrl = useLabStore("data", (s) => s.hubUrl);
  const off = disabled || name.trim() === "";
  const fetchIt = () => {
    if (!off) void data.getState().take({ kind: "hub", name, hubUrl: hubUrl.trim() || undefined });
  };
  return (
    <>
      <HubFields
        label="Dataset"
        value={name}
        help="With @ and a branch, tag or commit, and with : and a folder where it has several parts, as in BeIR/scifact or sentence-transformers/all-nli:triplet. Datasets that ask for an account cannot be fetched here."
        disabled={disabled}
        onChange={(text) => data.getState().type("hub", text)}
        onEnter={fetchIt}
        hubUrl={hubUrl}
        onHubUrl={(text) => data.getState().type("hubUrl", text)}
      />
      <FetchButton off={off} disabled={disabled} onPress={fetchIt} />
    </>
  );
}

function FetchButton({ off, disabled, onPress }: { off: boolean; disabled: boolean; onPress: () => void }) {
  return (
    <>
      <DataSetting path="data.queriesFrom" disabled={disabled} />
      <div className="acts">
        <Button look="primary" icon="download" isDisabled={off} onPress={onPress}>
          Fetch
        </Button>
      </div>
    </>
  );
}
