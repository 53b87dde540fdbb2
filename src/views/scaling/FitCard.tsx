import type { ReactNode } from "react";
import { constantWords, heldOutWords } from "../../charts/scalingData";
import { share } from "../../charts/words";
import type { LawName, ScalingReport } from "../../core/analysis/scaling";
import { Icon } from "../parts/icons";
import { ActionMenu } from "../parts/Menu";
import { Segmented } from "../parts/Segmented";
import { tableActions } from "../sweeps/ChartCard";
import { fitTable } from "./pointsTable";

const FORMS: { id: LawName; label: string }[] = [
  { id: "N", label: "L(N)" },
  { id: "D", label: "L(D)" },
  { id: "ND", label: "L(N, D)" },
  { id: "chinchilla", label: "Chinchilla" },
];
const HOLD_OUT = ["0", "1", "2"] as const;
/** Held-out sizes nearer than this to the fitted ones test little. */
const APART = 1.2;
const GREEK: Record<string, string> = { alpha: "α", beta: "β", delta: "δ" };
const MEANING: Record<string, string> = {
  delta: "the floor that more cannot pass",
  E: "the floor that more cannot pass",
};
/** Reported for MS MARCO with raw inner products (Fang et al. 2024): exponents compare, entropies do not. */
const ELSEWHERE: Partial<Record<LawName, string>> = {
  N: "α .53 on MS MARCO with raw inner products",
  D: "β 1.05 on MS MARCO with raw inner products",
  ND: "α .56 and β 1.31 on MS MARCO with raw inner products",
  chinchilla: "for language models α .35 and β .37",
};

/** The law: form, constants with intervals, and what speaks for and against it. */
export function FitCard({
  report,
  form,
  onForm,
  holdOut,
  onHoldOut,
}: {
  report: ScalingReport;
  form: LawName;
  onForm: (form: LawName) => void;
  holdOut: number;
  onHoldOut: (sizes: number) => void;
}) {
  const { fit, heldOutError } = report.law;
  return (
    <section className="card fitcard" aria-labelledby="fit-title">
      <header>
        <h2 id="fit-title">Fit</h2>
        <div className="end">
          <Segmented tight label="Form of the law" value={form} onChange={onForm} options={FORMS} />
          {fit.parameters ? (
            <ActionMenu
              label="Save the fit"
              small
              icon="download"
              actions={tableActions(() => fitTable(report), `fit-${form}`)}
            />
          ) : null}
        </div>
      </header>
      <div className="body">
        <p className="formula">{FORMULAS[form]}</p>
        {fit.parameters ? (
          <dl className="consts">
            {Object.entries(fit.parameters).map(([name, value]) => (
              <div key={name}>
                <dt>{GREEK[name] ?? name}</dt>
                <dd>{constantWords(value)}</dd>
                <dd className="mut">
                  {fit.intervals
                    ? `${constantWords(fit.intervals[name]!.low)} to ${constantWords(fit.intervals[name]!.high)}`
                    : ""}
                  {MEANING[name] ? `, ${MEANING[name]}` : ""}
                </dd>
              </div>
            ))}
          </dl>
        ) : null}
        <div className="field">
          <span>Largest sizes held out</span>
          <Segmented
            label="Largest sizes held out"
            value={String(holdOut) as (typeof HOLD_OUT)[number]}
            onChange={(v) => onHoldOut(Number(v))}
            options={HOLD_OUT.map((id) => ({ id, label: id }))}
          />
        </div>
        <ul className="verdicts">
          {fit.parameters ? (
            <>
              <Verdict good={heldOutError !== null && heldOutError.max < 0.1 && heldOutError.times >= APART}>
                {heldOutWords(report)}
              </Verdict>
              <Verdict good={(fit.r2 ?? 0) >= 0.97}>
                R² of ln L {share(fit.r2, 4)} on {fit.points} fitted points: says nothing of larger sizes.
              </Verdict>
            </>
          ) : null}
          {fit.flags.map((flag) => (
            <Verdict key={flag} good={false}>
              {flag}
            </Verdict>
          ))}
        </ul>
      </div>
      {ELSEWHERE[form] && fit.parameters ? (
        <p className="caption">
          <b>Reported elsewhere:</b> {ELSEWHERE[form]}. Compare exponents, not entropies: the score scales differ.
        </p>
      ) : null}
    </section>
  );
}

function Verdict({ good, children }: { good: boolean; children: ReactNode }) {
  return (
    <li>
      <Icon name={good ? "check" : "warning"} />
      <span>
        <span className="sr">{good ? "For it: " : "To doubt: "}</span>
        {children}
      </span>
    </li>
  );
}

const frac = (over: string, under: string) => (
  <span className="frac">
    <i>{over}</i>
    <i>{under}</i>
  </span>
);

const FORMULAS: Record<LawName, ReactNode> = {
  N: (
    <>
      L(<i>N</i>) = <big>(</big>
      {frac("A", "N")}
      <big>)</big>
      <sup>α</sup> + <i>δ</i>
    </>
  ),
  D: (
    <>
      L(<i>D</i>) = <big>(</big>
      {frac("B", "D")}
      <big>)</big>
      <sup>β</sup> + <i>δ</i>
    </>
  ),
  ND: (
    <>
      L(<i>N, D</i>) = <big>[(</big>
      {frac("A", "N")}
      <big>)</big>
      <sup>α/β</sup> + {frac("B", "D")}
      <big>]</big>
      <sup>β</sup> + <i>δ</i>
    </>
  ),
  chinchilla: (
    <>
      L(<i>N, D</i>) = <i>E</i> +{" "}
      <span className="frac">
        <i>A</i>
        <i>
          N<sup>α</sup>
        </i>
      </span>{" "}
      +{" "}
      <span className="frac">
        <i>B</i>
        <i>
          D<sup>β</sup>
        </i>
      </span>
    </>
  ),
};
