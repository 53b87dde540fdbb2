import { useLab, useLabStore } from "../../state/context";
import type { DataTab } from "../../state/data";
import { Alert } from "../parts/Alert";
import { Window } from "../parts/Ask";
import { Button } from "../parts/Button";
import { Drop } from "../parts/Drop";
import { Progress } from "../parts/Progress";
import { Segmented } from "../parts/Segmented";
import { ColumnChoice } from "./ColumnChoice";
import { DataSetting } from "./DataSetting";
import { FromHub, FromUrl } from "./Fetch";
import { WordnetAbout } from "./WordnetAbout";

const TABS: readonly { id: DataTab; label: string }[] = [
  { id: "notes", label: "Notes" },
  { id: "wordnet", label: "WordNet" },
  { id: "files", label: "Files" },
  { id: "url", label: "Address" },
  { id: "hub", label: "Hub" },
];

/** Where the collection comes from: what is bundled, files, an address or the hub. */
export function DataDialog({ disabled }: { disabled: boolean }) {
  const { data } = useLab();
  const open = useLabStore("data", (s) => s.open);
  const tab = useLabStore("data", (s) => s.tab);
  const busy = useLabStore("data", (s) => s.busy);
  const error = useLabStore("data", (s) => s.error);
  const preview = useLabStore("data", (s) => s.preview);
  const loading = useLabStore("data", (s) => s.loading);
  const { close, setTab, stop } = data.getState();
  const off = disabled || busy;
  return (
    <Window title="Data" open={open} wide onClose={close}>
      <Segmented
        label="Where the collection comes from"
        value={tab}
        options={TABS}
        disabled={busy}
        tight
        onChange={setTab}
      />
      {preview ? <ColumnChoice disabled={off} /> : <Source tab={tab} disabled={off} />}
      {error ? <Alert report={error} /> : null}
      {busy && loading ? (
        <Progress words={loading.file || loading.words} done={loading.done} total={loading.total} onStop={stop} />
      ) : null}
      <div className="acts">
        {preview ? (
          <Button look="primary" isDisabled={off} onPress={() => void data.getState().read()}>
            Load the table
          </Button>
        ) : null}
        <Button onPress={close}>{preview ? "Cancel" : "Close"}</Button>
      </div>
    </Window>
  );
}

function Source({ tab, disabled }: { tab: DataTab; disabled: boolean }) {
  const { data } = useLab();
  switch (tab) {
    case "notes":
      return (
        <>
          <p>
            Lifestyle notes and queries that the page writes itself, from a seed: as many as you want, with a gap
            between the words of queries and notes that you set. Their settings stand in the panel.
          </p>
          <div className="acts">
            <Button look="primary" isDisabled={disabled} onPress={() => data.getState().use("notes")}>
              Use the bundled notes
            </Button>
          </div>
        </>
      );
    case "wordnet":
      return <WordnetAbout disabled={disabled} />;
    case "files":
      return (
        <>
          <p>
            A collection in BEIR form (corpus.jsonl, queries.jsonl, qrels), pairs or triples as .csv, .tsv, .jsonl or
            .parquet, or texts as .txt and .md: a document a file, long ones cut at headings and blank lines. Also
            gzipped or in a .zip.
          </p>
          <Drop
            label="Data"
            accept={ACCEPT}
            disabled={disabled}
            onFiles={(files) => void data.getState().take({ kind: "files", files })}
          >
            Drop files, a folder or a .zip, or
          </Drop>
          <DataSetting path="data.queriesFrom" disabled={disabled} />
        </>
      );
    case "url":
      return <FromUrl disabled={disabled} />;
    case "hub":
      return <FromHub disabled={disabled} />;
  }
}

/** What the browser's file window offers. */
export const ACCEPT = ".jsonl,.ndjson,.csv,.tsv,.parquet,.txt,.md,.markdown,.gz,.zip";
