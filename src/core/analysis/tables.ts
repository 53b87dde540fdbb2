/** Tables of a sweep, for the page, for files and for a report. */
import type { Cell, Table } from "../formats/export";
import type { SystemName } from "../formats/result";
import { type Axis, axesOf, groupTrials } from "./groups";
import { figureOf, metricsOf, type Trial } from "./trial";

const cell = (value: unknown): Cell =>
  value === undefined || value === null ? null : typeof value === "number" ? value : String(value);

/** One row a trial and system: only the settings in which trials differ, then every measure with its interval. */
export function trialTable(trials: readonly Trial[], systems: readonly SystemName[]): Table {
  const axes: Axis[] = axesOf(groupTrials(trials));
  const measures = [...new Set(systems.flatMap((system) => metricsOf(trials, system)))];
  return {
    columns: [
      ...axes.map((axis) => axis.path),
      "seed",
      "system",
      ...measures.flatMap((m) => [m, `${m} low`, `${m} high`]),
      "query parameters",
      "document parameters",
      "training pairs",
      "training FLOPs",
      "FLOPs a query",
      "entropy pool",
      "test set",
    ],
    rows: trials.flatMap((trial) =>
      systems.flatMap((name) => {
        const system = trial.systems[name];
        if (!system) return [];
        return [
          [
            ...axes.map((axis) => cell(trial.assignments[axis.path])),
            trial.seed,
            name,
            ...measures.flatMap((m) => {
              const figure = figureOf(system, m);
              return [figure?.value ?? null, figure?.low ?? null, figure?.high ?? null];
            }),
            system.queryParams,
            system.documentParams,
            system.trainingPairs,
            system.trainingFlops,
            system.queryFlops,
            system.contrastiveEntropy?.pool ?? null,
            trial.testSetHash,
          ],
        ];
      }),
    ),
  };
}
