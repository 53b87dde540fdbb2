import { ToggleButton, ToggleButtonGroup } from "react-aria-components";

/** One of a few, all in sight. */
export function Segmented<T extends string>({
  label,
  value,
  options,
  onChange,
  disabled = false,
  tight = false,
}: {
  label: string;
  value: T;
  options: readonly { id: T; label: string; disabled?: boolean }[];
  onChange: (value: T) => void;
  disabled?: boolean;
  /** Many short options in one row. */
  tight?: boolean;
}) {
  return (
    <ToggleButtonGroup
      className={tight ? "seg tight" : "seg"}
      aria-label={label}
      selectionMode="single"
      disallowEmptySelection
      isDisabled={disabled}
      selectedKeys={[value]}
      onSelectionChange={(keys) => {
        const [key] = keys;
        if (key !== undefined) onChange(key as T);
      }}
    >
      {options.map((o) => (
        <ToggleButton key={o.id} id={o.id} isDisabled={o.disabled ?? false}>
          {o.label}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}
