import { settingWords, valueWords } from "../../charts/settingWords";
import { percent, plain } from "../../charts/words";
import type { AblationReport } from "../../core/analysis/ablation";
import { allKnown, lossAlgebra, weightsOf } from "../../core/analysis/algebra";
import { keyOf } from "../../core/analysis/groups";
import type { Trial } from "../../core/analysis/trial";
import type { SettingValue } from "../../core/config/paths";
import type { SystemName } from "../../core/formats/result";
import { GradientNorms } from "./GradientNorms";

const KEYS = ["mseWeight", "cosineWeight", "mseOn", "mseReduce"] as const;

/** Mean over a configuration's seeds; null where no record has any. */
function meanNorms(trials: readonly Trial[], key: string, system: SystemName): Record<string, number> | null {
  const found = trials.flatMap((trial) => {
    const norms = keyOf(trial.assignments) === key ? trial.systems[system]?.gradientNorms : undefined;
    return norms ? [norms] : [];
  });
  const [first] = found;
  if (!first) return null;
  return Object.fromEntries(
    Object.keys(first).map((term) => [term, found.reduce((sum, norms) => sum + (norms[term] ?? 0), 0) / found.length]),
  );
}

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
  const configuration = report.configurations[selected];
  const assignments = configuration?.assignments ?? {};
  const weights = weightsOf(assignments, trials.find((t) => t.config)?.config);
  const algebra = allKnown(weights) ? lossAlgebra(weights) : null;
  const norms = configuration ? meanNorms(trials, configuration.key, report.system) : null;
  const mse = algebra?.mseShare ?? null;
  const told = (path: string, value: SettingValue | undefined) =>
    value === undefined ? "not recorded" : valueWords(path, value);
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
            <dd>{told(`stage2.${key}`, weights[key])}</dd>
          </div>
        ))}
        <div>
          <dt>embedding size</dt>
          <dd>{told("embeddingSize", weights.embeddingSize)}</dd>
        </div>
      </dl>
      {!algebra ? (
        <p>The records do not say all of this, so that the share of MSE is not known.</p>
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
                    ? `, and a unit of MSE weight counts as 2 / ${plain(weights.embeddingSize ?? Number.NaN)} cosines`
                    : ""
                }.`
              : `If each dimension of the raw vectors is about 1 in size, a unit of MSE weight counts as ${plain(algebra.perUnit)} cosines. Before normalisation MSE also teaches the vector’s length.`}
          </p>
        </div>
      )}
      {norms ? (
        <GradientNorms
          label="Gradients at the end of the training"
          rows={[{ key: "end", words: "at the end", norms, weights }]}
        />
      ) : null}
    </section>
  );
}
