import type { ReactNode } from "react";
import { Input, Label, Text, TextField } from "react-aria-components";

/** One line of text with its label above and its meaning below. */
export function TextInput({
  label,
  value,
  placeholder,
  help,
  disabled = false,
  onChange,
  onEnter,
}: {
  label: string;
  value: string;
  placeholder?: string;
  help?: ReactNode;
  disabled?: boolean;
  onChange: (text: string) => void;
  onEnter?: () => void;
}) {
  return (
    <TextField className="field text" value={value} isDisabled={disabled} onChange={onChange}>
      <Label>{label}</Label>
      <Input
        className="input"
        {...(placeholder ? { placeholder } : {})}
        onKeyDown={(event) => {
          if (event.key === "Enter") onEnter?.();
        }}
      />
      {help ? (
        <Text slot="description" className="help">
          {help}
        </Text>
      ) : null}
    </TextField>
  );
}
