/** The experiment's settings one by one, by dotted path: what forms, links and the command line work on. */
import { z } from "zod";
import { LabError } from "../errors";
import { type Experiment, experimentSchema } from "./schema";
import { type SettingInfo, settings } from "./setting";

export type SettingValue = number | boolean | string;
export type SettingKind = "number" | "flag" | "choice" | "text";

export interface SettingEntry {
  /** "stage2.mseWeight" */
  path: string;
  kind: SettingKind;
  info: SettingInfo;
  default: SettingValue;
}

/** Every setting of the schema, in its order. */
export const SETTINGS: readonly SettingEntry[] = collect(experimentSchema, "");
const BY_PATH = new Map(SETTINGS.map((entry) => [entry.path, entry]));

function collect(schema: z.ZodType, prefix: string): SettingEntry[] {
  if (schema instanceof z.ZodPrefault) return collect(schema.def.innerType as z.ZodType, prefix);
  if (schema instanceof z.ZodObject)
    return Object.entries(schema.def.shape as Record<string, z.ZodType>).flatMap(([key, part]) =>
      collect(part, prefix ? `${prefix}.${key}` : key),
    );
  const info = settings.get(schema);
  if (!info) return []; // the schema's own version
  const value = schema.parse(undefined) as SettingValue;
  const kind: SettingKind =
    typeof value === "number" ? "number" : typeof value === "boolean" ? "flag" : info.choices ? "choice" : "text";
  return [{ path: prefix, kind, info, default: value }];
}

/** The entry of a path. @throws LabError "bad-setting" with the nearest names where there is none */
export function settingEntry(path: string): SettingEntry {
  const entry = BY_PATH.get(path);
  if (entry) return entry;
  throw new LabError(
    "bad-setting",
    `There is no setting "${path.slice(0, LONGEST_SHOWN)}".`,
    `Did you mean ${nearest(path).join(", ")}?`,
  );
}

/** A link may be made of anything: what is told back of it, and compared with, has an end. */
const LONGEST_SHOWN = 60;

/** The three paths most like a word, counted from the whole path or from its last name alone. */
function nearest(word: string): string[] {
  const asked = word.slice(0, LONGEST_SHOWN).toLowerCase();
  const last = (path: string) => path.slice(path.lastIndexOf(".") + 1);
  return SETTINGS.map(({ path }) => {
    const known = path.toLowerCase();
    return { path, far: Math.min(distance(known, asked), distance(last(known), last(asked)) + 1) };
  })
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ path }) => path);
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

/** The value at a path of SETTINGS. */
export function getSetting(experiment: Experiment, path: string): SettingValue {
  let value: unknown = experiment;
  for (const key of path.split(".")) value = (value as Record<string, unknown>)[key];
  return value as SettingValue;
}

/** A copy of the experiment with one setting changed. Not validated: see readExperiment. */
export function withSetting(experiment: Experiment, path: string, value: SettingValue): Experiment {
  const set = (node: unknown, keys: string[]): unknown => {
    const [key, ...rest] = keys as [string, ...string[]];
    const record = node as Record<string, unknown>;
    return { ...record, [key]: rest.length === 0 ? value : set(record[key], rest) };
  };
  return set(experiment, path.split(".")) as Experiment;
}

export interface Difference {
  path: string;
  from: SettingValue;
  to: SettingValue;
}

/** Settings in which b differs from a, in the schema's order. */
export function differences(a: Experiment, b: Experiment): Difference[] {
  return SETTINGS.flatMap(({ path }) => {
    const from = getSetting(a, path);
    const to = getSetting(b, path);
    return from === to ? [] : [{ path, from, to }];
  });
}

/** A value in words: "64 pairs", "teacher's token embeddings", "on". */
export function formatSetting(path: string, value: SettingValue): string {
  const { info } = settingEntry(path);
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "string") return info.choices?.[value] ?? (value === "" ? "none" : value);
  const number = Number.isInteger(value) ? value.toLocaleString("en") : String(Number(value.toPrecision(4)));
  return info.unit ? `${number} ${info.unit}` : number;
}

/**
 * What the text of a value means for a setting: the form of links and of the command line's key=value. Ranges are not
 * checked here: see readExperiment.
 * @throws LabError "bad-setting" for an unknown path, or a text that is no value of this kind
 */
export function parseSettingText(path: string, text: string): SettingValue {
  const { kind, info } = settingEntry(path);
  const shown = text.slice(0, LONGEST_SHOWN);
  if (kind === "number") {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (Number.isFinite(value)) return value;
    throw new LabError(
      "bad-setting",
      `${path}: "${shown}" is not a number.`,
      `Give a number from ${info.min} to ${info.max}.`,
    );
  }
  if (kind === "flag") {
    if (text === "true" || text === "on" || text === "1") return true;
    if (text === "false" || text === "off" || text === "0") return false;
    throw new LabError("bad-setting", `${path}: "${shown}" is neither true nor false.`, "Give true or false.");
  }
  const choices = info.choices ?? {};
  if (kind === "choice" && !Object.hasOwn(choices, text))
    throw new LabError(
      "bad-setting",
      `${path}: there is no choice "${shown}".`,
      `Choose one of ${Object.keys(choices).join(", ")}.`,
    );
  return text;
}

/** Reads "stage2.mseWeight=2". @throws LabError "bad-setting" */
export function parseAssignment(text: string): { path: string; value: SettingValue } {
  const at = text.indexOf("=");
  if (at < 1)
    throw new LabError(
      "bad-setting",
      `"${text.slice(0, LONGEST_SHOWN)}" is not of the form key=value.`,
      "Write for example stage2.mseWeight=2.",
    );
  const path = text.slice(0, at);
  return { path, value: parseSettingText(path, text.slice(at + 1)) };
}
