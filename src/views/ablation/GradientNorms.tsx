/** How strongly each loss term pulls at the student, as measured, beside what the algebra says of it. */
import { plain } from "../../charts/words";
import { allKnown, type LossWeights, measuredRatio, theoryRatio } from "../../core/analysis/algebra";

export interface NormsRow {
  key: string;
  /** Whose they are: "seed 7, step 40". */
  words: string;
  /** By term, weight included. */
  norms: Record<string, number>;
  weights: Partial<LossWeights>;
}

const TERMS: Record<string, string> = {
  mse: "MSE",
  cosine: "cosine",
  kl: "score KL",
  margin: "margin MSE",
  infoNce: "InfoNCE",
};

const figure = (value: number | null) => (value === null ? "–" : plain(Number(value.toPrecision(3))));

export function GradientNorms({ rows, label }: { rows: readonly NormsRow[]; label: string }) {
  const terms = [...new Set(rows.flatMap(({ norms }) => Object.keys(norms)))];
  const ratios = terms.includes("mse") && terms.includes("cosine");
  const raw = rows.some(({ weights }) => weights.mseOn === "raw");
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard. */}
      <section className="scrollx norms" tabIndex={0} aria-label={label}>
        <table className="tbl">
          <thead>
            <tr>
              <th scope="col" className="l">
                Student
              </th>
              {terms.map((term) => (
                <th key={term} scope="col">
                  {TERMS[term] ?? term}
                </th>
              ))}
              {ratios ? (
                <>
                  <th scope="col">MSE ÷ cosine</th>
                  <th scope="col">in theory</th>
                </>
              ) : null}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ key, words, norms, weights }) => (
              <tr key={key}>
                <th scope="row">{words}</th>
                {terms.map((term) => (
                  <td key={term}>{figure(norms[term] ?? null)}</td>
                ))}
                {ratios ? (
                  <>
                    <td>{figure(measuredRatio(norms))}</td>
                    <td>{figure(allKnown(weights) ? theoryRatio(weights) : null)}</td>
                  </>
                ) : null}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p className="caption">
        Norm of each term’s gradient on the student’s vectors, its weight included, on the texts of one batch.
        {!ratios
          ? ""
          : raw
            ? " In theory: on the vector’s direction, if each dimension of the raw vectors is about 1 in size; what is measured also pulls at the length."
            : " In theory: after normalisation the two are one loss, and the ratio is exact."}
      </p>
    </>
  );
}
