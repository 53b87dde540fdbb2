/** Models from an address, and from the Hugging Face hub. */
import { useLab, useLabStore } from "../../state/context";
import { Button } from "../parts/Button";
import { AddressField, HubFields } from "../parts/Sources";

export function FromAddress({ disabled }: { disabled: boolean }) {
  const { models } = useLab();
  const url = useLabStore("models", (s) => s.url);
  const off = disabled || url.trim() === "";
  const look = () => {
    if (!off) void models.getState().look({ kind: "url", url });
  };
  return (
    <>
      <AddressField
        value={url}
        help="Of the folder that holds config.json. The server must let other pages read it (CORS); one that answers to ranges lets a broken download go on."
        disabled={disabled}
        onChange={(text) => models.getState().type("url", text)}
        onEnter={look}
      />
      <LookButton off={off} onPress={look} />
    </>
  );
}

export function FromModelHub({ disabled }: { disabled: boolean }) {
  const { models } = useLab();
  const name = useLabStore("models", (s) => s.hub);
  const hubUrl = useLabStore("models", (s) => s.hubUrl);
  const off = disabled || name.trim() === "";
  const look = () => {
    if (!off) void models.getState().look({ kind: "hub", name, hubUrl: hubUrl.trim() || undefined });
  };
  return (
    <>
      <HubFields
        label="Model"
        value={name}
        help="With @ and a branch, tag or commit, as in sentence-transformers/all-MiniLM-L6-v2@main. Only its configuration is read now; the page says what it is and how large before anything else is fetched."
        disabled={disabled}
        onChange={(text) => models.getState().type("hub", text)}
        onEnter={look}
        hubUrl={hubUrl}
        onHubUrl={(text) => models.getState().type("hubUrl", text)}
      />
      <LookButton off={off} onPress={look} />
    </>
  );
}

function LookButton({ off, onPress }: { off: boolean; onPress: () => void }) {
  return (
    <div className="acts">
      <Button look="primary" isDisabled={off} onPress={onPress}>
        Look at it
      </Button>
    </div>
  );
}
