/** From a sweep to its trials, in order; and their names. */
import { contentHash } from "../../artifacts/hash";
import {
  type Difference,
  differences,
  getSetting,
  type SettingValue,
  settingEntry,
  withSetting,
} from "../../config/paths";
import { readExperiment } from "../../config/read";
import type { Experiment } from "../../config/schema";
import { LabError } from "../../errors";
import type { SystemName } from "../../formats/result";
import { random } from "../../random";
import { type Assignments, type Axis, MOST_TRIALS, type Sweep } from "./spec";

export interface Trial {
  /** What it gives the varied settings. In a random sweep, after what does not fit together was moved. */
  assignments: Assignments;
  seed: number;
  experiment: Experiment;
}

/** Every combination of the axes' values; the last axis moves fastest. */
export function gridOf(axes: readonly Axis[]): Assignments[] {
  const count = axes.reduce((product, { values }) => product * (values?.length ?? 1), 1);
  if (count > MOST_TRIALS)
    throw new LabError(
      "bad-setting",
      `The axes have ${count.toLocaleString("en")} combinations, more than ${MOST_TRIALS.toLocaleString("en")}.`,
      "Take fewer values, or a random sweep.",
    );
  return axes.reduce<Assignments[]>(
    (all, { path, values }) => all.flatMap((some) => (values ?? []).map((value) => ({ ...some, [path]: value }))),
    [{}],
  );
}

/**
 * The draw number `i` from an axis. Depends on nothing else: more samples or another axis leave it as it was.
 */
function drawFrom({ path, values, min, max }: Axis, seed: number, i: number): SettingValue {
  const { kind, info } = settingEntry(path);
  const source = random(seed, "sweep", path, i);
  if (values) return source.pick(values);
  if (kind === "flag") return source.chance(0.5);
  if (kind === "choice") return source.pick(Object.keys(info.choices!));
  const [low, high] = [min ?? info.min!, max ?? info.max!];
  const ratios = info.log === true && low > 0;
  const at = source.next();
  const drawn = ratios ? low * (high / low) ** at : low + at * (high - low);
  // Four digits: a value that can be read, and typed again.
  const readable = info.integer ? Math.round(drawn) : Number(drawn.toPrecision(4));
  return Math.min(high, Math.max(low, readable));
}

/** @throws LabError "bad-setting" where a trial of a grid or a list does not fit together */
function settled(experiment: Experiment, assignments: Assignments, move: boolean): Experiment {
  let wanted = experiment;
  for (const [path, value] of Object.entries(assignments)) wanted = withSetting(wanted, path, value);
  const read = readExperiment(wanted);
  if (read.notices.length > 0 && !move)
    throw new LabError(
      "bad-setting",
      `The trial ${wordsOf(assignments)} does not fit together: ${read.notices.join(" ")}`,
      "Nothing was run: leave it out, or change what it starts from.",
    );
  return read.experiment;
}

/**
 * The trials of a sweep: for each assignment one a seed. Equal ones stand there once.
 * @throws LabError "bad-setting" where there are too many, or one that cannot be run
 */
export function sweepTrials(sweep: Sweep): Trial[] {
  const { mode, axes, samples, drawSeed, list, base, seeds } = sweep;
  const assigned =
    mode === "grid"
      ? gridOf(axes)
      : mode === "list"
        ? list
        : Array.from(
            { length: samples },
            (_, i): Assignments => Object.fromEntries(axes.map((axis) => [axis.path, drawFrom(axis, drawSeed, i)])),
          );
  if (assigned.length * seeds.length > MOST_TRIALS)
    throw new LabError(
      "bad-setting",
      `The sweep has ${assigned.length * seeds.length} trials, more than ${MOST_TRIALS}.`,
      "Take fewer values or seeds.",
    );
  const seen = new Set<string>();
  return assigned.flatMap((assignments) =>
    seeds.flatMap((seed): Trial[] => {
      const experiment = settled(withSetting(base, "seed", seed), assignments, mode === "random");
      const name = JSON.stringify(experiment);
      if (seen.has(name)) return [];
      seen.add(name);
      const found = Object.keys(assignments).map((path) => [path, getSetting(experiment, path)]);
      return [{ assignments: Object.fromEntries(found) as Assignments, seed, experiment }];
    }),
  );
}

/** "stage2.learningRate=0.001", "student.width=32" */
export const textsOf = (assignments: Assignments): string[] =>
  Object.entries(assignments).map(([path, value]) => `${path}=${String(value)}`);

/** "stage2.learningRate=0.001 student.width=32" */
export const wordsOf = (assignments: Assignments): string => textsOf(assignments).join(" ");

/** In what a trial's experiment is another than what the sweep starts from; its seed stands elsewhere. */
export const changesOf = (base: Experiment, { experiment }: Pick<Trial, "experiment">): Difference[] =>
  differences(base, experiment).filter(({ path }) => path !== "seed");

/**
 * A trial's name: equal ones yield the same figures, so that the second is skipped.
 * @param data `dataKey` of its collection
 */
export const trialKey = (
  experiment: Experiment,
  { data, systems, codeVersion }: { data: string; systems: readonly SystemName[]; codeVersion: string },
): Promise<string> => contentHash({ kind: "trial", experiment, data, systems, codeVersion });
