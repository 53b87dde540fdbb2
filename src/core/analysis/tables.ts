/** Tables of a sweep, for the page, for files and for a report. */
import type { Cell, Table } from "../formats/export";
import type { SystemName } from "../formats/result";
import { type Axis, axesOf, groupTrials } from "./groups";
import { figureOf, metricsOf, type Trial } from "./trial";

/** A setting's value in a table: numbers stay numbers, so that a file of it can be reckoned with. */
export const cellOf = (value: unknown): Cell =>
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
      "query latency p50, ms",
      "entropy pool",
      "test set",
      "seconds",
      "adapter",
      "code",
      "trial",
    ],
    rows: trials.flatMap((trial) =>
      systems.flatMap((name) => {
        const system = trial.systems[name];
        if (!system) return [];
        return [
          [
            ...axes.map((axis) => cellOf(trial.assignments[axis.path])),
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
            system.latencyMs ?? null,
            system.contrastiveEntropy?.pool ?? null,
            trial.testSetHash,
            trial.seconds ?? null,
            trial.adapter ?? null,
            trial.codeVersion ?? null,
            trial.key ?? null,
          ],
        ];
      }),
    ),
  };
}

/**
 * Means over seeds of several measures, one row a configuration: what a table is sorted by.
 * @returns by configuration key, then measure; null where no seed has a figure
 */
export function configurationMeans(
  trials: readonly Trial[],
  system: SystemName,
  measures: readonly string[],
): Map<string, Record<string, number | null>> {
  return new Map(
    groupTrials(trials).map((group) => {
      const means = measures.map((measure) => {
        const values = group.trials.flatMap((trial) => figureOf(trial.systems[system], measure)?.value ?? []);
        return [measure, values.length > 0 ? values.reduce((sum, v) => sum + v, 0) / values.length : null];
      });
      return [group.key, Object.fromEntries(means) as Record<string, number | null>];
    }),
  );
}
