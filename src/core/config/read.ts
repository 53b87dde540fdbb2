/**
 * Whatever claims to be an experiment, made into one. What is out of range is set to the nearest bound, what cannot be
 * understood keeps the base's value, and each time a notice says so.
 */
import { SCHEMA_VERSION, type Experiment, experimentSchema } from "./schema";
import { formatSetting, getSetting, SETTINGS, type SettingEntry, type SettingValue, withSetting } from "./paths";

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
  const version = record["version"];
  if (version !== undefined && version !== SCHEMA_VERSION)
    notices.push(`These settings are of version ${String(version)}, this program's of ${SCHEMA_VERSION}: what it knows is taken.`);
  for (const path of unknownPaths(record)) notices.push(`There is no setting ${path}; it is left out.`);
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

/** One value made to fit its setting. */
export function fitSetting(
  { path, kind, info }: SettingEntry,
  value: unknown,
  fallback: SettingValue,
): { value: SettingValue; notice?: string } {
  const keep = (why: string) => ({ value: fallback, notice: `${path}: ${why}; it stays ${formatSetting(path, fallback)}.` });
  if (kind === "flag") return typeof value === "boolean" ? { value } : keep("neither true nor false");
  if (kind === "choice")
    return typeof value === "string" && Object.hasOwn(info.choices!, value) ? { value } : keep(`no choice "${String(value).slice(0, 40)}"`);
  if (kind === "text") {
    if (typeof value !== "string") return keep("not text");
    const limit = 200;
    return value.length <= limit
      ? { value }
      : { value: value.slice(0, limit), notice: `${path}: cut after ${limit} characters.` };
  }
  if (typeof value !== "number" || !Number.isFinite(value)) return keep("not a number");
  const { min, max } = info as { min: number; max: number };
  const set = (v: number, why: string) => ({ value: v, notice: `${path} ${value} is ${why}; set to ${v}.` });
  if (value > max) return set(max, "over the limit");
  if (value < min) return set(min, "under the limit");
  if (info.integer && !Number.isInteger(value)) return set(Math.round(value), "not a whole number");
  return { value };
}

/** Rules between settings. */
function settleTogether(experiment: Experiment): ReadResult {
  const notices: string[] = [];
  let result = experiment;
  const change = (path: string, value: number, why: string) => {
    const from = getSetting(result, path);
    if (from === value) return;
    result = withSetting(result, path, value);
    notices.push(`${path} ${String(from)} ${why}; set to ${value}.`);
  };
  const divisor = (limit: number, fits: (n: number) => boolean) => {
    let n = Math.max(1, limit);
    while (n > 1 && !fits(n)) n--;
    return n;
  };
  for (const who of ["teacher", "student"] as const) {
    const tower = result[who];
    const rotary = who === "teacher" || result.student.kind === "decoder";
    const fits = (n: number) => tower.width % n === 0 && (!rotary || (tower.width / n) % 2 === 0);
    if (rotary && tower.width % 2 !== 0) change(`${who}.width`, tower.width + 1, "is odd, which rotary positions cannot take");
    change(
      `${who}.heads`,
      divisor(Math.min(tower.heads, result[who].width), (n) => result[who].width % n === 0 && (!rotary || (result[who].width / n) % 2 === 0)),
      fits(tower.heads) ? "" : `does not divide the width ${result[who].width} evenly`,
    );
  }
  change(
    "teacher.kvHeads",
    divisor(Math.min(result.teacher.kvHeads, result.teacher.heads), (n) => result.teacher.heads % n === 0),
    `does not divide the ${result.teacher.heads} heads`,
  );
  if (result.student.kind !== "lookup") change("student.layers", Math.max(1, result.student.layers), "is no layer, which only a lookup table can do with");
  if (result.stage2.mseWeight === 0 && result.stage2.cosineWeight === 0)
    change("stage2.cosineWeight", 1, "beside an MSE weight of 0 leaves no loss");
  return { experiment: result, notices };
}

function lookUp(record: Record<string, unknown>, path: string): unknown {
  let value: unknown = record;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function unknownPaths(record: Record<string, unknown>, prefix = ""): string[] {
  return Object.entries(record).flatMap(([key, value]) => {
    const path = prefix ? `${prefix}.${key}` : key;
    if (path === "version" || SETTINGS.some((s) => s.path === path)) return [];
    if (!SETTINGS.some((s) => s.path.startsWith(`${path}.`))) return [path.slice(0, 60)];
    return typeof value === "object" && value !== null ? unknownPaths(value as Record<string, unknown>, path) : [path];
  });
}
