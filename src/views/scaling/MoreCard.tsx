import { useState } from "react";
import { constantWords, predictedWords } from "../../charts/scalingData";
import { compact, flops, loss } from "../../charts/words";
import type { Predicted } from "../../core/analysis/lawReport";
import type { ScalingReport } from "../../core/analysis/scaling";
import { Button } from "../parts/Button";
import { Icon } from "../parts/icons";

/** What ten times more would buy, and how to split a budget: both by the law, with its intervals. */
export function MoreCard({ report, onBudget }: { report: ScalingReport; onBudget: (budget: number | null) => void }) {
  const { law, split, noSplit } = report;
  const [text, setText] = useState("");
  const budget = text.trim() === "" ? null : Number(text);
  const wrong = budget !== null && !(Number.isFinite(budget) && budget > 0);
  const [first] = law.purchases;
  return (
    <section className="card morecard" aria-labelledby="more-title">
      <header>
        <h2 id="more-title">What would ten times more buy?</h2>
      </header>
      <div className="body">
        {law.purchases.length === 0 ? (
          <p>Without a law there is nothing to go by.</p>
        ) : (
          <>
            <dl className="buys">
              {law.purchases.map((p) => (
                <div key={p.what}>
                  <dt>{p.what}</dt>
                  <dd>
                    <b>{predictedWords(p.predicted)}</b> <span className="mut">from {loss(p.now)}</span>
                  </dd>
                </div>
              ))}
            </dl>
            <p className="doubt">
              <Icon name="warning" />
              <span>{first?.warning}</span>
            </p>
          </>
        )}
        <h3>A budget, split</h3>
        {split ? (
          <>
            <form
              className="field"
              onSubmit={(e) => {
                e.preventDefault();
                if (!wrong) onBudget(budget);
              }}
            >
              <label htmlFor="budget">Training FLOPs</label>
              <input
                id="budget"
                className="input"
                inputMode="decimal"
                placeholder={split.compute.toExponential(1)}
                value={text}
                aria-invalid={wrong}
                onChange={(e) => setText(e.target.value)}
              />
              <Button type="submit" isDisabled={wrong}>
                Split
              </Button>
            </form>
            {wrong ? <p role="alert">Give a number above 0, such as 3e12.</p> : null}
            <p aria-live="polite">
              {flops(split.compute)}: <b>{range(split.n)} parameters</b> and <b>{range(split.d)} pairs</b>, for an
              entropy of {predictedWords(split.loss)}. Taken from the runs: {constantWords(split.perParameterPair)}{" "}
              operations a parameter and pair.
            </p>
            {split.warning ? (
              <p className="doubt">
                <Icon name="warning" />
                <span>{split.warning}</span>
              </p>
            ) : null}
          </>
        ) : (
          <p>{noSplit}</p>
        )}
      </div>
    </section>
  );
}

const range = (p: Predicted) => `${compact(p.value)} [${compact(p.low)}, ${compact(p.high)}]`;
