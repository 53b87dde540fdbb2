import { type ReactNode, useCallback, useMemo, useState } from "react";
import type { PendingCell } from "../../charts/ablationSlices";
import { axisTitle, bestWords } from "../../charts/ablationWords";
import { counted } from "../../charts/words";
import { studentGaps } from "../../core/analysis/gaps";
import { groupTrials, keyOf } from "../../core/analysis/groups";
import { BASIS_WORDS } from "../../core/analysis/hierarchical";
import { metricsOf, systemsOf, type Trial } from "../../core/analysis/trial";
import type { SettingValue } from "../../core/config/paths";
import type { Look } from "../../core/experiments";
import { SYSTEMS, type SystemName } from "../../core/formats/result";
import type { Analyst } from "../../state/trials";
import { Alert } from "../parts/Alert";
import { Choice } from "../parts/Choice";
import { SweepAnswer, SweepHead } from "../sweeps/SweepHead";
import { useAnswer } from "../sweeps/useAnswer";
import { AlgebraCard } from "./AlgebraCard";
import { ConfigurationTable } from "./ConfigurationTable";
import { GapsCard } from "./GapsCard";
import { GridCard } from "./GridCard";
import { ImportanceCard } from "./ImportanceCard";
import { KnobsCard } from "./KnobsCard";
import { RivalsCard } from "./RivalsCard";
import { SystemGapCard } from "./SystemGapCard";

const SAMPLES = 500;
const SEED = 7;
/** What a ready-made experiment chooses here. */
export type AblationLook = Extract<Look, { view: "ablation" }>;
const NONE: readonly PendingCell[] = [];
/** What an ablation asks first, where it was measured. */
const FIRST = ["recall@10", "ndcg@10"];

/**
 * @param trials the records of one sweep
 * @param analyst where resampling is done: a worker in the page
 * @param pending what a sweep under way has still to measure
 * @param panel stands between the heading and the results
 * @param onApply puts a configuration's settings onto the Lab's form
 * @param onRank ranks a trial's test queries again; null where that cannot be done now
 */
export function Ablation({
  trials,
  analyst,
  pending = NONE,
  panel = null,
  look = null,
  onApply,
  onRank = null,
}: {
  trials: readonly Trial[];
  analyst: Pick<Analyst, "ablation" | "documents">;
  pending?: readonly PendingCell[];
  panel?: ReactNode;
  /** What is chosen first, where a ready-made experiment says it. */
  look?: AblationLook | null;
  onApply: (assignments: Record<string, SettingValue>) => void;
  onRank?: ((key: string) => Promise<void>) | null;
}) {
  const systems = useMemo(() => systemsOf(trials, SYSTEMS), [trials]);
  const [ownSystem, setSystem] = useState<SystemName | null>(null);
  const wantedSystem = ownSystem ?? look?.system ?? "scalingnote";
  const system = systems.includes(wantedSystem) ? wantedSystem : (systems[0] ?? "scalingnote");
  const metrics = useMemo(() => metricsOf(trials, system), [trials, system]);
  const [wantedMetric, setMetric] = useState("");
  const metric = metrics.includes(wantedMetric)
    ? wantedMetric
    : ([look?.metric ?? "", ...FIRST].find((m) => metrics.includes(m)) ?? metrics[0] ?? "recall@10");
  const ask = useCallback(
    () => analyst.ablation(trials, { system, metric, samples: SAMPLES, seed: SEED }),
    [analyst, trials, system, metric],
  );
  const { answer: report, stale, error } = useAnswer(ask);
  const [selected, setSelected] = useState<string | null>(null);
  const seeds = new Set(trials.map((t) => t.seed)).size;
  const configurations = report?.configurations.length ?? new Set(trials.map((t) => keyOf(t.assignments))).size;
  const chosen = report?.configurations.findIndex((c) => c.key === selected) ?? -1;
  const shown = chosen >= 0 ? chosen : (report?.best?.group ?? 0);
  const key = report?.configurations[shown]?.key;
  const group = useMemo(() => groupTrials(trials).find((one) => one.key === key)?.trials ?? [], [trials, key]);
  const best = report?.best?.group === shown;
  // The report has the best configuration's already.
  const gaps = useMemo(
    () =>
      best || !report || report.system === "teacher"
        ? (report?.gaps ?? null)
        : studentGaps(group, report.system, report.metric),
    [best, group, report],
  );
  return (
    <>
      <SweepHead
        title="Ablation"
        words={
          <>
            {counted(configurations, "configuration")}, {counted(seeds, "seed")}
            {report ? `; ${BASIS_WORDS[report.configurations[shown]?.estimate.basis ?? "none"]}.` : "."}
          </>
        }
        trials={trials}
        systems={systems}
        system={system}
        onSystem={setSystem}
      >
        <Choice
          label="Measure"
          value={metric}
          options={metrics.map((m) => ({ id: m, label: m }))}
          onChange={setMetric}
        />
      </SweepHead>
      {panel}
      <SweepAnswer
        report={report}
        stale={stale}
        error={error}
        waiting={`Comparing ${counted(trials.length, "trial")}.`}
      >
        {(report) => (
          <>
            <p className="verdictline" aria-live="polite">
              {bestWords(report)}
            </p>
            {report.idle.map(({ path, words }) => (
              <Idle key={path} path={path} words={words} />
            ))}
            {report.axes.length > 0 ? (
              <div className="cols grid-and-knobs">
                <GridCard report={report} trials={trials} pending={pending} look={look} />
                <KnobsCard report={report} />
              </div>
            ) : null}
            <div className="cols thirds">
              {report.configurations.length > 1 ? (
                <>
                  <ImportanceCard report={report} />
                  <RivalsCard report={report} />
                </>
              ) : null}
              <AlgebraCard report={report} trials={trials} selected={shown} />
            </div>
            <SystemGapCard report={report} />
            <ConfigurationTable
              report={report}
              trials={trials}
              selected={shown}
              onSelect={setSelected}
              onApply={onApply}
            />
            {gaps ? (
              <GapsCard
                report={report}
                gaps={gaps}
                of={best ? "best" : "selected"}
                trials={group}
                analyst={analyst}
                onRank={onRank}
              />
            ) : null}
          </>
        )}
      </SweepAnswer>
    </>
  );
}

function Idle({ path, words }: { path: string; words: string }) {
  return (
    <Alert
      kind="warn"
      report={{
        message: `${axisTitle(path)} cannot tell anything here`,
        remedy: `${words[0]!.toUpperCase()}${words.slice(1)}`,
      }}
    />
  );
}
