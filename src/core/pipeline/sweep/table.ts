/** A sweep's records as a table: one row an assignment, means over seeds, and which rows cannot be told from the best. */
import type { BootstrapOptions } from "../../evaluation/bootstrap";
import { type Contender, meanOverSeeds, type Standing, tiedWithBest } from "../../evaluation/overSeeds";
import type { Figure, MetricKey } from "../../evaluation/types";
import { SYSTEMS, type SystemName } from "../../formats/result";
import type { DoneTrial, TrialRecord } from "./record";
import type { Assignments } from "./spec";
import { wordsOf } from "./trials";

export interface TableRow {
  assignments: Assignments;
  /** "stage2.mseWeight=0", the row's name; "(as it is)" where nothing is varied. */
  words: string;
  seeds: number[];
  /** Of the measure, by system: mean over seeds with its 95 % interval. */
  systems: Partial<Record<SystemName, Figure>>;
  /** How it stands to the best row by the judged system; null for the best itself and for rows without a figure. */
  standing: Standing | null;
}

export interface SweepTable {
  metric: MetricKey;
  /** The system whose figures rank the rows. */
  judged: SystemName | null;
  /** The best row's name. */
  best: string | null;
  rows: TableRow[];
  failed: TrialRecord[];
}

/** The system that a sweep is about: the distilled one where it is there, else the last of the trained ones. */
export const judgedSystem = (systems: readonly SystemName[]): SystemName | null =>
  systems.includes("scalingnote") ? "scalingnote" : (SYSTEMS.filter((name) => systems.includes(name))[0] ?? null);

/**
 * @param metric one that records keep query by query
 */
export function sweepTable(
  records: readonly TrialRecord[],
  metric: MetricKey,
  options: BootstrapOptions,
  judged = judgedSystem(SYSTEMS.filter((name) => records.some((r) => r.status === "done" && r.systems[name]))),
): SweepTable {
  const groups = new Map<string, DoneTrial[]>();
  for (const record of records) {
    if (record.status !== "done") continue;
    const name = wordsOf(record.assignments) || "(as it is)";
    groups.set(name, [...(groups.get(name) ?? []), record]);
  }
  const columnOf = (record: DoneTrial, system: SystemName) => record.systems[system]?.perQuery[metric];
  const contenders = [...groups].map(
    ([name, trials]): Contender => ({
      name,
      runs: trials.flatMap((trial) => {
        const values = judged ? columnOf(trial, judged) : undefined;
        return values ? [{ seed: trial.seed, testSetHash: trial.testSetHash, values }] : [];
      }),
    }),
  );
  const standings = tiedWithBest(contenders, options);
  const rows = [...groups].map(([words, trials]): TableRow => {
    const systems = SYSTEMS.flatMap((system) => {
      const columns = trials.flatMap((trial) => [columnOf(trial, system) ?? []]).filter((column) => column.length > 0);
      return columns.length > 0 ? [[system, meanOverSeeds(columns, options)] as const] : [];
    });
    return {
      assignments: trials[0]!.assignments,
      words,
      seeds: trials.map(({ seed }) => seed),
      systems: Object.fromEntries(systems),
      standing: standings?.others.find(({ name }) => name === words) ?? null,
    };
  });
  return {
    metric,
    judged,
    best: standings?.best ?? null,
    rows,
    failed: records.filter(({ status }) => status === "failed"),
  };
}
