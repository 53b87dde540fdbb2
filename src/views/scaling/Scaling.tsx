import { type ReactNode, useCallback, useMemo, useState } from "react";
import { counted } from "../../charts/words";
import { type LawName, variedForms } from "../../core/analysis/scaling";
import { ENTROPY_MEASURES, metricsOf, systemsOf, type Trial } from "../../core/analysis/trial";
import type { Look } from "../../core/experiments";
import { SYSTEMS, type SystemName } from "../../core/formats/result";
import type { Analyst } from "../../state/trials";
import { Choice } from "../parts/Choice";
import { SweepAnswer, SweepHead } from "../sweeps/SweepHead";
import { useAnswer } from "../sweeps/useAnswer";
import { FitCard } from "./FitCard";
import { LawCard } from "./LawCard";
import { MoreCard } from "./MoreCard";
import { PointsCard } from "./PointsCard";
import { QualityCard } from "./QualityCard";

const SAMPLES = 500;
const SEED = 7;

/**
 * @param trials the records of one sweep
 * @param analyst where laws are fitted: a worker in the page
 * @param panel stands between the heading and the results
 */
export function Scaling({
  trials,
  analyst,
  panel = null,
  look = null,
}: {
  trials: readonly Trial[];
  analyst: Pick<Analyst, "scaling">;
  panel?: ReactNode;
  /** What is chosen first, where a ready-made experiment says it. */
  look?: Extract<Look, { view: "scaling" }> | null;
}) {
  const systems = useMemo(() => systemsOf(trials, SYSTEMS), [trials]);
  // A law wants entropies: the first system that has them.
  const withEntropy = systems.filter((s) => metricsOf(trials, s).some((m) => m.startsWith("contrastive")));
  const [ownSystem, setSystem] = useState<SystemName | null>(null);
  const wantedSystem = ownSystem ?? look?.system ?? null;
  const system =
    wantedSystem && systems.includes(wantedSystem) ? wantedSystem : (withEntropy[0] ?? systems[0] ?? "teacher");
  const kinds = Object.values(ENTROPY_MEASURES).filter((m) => metricsOf(trials, system).includes(m));
  const [wantedKind, setKind] = useState<string | null>(null);
  const measure = wantedKind && kinds.includes(wantedKind) ? wantedKind : (kinds[0] ?? ENTROPY_MEASURES.scaled);
  const [ownForm, setForm] = useState<LawName | null>(null);
  const form = ownForm ?? look?.form ?? variedForms(trials, system)[0] ?? "N";
  const [holdOut, setHoldOut] = useState(1);
  const [budget, setBudget] = useState<number | null>(null);
  const ask = useCallback(
    () => analyst.scaling(trials, { system, measure, form, holdOut, budget, samples: SAMPLES, seed: SEED }),
    [analyst, trials, system, measure, form, holdOut, budget],
  );
  const { answer: report, stale, error } = useAnswer(ask);
  const seeds = new Set(trials.map((t) => t.seed)).size;
  return (
    <>
      <SweepHead
        title="Scaling"
        words={
          <>
            How quality moves with size and with data: {counted(trials.length, "trial")}, {counted(seeds, "seed")}.
          </>
        }
        trials={trials}
        systems={systems}
        system={system}
        onSystem={setSystem}
        noteOf={(s) => (withEntropy.includes(s) ? undefined : "no entropy in the records")}
      >
        <Choice
          label="Loss"
          value={measure}
          disabled={kinds.length === 0}
          options={kinds.map((m) => ({
            id: m,
            label: m.replace("contrastive ", ""),
            note: m === ENTROPY_MEASURES.raw ? "inner products as they are" : "divided by the temperature",
          }))}
          onChange={setKind}
        />
      </SweepHead>
      {panel}
      <SweepAnswer report={report} stale={stale} error={error} waiting="Fitting a law.">
        {(report) => (
          <>
            <div className="cols law-and-fit">
              <LawCard report={report} />
              <FitCard report={report} form={form} onForm={setForm} holdOut={holdOut} onHoldOut={setHoldOut} />
            </div>
            <div className="cols thirds">
              <QualityCard trials={trials} systems={systems} />
              <MoreCard report={report} onBudget={setBudget} />
              <PointsCard report={report} />
            </div>
          </>
        )}
      </SweepAnswer>
    </>
  );
}
