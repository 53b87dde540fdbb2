import { Menu as AriaMenu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { Button } from "./Button";
import type { IconName } from "./icons";

export interface Action {
  id: string;
  label: string;
  run: () => void;
}

/** A button that opens a short list of actions. */
export function ActionMenu({
  label,
  icon,
  actions,
  small = false,
  disabled = false,
}: {
  label: string;
  icon: IconName;
  /** The icon alone; the label is its name. */
  small?: boolean;
  actions: readonly Action[];
  disabled?: boolean;
}) {
  return (
    <MenuTrigger>
      {small ? (
        <Button look="quiet" isDisabled={disabled} label={label} icon={icon} />
      ) : (
        <Button look="quiet" isDisabled={disabled} icon={icon}>
          {label}
        </Button>
      )}
      <Popover className="popover">
        <AriaMenu className="list" onAction={(key) => actions.find((a) => a.id === key)?.run()}>
          {actions.map((a) => (
            <MenuItem key={a.id} id={a.id}>
              {a.label}
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
