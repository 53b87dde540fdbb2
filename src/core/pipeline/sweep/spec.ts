/**
 * A sweep: an experiment, settings to vary, seeds and the systems to measure. One plain JSON value, as the experiment is;
 * the page, the command line and the ready-made experiments hold this shape.
 */
import { z } from "zod";
import { type SettingEntry, type SettingValue, settingEntry } from "../../config/paths";
import { DEFAULT_PRESET, PRESETS, type PresetName, presetExperiment } from "../../config/presets";
import { checkSetting, readExperiment } from "../../config/read";
import { type Experiment, experimentSchema } from "../../config/schema";
import { LabError } from "../../errors";
import { SYSTEMS, type SystemName } from "../../formats/result";
import { firstProblem } from "../../formats/resultSchema";

/** Version of the sweep's shape. */
export const SWEEP_VERSION = 1;

/** A setting that is varied. */
export interface Axis {
  path: string;
  /** What it takes, in this order. A random sweep may leave it out, and draws from the range. */
  values?: SettingValue[];
  /** Bounds of a random sweep's draws; the setting's own unless given. Drawn in ratios where its slider moves so. */
  min?: number;
  max?: number;
}

/** Settings and the values that a trial gives them. */
export type Assignments = Record<string, SettingValue>;

export interface Sweep {
  version: typeof SWEEP_VERSION;
  name: string;
  /** What the trials start from. Its seed is not used: `seeds` are. */
  base: Experiment;
  /** Every combination of the axes; `samples` draws from them; or `list` as it stands. */
  mode: "grid" | "random" | "list";
  axes: Axis[];
  samples: number;
  /** Of the draws alone. */
  drawSeed: number;
  list: Assignments[];
  seeds: number[];
  systems: SystemName[];
}

/** More are a mistake: at a second each these take three hours. */
export const MOST_TRIALS = 10_000;

const seed = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);
const value = z.union([z.number(), z.boolean(), z.string()]);

const fileSchema = z.strictObject({
  version: z.literal(SWEEP_VERSION).default(SWEEP_VERSION),
  name: z.string().max(200).default("sweep"),
  preset: z.string().default(DEFAULT_PRESET),
  base: z.record(z.string(), z.unknown()).default({}),
  mode: z.enum(["grid", "random", "list"]).default("grid"),
  axes: z
    .array(
      z.strictObject({
        path: z.string(),
        values: z.array(value).min(1).exactOptional(),
        min: z.number().exactOptional(),
        max: z.number().exactOptional(),
      }),
    )
    .default([]),
  samples: z.int().min(1).max(MOST_TRIALS).default(20),
  drawSeed: seed.default(7),
  list: z.array(z.record(z.string(), value)).default([]),
  seeds: z
    .array(seed)
    .min(1)
    .default([experimentSchema.parse({}).seed]),
  systems: z.array(z.enum(SYSTEMS)).min(1).default(["teacher", "scalingnote"]),
});

/** What a file may say: all but what it varies may be left out; `base` may be a part of an experiment over a preset. */
export type SweepInput = z.input<typeof fileSchema>;

const bad = (message: string, remedy: string) => new LabError("bad-setting", message, remedy);

/**
 * Reads a sweep.
 * @throws LabError "bad-setting" naming the field: a sweep must not go on with other values than it asked for
 */
export function readSweep(input: unknown): Sweep {
  const parsed = fileSchema.safeParse(input);
  if (!parsed.success)
    throw bad(`This is not a sweep: ${firstProblem(parsed.error)}.`, "Give base, axes, seeds and systems.");
  const { preset, base, ...rest } = parsed.data;
  if (!Object.hasOwn(PRESETS, preset))
    throw bad(`There is no preset "${preset.slice(0, 60)}".`, `Choose one of ${Object.keys(PRESETS).join(", ")}.`);
  const read = readExperiment(base, presetExperiment(preset as PresetName));
  if (read.notices.length > 0) throw bad(`base: ${read.notices.join(" ")}`, "Nothing was run: give what fits.");
  const sweep: Sweep = {
    ...rest,
    base: read.experiment,
    axes: rest.axes.map((axis) => checkAxis(axis, rest.mode)),
    list: rest.list.map(checkAssignments),
    // A set in the order of showing, and seeds once each: what is asked for twice is measured once.
    seeds: [...new Set(rest.seeds)],
    systems: SYSTEMS.filter((name) => rest.systems.includes(name)),
  };
  const paths = sweep.axes.map(({ path }) => path);
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice) throw bad(`${twice} is on two axes.`, "Put all its values on one.");
  if (sweep.mode === "list" && sweep.axes.length > 0)
    throw bad("A sweep of the kind list has no axes.", "Leave axes away, or choose the mode grid or random.");
  return sweep;
}

function checkAssignments(assignments: Assignments): Assignments {
  return Object.fromEntries(
    Object.entries(assignments).map(([path, given]) => [notSeed(path), checkSetting(path, given)]),
  );
}

function notSeed(path: string): string {
  if (path === "seed") throw bad("The seed is no setting to vary.", "Name the seeds in seeds.");
  return path;
}

function checkAxis(axis: Axis, mode: Sweep["mode"]): Axis {
  const path = notSeed(axis.path);
  const entry = settingEntry(path);
  if (axis.values) return { path, values: axis.values.map((given) => checkSetting(path, given)) };
  if (mode !== "random") throw bad(`The axis ${path} has no values.`, "Name the values to try.");
  if (entry.kind !== "number") {
    if (axis.min !== undefined || axis.max !== undefined)
      throw bad(`The axis ${path} has bounds, but is not a number.`, "Leave min and max away.");
    if (entry.kind === "text") throw bad(`The axis ${path} has no values.`, "Name the texts to try.");
    return { path };
  }
  const { min, max } = boundsOf(axis, entry);
  for (const bound of [min, max]) checkSetting(path, bound);
  if (min > max) throw bad(`The axis ${path} goes from ${min} to ${max}.`, "Name the lower bound first.");
  return { path, min, max };
}

/** An axis' own bounds, or its setting's. */
const boundsOf = ({ min, max }: Axis, { info }: SettingEntry) => ({ min: min ?? info.min!, max: max ?? info.max! });
