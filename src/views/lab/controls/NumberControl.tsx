import { Input, Label, NumberField } from "react-aria-components";
import { plain } from "../../../charts/words";
import type { SettingInfo } from "../../../core/config/setting";

const STEPS = 1000;

// Seven figures would round a large seed to another one.
const WHOLE = { maximumFractionDigits: 0 };
const REAL = { maximumSignificantDigits: 7 };

/** A range from 0 to far beyond the usual values (weights, clipping) is drawn out at its low end. */
const bend = ({ min = 0, max = 1, log = false }: SettingInfo) => (!log && max - min >= 50 ? 4 : 1);

/** Position of a value on the slider, 0 to 1000; in ratios for a setting whose range spans decades. */
export function toPosition(value: number, info: SettingInfo): number {
  const { min = 0, max = 1, log = false } = info;
  const part = log ? Math.log(value / min) / Math.log(max / min) : ((value - min) / (max - min)) ** (1 / bend(info));
  return Math.round(STEPS * Math.min(1, Math.max(0, part)));
}

/** The value at a position, rounded to what a person would have typed. */
export function fromPosition(position: number, info: SettingInfo, snap = 1): number {
  const { min = 0, max = 1, log = false, integer = false } = info;
  const part = position / STEPS;
  if (position <= 0) return min;
  if (position >= STEPS) return max;
  const raw = log ? min * (max / min) ** part : min + part ** bend(info) * (max - min);
  const rounded = integer && raw < 100 ? raw : Number(raw.toPrecision(2));
  return Math.min(max, Math.max(min, integer ? snap * Math.round(rounded / snap) : rounded));
}

/** A number: a field to type in and a slider to feel it. The slider's tick is the preset's value. */
export function NumberControl({
  id,
  info,
  value,
  preset,
  disabled,
  help,
  changed,
  snap,
  onChange,
}: {
  id: string;
  info: SettingInfo;
  value: number;
  preset: number;
  disabled: boolean;
  help: React.ReactNode;
  changed: React.ReactNode;
  /** The slider moves in multiples of this. */
  snap: number;
  onChange: (value: number) => void;
}) {
  const spoken = info.unit ? `${plain(value)} ${info.unit}` : plain(value);
  const at = toPosition(value, info);
  return (
    <div className="field">
      <NumberField
        className="number"
        value={value}
        isDisabled={disabled}
        // No bounds here: the field would keep to them without a word. The store does, and says so.
        {...(info.integer ? { step: 1 } : {})}
        formatOptions={info.integer ? WHOLE : REAL}
        onChange={(v) => {
          if (Number.isFinite(v)) onChange(v);
        }}
      >
        <Label>
          {info.label}
          {changed}
        </Label>
        <span className="entry">
          <Input className="input" aria-describedby={`${id}-help`} />
          {info.unit ? <span className="unit">{info.unit}</span> : null}
        </span>
      </NumberField>
      {info.max! > 1e7 ? null : (
        <>
          {/* A plain range input: it can say the value itself where the slider moves in ratios. */}
          <div
            className="slider"
            style={{ "--v": `${at / 10}%`, "--was": `${toPosition(preset, info) / 10}%` } as object}
          >
            <i aria-hidden="true" />
            <input
              type="range"
              min={0}
              max={STEPS}
              step={1}
              value={at}
              disabled={disabled}
              aria-label={`${info.label}, slider`}
              aria-valuetext={spoken}
              onChange={(e) => onChange(fromPosition(e.currentTarget.valueAsNumber, info, snap))}
            />
          </div>
        </>
      )}
      <p className="help" id={`${id}-help`}>
        {help}
      </p>
    </div>
  );
}
