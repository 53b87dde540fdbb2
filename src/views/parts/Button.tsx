import type { ReactNode, Ref } from "react";
import { Button as AriaButton, type ButtonProps } from "react-aria-components";
import { Icon, type IconName } from "./icons";

/** A button; `icon` stands before its words. A button of an icon alone needs `label`. */
export function Button({
  icon,
  look = "",
  label,
  children,
  ...rest
}: Omit<ButtonProps, "children" | "className"> & {
  icon?: IconName;
  look?: "" | "primary" | "quiet" | "danger";
  label?: string;
  children?: ReactNode;
  ref?: Ref<HTMLButtonElement>;
}) {
  return (
    <AriaButton
      {...rest}
      className={`btn ${look} ${children === undefined ? "square" : ""}`}
      {...(label ? { "aria-label": label } : {})}
    >
      {icon ? <Icon name={icon} /> : null}
      {children}
    </AriaButton>
  );
}
