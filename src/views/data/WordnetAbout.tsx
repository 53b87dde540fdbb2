import { useState } from "react";
import { bytesInWords } from "../../core/bytes";
import { DOWNLOAD_BYTES, WORDNET_FOLDER, WORDNET_LICENSE, wordnetWords } from "../../core/data/wordnet/words";
import { useLab, useLabStore } from "../../state/context";
import { Button } from "../parts/Button";
import { DataSetting } from "./DataSetting";

/** The reverse dictionary: what it is, what to expect of it, and whose it is. */
export function WordnetAbout({ disabled }: { disabled: boolean }) {
  const { data } = useLab();
  const size = useLabStore("lab", (s) => s.experiment.data.wordnet);
  return (
    <>
      <p>
        Find the word from its definition. A document is an entry of WordNet 3.1 without its definition: its words, what
        it is a kind of, its kinds, parts and related words, and an example. A query is a definition.
      </p>
      <DataSetting path="data.wordnet" disabled={disabled} />
      <p className="help">{wordnetWords(size)}</p>
      <WordnetLicense />
      <div className="acts">
        <Button look="primary" isDisabled={disabled} onPress={() => data.getState().use("wordnet")}>
          Use WordNet ({bytesInWords(DOWNLOAD_BYTES[size])})
        </Button>
      </div>
    </>
  );
}

/** The licence as it is served beside the files; fetched when it is opened. */
export function WordnetLicense() {
  const [text, setText] = useState("");
  const address = new URL(`${WORDNET_FOLDER}/${WORDNET_LICENSE}`, document.baseURI).href;
  const load = async () => {
    if (text !== "") return;
    try {
      const answer = await fetch(address);
      setText(answer.ok ? await answer.text() : `The licence lies at ${address}, which answers ${answer.status}.`);
    } catch {
      setText(`The licence lies at ${address}; it could not be fetched now.`);
    }
  };
  return (
    <details className="differs" onToggle={(event) => event.currentTarget.open && void load()}>
      <summary>WordNet 3.1, © 2011 Princeton University: licence</summary>
      <pre className="license">{text}</pre>
    </details>
  );
}
