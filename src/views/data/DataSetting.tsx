import { SETTINGS } from "../../core/config/paths";
import { useLab, useLabStore } from "../../state/context";
import { SettingControl } from "../lab/controls/SettingControl";

/** A setting of the collection, with its words from the schema. */
export function DataSetting({ path, disabled }: { path: string; disabled: boolean }) {
  const { lab } = useLab();
  const experiment = useLabStore("lab", (s) => s.experiment);
  const base = useLabStore("lab", (s) => s.base);
  const setting = SETTINGS.find((s) => s.path === path);
  if (!setting) throw new Error(`There is no setting ${path}.`);
  return (
    <SettingControl
      setting={setting}
      experiment={experiment}
      base={base}
      disabled={disabled}
      onChange={(at, value) => lab.getState().set(at, value)}
    />
  );
}
