import { settingWords, valueWords } from "../../charts/settingWords";
import { percent, plain } from "../../charts/words";
import type { AblationReport } from "../../core/analysis/ablation";
import { lossAlgebra, weightsOf } from "../../core/analysis/algebra";
import type { Trial } from "../../core/analysis/trial";

const KEYS = ["mseWeight", "cosineWeight", "mseOn", "mseReduce"] as const;

/** What the loss weights of the selected configuration mean. */
export function AlgebraCard({
  report,
  trials,
  selected,
}: {
  report: AblationReport;
  trials: readonly Trial[];
  selected: number;
}) {
  const assignments = report.configurations[selected]?.assignments ?? {};
  const config = trials.find((t) => t.config)?.config;
  const weights = weightsOf(assignments, config);
  const known = Number.isFinite(weights.embeddingSize);
  const algebra = lossAlgebra(weights);
  const mse = algebra.mseShare;
  return (
    <section className="card algebra" aria-labelledby="algebra-title">
      <header>
        <h2 id="algebra-title">What the weights mean</h2>
        <span className="sub">{selected === report.best?.group ? "of the best" : "of the selected"}</span>
      </header>
      <dl>
        {KEYS.map((key) => (
          <div key={key}>
            <dt>{settingWords(`stage2.${key}`)}</dt>
            <dd>{valueWords(`stage2.${key}`, weights[key])}</dd>
          </div>
        ))}
        <div>
          <dt>embedding size</dt>
          <dd>{known ? plain(weights.embeddingSize) : "not recorded"}</dd>
        </div>
      </dl>
      {!known ? (
        <p>The records do not say the embedding size, on which the share of MSE depends.</p>
      ) : mse === null ? (
        <p>Both weights are 0: the student learns nothing.</p>
      ) : (
        <div className="reading">
          <div className="split" aria-hidden="true">
            <i style={{ flexGrow: mse }} />
            <i style={{ flexGrow: 1 - mse }} />
          </div>
          <p>
            <b>
              MSE {percent(mse, mse < 0.1 ? 1 : 0)}, cosine {percent(1 - mse, mse < 0.1 ? 1 : 0)} of the gradient
            </b>{" "}
            on the vector’s direction.{" "}
            {algebra.one
              ? `With both vectors of length 1, |s−t|² = 2(1−cos): the two are one loss of weight ${plain(algebra.total)}${
                  weights.mseReduce === "mean"
                    ? `, and a unit of MSE weight counts as 2 / ${plain(weights.embeddingSize)} cosines`
                    : ""
                }.`
              : `If each dimension of the raw vectors is about 1 in size, a unit of MSE weight counts as ${plain(algebra.perUnit)} cosines. Before normalisation MSE also teaches the vector’s length.`}
          </p>
        </div>
      )}
    </section>
  );
}
