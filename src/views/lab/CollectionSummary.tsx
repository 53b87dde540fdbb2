import { useEffect } from "react";
import { count } from "../../charts/words";
import { wordnetWords } from "../../core/data/wordnet/words";
import { useLab, useLabStore } from "../../state/context";
import { ACCEPT, DataDialog } from "../data/DataDialog";
import { DataSetting } from "../data/DataSetting";
import { WordnetLicense } from "../data/WordnetAbout";
import { Alert } from "../parts/Alert";
import { Button } from "../parts/Button";
import { Drop } from "../parts/Drop";
import { Progress } from "../parts/Progress";

/** Where the collection comes from, what it holds, what was decided in reading it, and a few texts of it. */
export function CollectionSummary({ disabled }: { disabled: boolean }) {
  const { data } = useLab();
  const source = useLabStore("lab", (s) => s.experiment.data.source);
  const size = useLabStore("lab", (s) => s.experiment.data.wordnet);
  const error = useLabStore("lab", (s) => s.collectionError);
  const busy = useLabStore("data", (s) => s.busy);
  useDescription();
  return (
    <>
      <Drop
        label="Collection"
        accept={ACCEPT}
        disabled={disabled || busy}
        onFiles={(files) => void data.getState().take({ kind: "files", files })}
      >
        Drop files, a folder or a .zip, or
      </Drop>
      <Button isDisabled={disabled} onPress={() => data.getState().show()}>
        Data from an address or the hub
      </Button>
      <DataDialog disabled={disabled} />
      {source === "wordnet" ? (
        <>
          <DataSetting path="data.wordnet" disabled={disabled} />
          <p className="help">{wordnetWords(size)}</p>
          <WordnetLicense />
        </>
      ) : null}
      {error ? <Alert report={error} /> : null}
      <Waiting />
      <Description />
    </>
  );
}

// Writing very many notes takes its time: then only when asked for.
const MANY_NOTES = 20_000;

/** Asks what the collection holds, once its settings have rested. */
function useDescription() {
  const { lab } = useLab();
  const data = useLabStore("lab", (s) => s.experiment.data);
  const hasOwn = useLabStore("lab", (s) => s.hasOwn);
  const wanted = data.source === "notes" ? data.notes.corpusSize <= MANY_NOTES : data.source === "wordnet" || hasOwn;
  useEffect(() => {
    if (!wanted) return;
    const timer = setTimeout(
      () => {
        const { collection, collectionError, describe, experiment } = lab.getState();
        // A fault that is being told stays until something else is loaded or set.
        if (experiment.data === data && !collection && !collectionError) void describe();
      },
      data.source === "notes" ? 700 : 0,
    );
    return () => clearTimeout(timer);
  }, [lab, data, wanted]);
}

/** What is going on, with its end in sight where that is known; and a way to ask for what is not read unasked. */
function Waiting() {
  const { lab, data } = useLab();
  const describing = useLabStore("lab", (s) => s.describing);
  const loading = useLabStore("data", (s) => s.loading);
  const asks = useLabStore("lab", (s) => {
    const { source, notes } = s.experiment.data;
    if (s.collection || s.describing) return false;
    return source === "notes" ? notes.corpusSize > MANY_NOTES : source === "wordnet" && s.collectionError !== null;
  });
  if (describing && loading)
    return (
      <Progress
        words={loading.file || loading.words}
        done={loading.done}
        total={loading.total}
        onStop={() => data.getState().stop()}
      />
    );
  if (describing) return <p className="help">Reading the collection.</p>;
  return asks ? <Button onPress={() => void lab.getState().describe()}>Look at the collection</Button> : null;
}

function Description() {
  const collection = useLabStore("lab", (s) => s.collection);
  if (!collection) return null;
  return (
    <div className="reading">
      <b>
        {collection.name}: {count(collection.documents)} documents
      </b>
      , {count(collection.trainQueries)} training, {count(collection.validationQueries)} validation and{" "}
      {count(collection.testQueries)} test queries; relevant from grade {collection.relevanceLevel}.
      {collection.notices.length > 0 ? (
        <ul>
          {collection.notices.map((notice) => (
            <li key={notice}>{notice}</li>
          ))}
        </ul>
      ) : null}
      <details>
        <summary>Read some of it</summary>
        <ul className="samples">
          {collection.sampleQueries.map((q) => (
            <li key={`q ${q.id}`}>
              <b>Query</b> {q.text}
            </li>
          ))}
          {collection.sampleDocuments.map((d) => (
            <li key={`d ${d.id}`}>
              <b>{d.title || `Document ${d.id}`}</b> {d.text}
            </li>
          ))}
        </ul>
      </details>
    </div>
  );
}
