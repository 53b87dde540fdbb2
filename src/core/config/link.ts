/** The page's address: view, preset, schema version and the settings that differ from the preset. */
import { LabError } from "../errors";
import { differences, parseSettingText, withSetting } from "./paths";
import { DEFAULT_PRESET, PRESETS, type PresetName, presetExperiment } from "./presets";
import { readExperiment } from "./read";
import { type Experiment, SCHEMA_VERSION } from "./schema";

/** A hostile link may hold thousands. */
const MOST_TOLD = 8;

export interface PageState {
  view: string;
  preset: PresetName;
  experiment: Experiment;
}

/** "#/lab?preset=quick&v=1&seed=7&stage2.mseWeight=2" */
export function toLink({ view, preset, experiment }: PageState): string {
  const query = new URLSearchParams({ preset, v: String(SCHEMA_VERSION), seed: String(experiment.seed) });
  for (const { path, to } of differences(presetExperiment(preset), experiment))
    if (path !== "seed") query.set(path, String(to));
  return `#/${encodeURIComponent(view)}?${query.toString()}`;
}

/** Never throws: what cannot be understood is told in `notices` and left out. */
export function fromLink(hash: string): PageState & { notices: string[] } {
  const notices: string[] = [];
  const [, rawView = "", rawQuery = ""] = /^#?\/?([^?]*)\??(.*)$/s.exec(hash) ?? [];
  let view = "";
  try {
    view = decodeURIComponent(rawView);
  } catch {
    notices.push("The address names no view of this page.");
  }
  const query = new URLSearchParams(rawQuery);
  const named = query.get("preset") ?? DEFAULT_PRESET;
  const known = Object.hasOwn(PRESETS, named);
  if (!known) notices.push(`There is no preset "${named.slice(0, 40)}"; ${DEFAULT_PRESET} is taken.`);
  const preset = known ? (named as PresetName) : DEFAULT_PRESET;
  const version = query.get("v");
  if (version !== null && version !== String(SCHEMA_VERSION))
    notices.push(
      Number(version) > SCHEMA_VERSION
        ? `This link is of a newer version (${version.slice(0, 10)}) of this program; what it knows is taken.`
        : `This link is of another version (${version.slice(0, 10)}); what still exists is taken.`,
    );
  const base = presetExperiment(preset);
  let wanted = base;
  const refused: string[] = [];
  for (const [path, text] of query) {
    if (path === "preset" || path === "v") continue;
    try {
      wanted = withSetting(wanted, path, parseSettingText(path, text));
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      refused.push(`${error.message} ${error.remedy}`);
    }
  }
  notices.push(...refused.slice(0, MOST_TOLD));
  if (refused.length > MOST_TOLD) notices.push(`${refused.length - MOST_TOLD} more could not be understood.`);
  const read = readExperiment(wanted, base);
  return { view: view || "lab", preset, experiment: read.experiment, notices: [...notices, ...read.notices] };
}
