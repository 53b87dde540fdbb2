/** Models from an address, and from the Hugging Face hub. */
import { useLab, useLabStore } from "../../state/context";
import { Button } from "../parts/Button";
import { TextInput } from "../parts/TextInput";

export function FromAddress({ disabled }: { disabled: boolean }) {
  const { models } = useLab();
  const url = useLabStore("models", (s) => s.url);
  const look = () => {
    if (!disabled && url.trim() !== "") void models.getState().look({ kind: "url", url });
  };
  return (
    <>
      <TextInput
        label="Address"
        value={url}
        placeholder="https://"
        help="Of the folder that holds config.json. The server must let other pages read it (CORS); one that answers to ranges lets a broken download go on."
        disabled={disabled}
        onChange={(text) => models.getState().type("url", text)}
        onEnter={look}
      />
      <div className="acts">
        <Button look="primary" isDisabled={disabled || url.trim() === ""} onPress={look}>
          Look at it
        </Button>
      </div>
    </>
  );
}

export function FromModelHub({ disabled }: { disabled: boolean }) {
  const { models } = useLab();
  const name = useLabStore("models", (s) => s.hub);
  const hubUrl = useLabStore("models", (s) => s.hubUrl);
  const look = () => {
    if (disabled || name.trim() === "") return;
    void models.getState().look({ kind: "hub", name, hubUrl: hubUrl.trim() || undefined });
  };
  return (
    <>
      <TextInput
        label="Model"
        value={name}
        placeholder="owner/name"
        help="With @ and a branch, tag or commit, as in sentence-transformers/all-MiniLM-L6-v2@main. Only its configuration is read now; the page says what it is and how large before anything else is fetched."
        disabled={disabled}
        onChange={(text) => models.getState().type("hub", text)}
        onEnter={look}
      />
      <details className="differs">
        <summary>Another hub</summary>
        <TextInput
          label="Address of the hub"
          value={hubUrl}
          placeholder="https://huggingface.co"
          help="A mirror, or a server of your own that speaks as the hub does."
          disabled={disabled}
          onChange={(text) => models.getState().type("hubUrl", text)}
          onEnter={look}
        />
      </details>
      <div className="acts">
        <Button look="primary" isDisabled={disabled || name.trim() === ""} onPress={look}>
          Look at it
        </Button>
      </div>
    </>
  );
}
