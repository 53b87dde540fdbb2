import type { ReactNode } from "react";
import { Checkbox } from "react-aria-components";
import { Icon } from "./icons";

/** A box to tick, with its words beside it. */
export function Check({
  checked,
  disabled = false,
  onChange,
  children,
}: {
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
  children: ReactNode;
}) {
  return (
    <Checkbox className="check" isSelected={checked} isDisabled={disabled} onChange={onChange}>
      <span className="box" aria-hidden="true">
        <Icon name="check" size={10} />
      </span>
      <span>{children}</span>
    </Checkbox>
  );
}
