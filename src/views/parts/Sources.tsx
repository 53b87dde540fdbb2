/** Fields for what is fetched: an address, and a name on the Hugging Face hub or another one. */
import { TextInput } from "./TextInput";

interface Field {
  value: string;
  help: string;
  disabled: boolean;
  onChange: (text: string) => void;
  /** Enter, in any of the fields. */
  onEnter: () => void;
}

export function AddressField(field: Field) {
  return <TextInput label="Address" placeholder="https://" {...field} />;
}

/** @param label what it is that has this name: "Model" */
export function HubFields({
  label,
  hubUrl,
  onHubUrl,
  ...field
}: Field & { label: string; hubUrl: string; onHubUrl: (text: string) => void }) {
  return (
    <>
      <TextInput label={label} placeholder="owner/name" {...field} />
      <details className="differs">
        <summary>Another hub</summary>
        <TextInput
          label="Address of the hub"
          value={hubUrl}
          placeholder="https://huggingface.co"
          help="A mirror, or a server of your own that speaks as the hub does."
          disabled={field.disabled}
          onChange={onHubUrl}
          onEnter={field.onEnter}
        />
      </details>
    </>
  );
}
