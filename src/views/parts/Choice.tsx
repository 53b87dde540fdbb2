import { Button, ListBox, ListBoxItem, Popover, Select, SelectValue, Text } from "react-aria-components";
import { Icon } from "./icons";

export interface ChoiceOption<T extends string> {
  id: T;
  label: string;
  /** A second line under the option. */
  note?: string | undefined;
  disabled?: boolean | undefined;
}

/** One of several, in a list that opens. A disabled option says why in its note. */
export function Choice<T extends string>({
  label,
  value,
  options,
  onChange,
  disabled = false,
  wide = false,
}: {
  label: string;
  value: T;
  options: readonly ChoiceOption<T>[];
  onChange: (value: T) => void;
  disabled?: boolean;
  wide?: boolean;
}) {
  return (
    <Select
      className={wide ? "choice wide" : "choice"}
      aria-label={label}
      value={value}
      isDisabled={disabled}
      disabledKeys={options.filter((o) => o.disabled).map((o) => o.id)}
      onChange={(key) => {
        if (key !== null) onChange(key as T);
      }}
    >
      <Button className="btn select">
        <SelectValue>{() => options.find((o) => o.id === value)?.label ?? value}</SelectValue>
        <Icon name="down" size={12} />
      </Button>
      <Popover className="popover">
        <ListBox className="list" items={options}>
          {(o) => (
            <ListBoxItem id={o.id} textValue={o.label}>
              <Text slot="label">{o.label}</Text>
              {o.note ? <Text slot="description">{o.note}</Text> : null}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}
