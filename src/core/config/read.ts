/**
 * Whatever claims to be an experiment, made into one. What is out of range is set to the nearest bound, what cannot be
 * understood keeps the base's value, and each time a notice says so.
 */
import { LabError } from "../errors";
import {
  formatSetting,
  getSetting,
  SETTINGS,
  type SettingEntry,
  type SettingValue,
  settingEntry,
  withSetting,
} from "./paths";
import { settleTogether } from "./rules";
import { type Experiment, experimentSchema, SCHEMA_VERSION } from "./schema";

export interface ReadResult {
  experiment: Experiment;
  /** In plain words, for the page to show. */
  notices: string[];
}

/** @param base gives what the input leaves out; the schema's defaults where it is not given */
export function readExperiment(input: unknown, base: Experiment = experimentSchema.parse({})): ReadResult {
  const notices: string[] = [];
  let experiment = base;
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return { experiment, notices: ["This is not an experiment; the settings stay as they are."] };
  }
  const record = input as Record<string, unknown>;
  const version = record.version;
  if (version !== undefined && version !== SCHEMA_VERSION)
    notices.push(
      `These settings are of version ${String(version).slice(0, 20)}, this program's of ${SCHEMA_VERSION}: what it knows is taken.`,
    );
  const unknown = unknownPaths(record);
  for (const what of unknown.slice(0, 8)) notices.push(`${what}; it is left out.`);
  if (unknown.length > 8) notices.push(`${unknown.length - 8} more that are no settings are left out.`);
  for (const entry of SETTINGS) {
    const value = lookUp(record, entry.path);
    if (value === undefined) continue;
    const fitted = fitSetting(entry, value, getSetting(base, entry.path));
    if (fitted.notice) notices.push(fitted.notice);
    experiment = withSetting(experiment, entry.path, fitted.value);
  }
  const settled = settleTogether(experiment);
  return { experiment: settled.experiment, notices: [...notices, ...settled.notices] };
}

/** One value made to fit its setting; `notice` says so where it had to be changed. */
export function fitSetting(
  { path, kind, info }: SettingEntry,
  value: unknown,
  fallback: SettingValue,
): { value: SettingValue; notice?: string } {
  const keep = (why: string) => ({
    value: fallback,
    notice: `${path}: ${why}; it stays ${formatSetting(path, fallback)}.`,
  });
  if (kind === "flag") return typeof value === "boolean" ? { value } : keep("neither true nor false");
  if (kind === "choice") {
    if (typeof value !== "string") return keep("not one of its choices");
    return Object.hasOwn(info.choices ?? {}, value) ? { value } : keep(`no choice "${value.slice(0, 40)}"`);
  }
  if (kind === "text") return typeof value === "string" ? fitText(path, value, info.maxLength!) : keep("not text");
  if (typeof value !== "number" || !Number.isFinite(value)) return keep("not a number");
  const { min, max } = info as { min: number; max: number };
  const set = (v: number, why: string) => ({ value: v, notice: `${path} ${value} is ${why}; set to ${v}.` });
  if (value > max) return set(max, "over the limit");
  if (value < min) return set(min, "under the limit");
  if (info.integer && !Number.isInteger(value)) return set(Math.round(value), "not a whole number");
  return { value: value + 0 }; // -0 would not come back from a link
}

/**
 * Refuses a value that `fitSetting` would move: for what must not go on with other values than it asked for.
 * @throws LabError "bad-setting" naming the setting and what it takes; for an unknown path the nearest names
 */
export function checkSetting(path: string, value: unknown): SettingValue {
  const entry = settingEntry(path);
  const { kind, info } = entry;
  const fitted = fitSetting(entry, value, entry.default);
  if (!fitted.notice) return fitted.value;
  const shown = String(value).slice(0, 60);
  if (kind === "text" && typeof value === "string")
    throw new LabError(
      "bad-setting",
      `${path}: the text does not fit.`,
      `Give at most ${info.maxLength} characters of text.`,
    );
  const remedy = {
    text: `Give at most ${info.maxLength} characters of text.`,
    flag: "Give true or false.",
    choice: `Choose one of ${Object.keys(info.choices ?? {}).join(", ")}.`,
    number: `Give a ${info.integer ? "whole " : ""}number from ${info.min} to ${info.max}.`,
  }[kind];
  throw new LabError("bad-setting", `${path}=${shown} is not possible.`, remedy);
}

function fitText(path: string, text: string, limit: number): { value: string; notice?: string } {
  // Half a surrogate pair is no character: neither a link nor a file could carry it.
  const whole = text.slice(0, limit).replace(/\p{Surrogate}/gu, "");
  if (text.length > limit) return { value: whole, notice: `${path}: cut after ${limit} characters.` };
  return whole === text ? { value: text } : { value: whole, notice: `${path}: what is no character was taken out.` };
}

function lookUp(record: Record<string, unknown>, path: string): unknown {
  let value: unknown = record;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** What stands in the record and is no setting, in words. */
function unknownPaths(record: Record<string, unknown>, prefix = ""): string[] {
  return Object.entries(record).flatMap(([key, value]) => {
    const path = prefix + key;
    if (path === "version" || SETTINGS.some((s) => s.path === path)) return [];
    if (!SETTINGS.some((s) => s.path.startsWith(`${path}.`))) return [`There is no setting ${path.slice(0, 60)}`];
    if (typeof value !== "object" || value === null) return [`${path} is a group of settings, not a value`];
    return unknownPaths(value as Record<string, unknown>, `${path}.`);
  });
}
