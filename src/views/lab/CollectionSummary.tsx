import { useEffect } from "react";
import { count } from "../../charts/words";
import { useLab, useLabStore } from "../../state/context";
import { Alert } from "../parts/Alert";
import { Button } from "../parts/Button";
import { Drop } from "../parts/Drop";

/** What the collection holds, what was decided in reading it, and a few texts of it. */
export function CollectionSummary({ disabled }: { disabled: boolean }) {
  const { lab } = useLab();
  const source = useLabStore("lab", (s) => s.experiment.data.source);
  const collection = useLabStore("lab", (s) => s.collection);
  const error = useLabStore("lab", (s) => s.collectionError);
  const describing = useLabStore("lab", (s) => s.describing);
  const notes = useLabStore("lab", (s) => s.experiment.data);
  // Writing very many notes takes its time: then only when asked for.
  const large = source === "notes" && notes.notes.corpusSize > 20_000;
  useEffect(() => {
    // The bundled notes are described when their settings have rested; files when they were loaded.
    if (source !== "notes" || large) return;
    const timer = setTimeout(() => {
      const { collection, collectionError, describe } = lab.getState();
      // A fault that is being told stays until something else is loaded or set.
      if (notes.source === "notes" && !collection && !collectionError) void describe();
    }, 700);
    return () => clearTimeout(timer);
  }, [lab, source, notes, large]);
  return (
    <>
      <Drop
        label="Collection"
        accept=".jsonl,.tsv,.gz,.zip"
        disabled={disabled}
        onFiles={(files) => void lab.getState().loadFiles(files)}
      >
        Drop a BEIR folder, a .zip or its files, or
      </Drop>
      {error ? <Alert report={error} /> : null}
      {describing ? <p className="help">Reading the collection.</p> : null}
      {large && !collection && !describing ? (
        <Button onPress={() => void lab.getState().describe()}>Look at the collection</Button>
      ) : null}
      {collection ? (
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
      ) : null}
    </>
  );
}
