/** A sweep as it is being put together on the form, and what it says to the worker. */
import { settingWords } from "../../charts/settingWords";
import {
  parseSettingText,
  SETTINGS,
  type SettingEntry,
  type SettingValue,
  settingEntry,
} from "../../core/config/paths";
import { checkSetting } from "../../core/config/read";
import type { Experiment } from "../../core/config/schema";
import { LabError } from "../../core/errors";
import type { SystemName } from "../../core/formats/result";
import type { SweepInput } from "../../state/sweeps";

export interface DraftAxis {
  path: string;
  /** Of a number or a text: its values, separated by commas; in a random sweep also "low..high", or nothing: all. */
  text: string;
  /** Of a choice or a switch: those ticked, as text. */
  picked: readonly string[];
}

export interface Draft {
  name: string;
  mode: "grid" | "random";
  axes: readonly DraftAxis[];
  samples: number;
  seeds: number;
  systems: readonly SystemName[];
  /** Students side by side. */
  stacked: boolean;
}

export const MOST_SEEDS = 5;

/** An ablation of what the distillation is about: its two loss weights. */
export const ABLATION_DRAFT: Draft = {
  name: "Loss weights",
  mode: "grid",
  axes: [
    { path: "stage2.mseWeight", text: "0, 10, 50", picked: [] },
    { path: "stage2.cosineWeight", text: "0.5, 1, 2", picked: [] },
  ],
  samples: 20,
  seeds: 1,
  systems: ["teacher", "scalingnote"],
  stacked: true,
};

/** Sizes by amounts of data. */
export const SCALING_DRAFT: Draft = {
  ...ABLATION_DRAFT,
  name: "Teacher size and data",
  axes: [
    { path: "teacher.width", text: "16, 32, 64, 96", picked: [] },
    { path: "data.notes.trainQueries", text: "500, 1000, 2000, 4000", picked: [] },
  ],
  seeds: 3,
  systems: ["teacher"],
};

/** Settings that can be an axis. */
export const AXES: readonly SettingEntry[] = SETTINGS.filter(({ path }) => path !== "seed");

/** What a choice or a switch can be. */
export function optionsOf({ kind, info }: SettingEntry): { id: string; label: string }[] {
  if (kind === "flag")
    return [
      { id: "true", label: "on" },
      { id: "false", label: "off" },
    ];
  return Object.entries(info.choices ?? {}).map(([id, label]) => ({ id, label }));
}

/** A new axis: of a choice all that it can be, of a number what it is now. */
export function newAxis(path: string, now: SettingValue): DraftAxis {
  const entry = settingEntry(path);
  const picked = entry.kind === "choice" || entry.kind === "flag" ? optionsOf(entry).map(({ id }) => id) : [];
  return { path, text: String(now), picked };
}

const RANGE = /^\s*([^,]+?)\s*\.\.\s*([^,]+?)\s*$/;

function axisOf({ path, text, picked }: DraftAxis, random: boolean): NonNullable<SweepInput["axes"]>[number] {
  const entry = settingEntry(path);
  const number = (word: string) => checkSetting(path, parseSettingText(path, word)) as number;
  if (entry.kind === "choice" || entry.kind === "flag") {
    if (picked.length === 0) throw none(path, "Tick at least one.");
    return { path, values: picked.map((word) => parseSettingText(path, word)) };
  }
  const range = random && entry.kind === "number" ? RANGE.exec(text) : null;
  if (range) return { path, min: number(range[1]!), max: number(range[2]!) };
  if (text.trim() === "" && random && entry.kind === "number") return { path };
  const words = text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
  if (words.length === 0) throw none(path, "Write values with commas between them.");
  return { path, values: [...new Set(words.map((word) => checkSetting(path, parseSettingText(path, word))))] };
}

const none = (path: string, remedy: string) =>
  new LabError("bad-setting", `${settingWords(path)} has no value.`, remedy);

/** What is wrong with an axis, in words; null: nothing. */
export function axisProblem(axis: DraftAxis, mode: Draft["mode"]): string | null {
  try {
    axisOf(axis, mode === "random");
    return null;
  } catch (error) {
    if (error instanceof LabError) return `${error.message} ${error.remedy}`;
    throw error;
  }
}

/**
 * The sweep that the form asks for.
 * @param base what its trials start from; its seed is the first one
 * @throws LabError "bad-setting"
 */
export function sweepOf(draft: Draft, base: Experiment): SweepInput {
  const { name, mode, samples, seeds, systems } = draft;
  if (systems.length === 0) throw new LabError("bad-setting", "No system is measured.", "Tick at least one.");
  return {
    name: name.trim() || "Sweep",
    base,
    mode,
    axes: draft.axes.map((axis) => axisOf(axis, mode === "random")),
    ...(mode === "random" ? { samples } : {}),
    seeds: Array.from({ length: seeds }, (_, i) => base.seed + i),
    systems: [...systems],
  };
}
