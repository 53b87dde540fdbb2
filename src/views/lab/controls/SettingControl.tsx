import { Checkbox, Input, Label, TextField } from "react-aria-components";
import { getSetting, type SettingEntry } from "../../../core/config/paths";
import type { Experiment } from "../../../core/config/schema";
import { Choice } from "../../parts/Choice";
import { Icon } from "../../parts/icons";
import { Segmented } from "../../parts/Segmented";
import { optionReason, settingReason } from "../rules";
import { NumberControl } from "./NumberControl";

/** One setting: its control, its meaning in a line, a diamond where it differs from the preset. */
export function SettingControl({
  setting,
  experiment,
  base,
  disabled,
  notice = null,
  onChange,
}: {
  setting: SettingEntry;
  experiment: Experiment;
  base: Experiment;
  disabled: boolean;
  /** What had to be done to the value that was asked for. */
  notice?: string | null;
  onChange: (path: string, value: number | string | boolean) => void;
}) {
  const { path, info } = setting;
  const value = getSetting(experiment, path);
  const preset = getSetting(base, path);
  const reason = settingReason(path, experiment);
  const off = disabled || reason !== null;
  const id = `setting-${path.replaceAll(".", "-")}`;
  const help = notice ? <b className="notice">{notice}</b> : (reason ?? info.help);
  const changed = value === preset ? null : <i className="diamond" role="img" aria-label="differs from the preset" />;
  const set = (v: number | string | boolean) => onChange(path, v);

  if (typeof value === "number")
    return (
      <NumberControl
        id={id}
        info={info}
        value={value}
        preset={preset as number}
        disabled={off}
        help={help}
        changed={changed}
        // Widths in eights: attention heads have to divide them.
        snap={path.endsWith(".width") ? 8 : 1}
        onChange={set}
      />
    );
  if (typeof value === "boolean")
    return (
      <div className="field">
        <Checkbox className="check" isSelected={value} isDisabled={off} onChange={set} aria-describedby={`${id}-help`}>
          <span className="box" aria-hidden="true">
            <Icon name="check" size={10} />
          </span>
          <span>
            {info.label}
            {changed}
          </span>
        </Checkbox>
        <p className="help" id={`${id}-help`}>
          {help}
        </p>
      </div>
    );
  if (info.choices) {
    const options = Object.entries<string>(info.choices).map(([key, label]) => {
      const why = optionReason(path, key, experiment);
      return { id: key, label, note: why ?? undefined, disabled: why !== null };
    });
    const short = options.length === 2 && options.every((o) => o.label.length <= 12 && !o.disabled);
    return (
      <div className="field">
        <div className="line">
          <span className="label">
            {info.label}
            {changed}
          </span>
          {short ? (
            <Segmented label={info.label} value={String(value)} options={options} disabled={off} onChange={set} />
          ) : (
            <Choice label={info.label} value={String(value)} options={options} disabled={off} onChange={set} />
          )}
        </div>
        <p className="help">{help}</p>
      </div>
    );
  }
  return (
    <div className="field">
      <TextField value={String(value)} isDisabled={off} onChange={set} className="text">
        <Label>
          {info.label}
          {changed}
        </Label>
        <Input className="input" aria-describedby={`${id}-help`} />
      </TextField>
      <p className="help" id={`${id}-help`}>
        {help}
      </p>
    </div>
  );
}
