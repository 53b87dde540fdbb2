import { LOOKS } from "../../charts/systems";
import { count, percent, share, signed } from "../../charts/words";
import type { AblationReport } from "../../core/analysis/ablation";
import { ActionMenu } from "../parts/Menu";
import { tableActions } from "../sweeps/ChartCard";

/** The queries on which the best configuration falls furthest behind the teacher. */
export function GapsCard({ report }: { report: AblationReport }) {
  const { gaps } = report;
  if (!gaps) return null;
  const name = LOOKS[report.system].label;
  const table = () => ({
    columns: ["query", "seed", "place", `teacher ${report.metric}`, `${report.system} ${report.metric}`],
    rows: gaps.worst.map((g) => [g.id, g.seed, g.query, g.teacher, g.student]),
  });
  return (
    <section className="card" aria-labelledby="gaps-title">
      <header>
        <h2 id="gaps-title">Where does {name} lose?</h2>
        <span className="sub">{report.metric} by query, best configuration, against the teacher</span>
        <div className="end">
          <ActionMenu label="Save the queries" small icon="download" actions={tableActions(table, "losing-queries")} />
        </div>
      </header>
      <p className="reading-line">
        Of {count(gaps.lost + gaps.equal + gaps.won)} answers it is behind on <b>{count(gaps.lost)}</b>, even on{" "}
        {count(gaps.equal)} and ahead on {count(gaps.won)}.{" "}
        {gaps.tenth === null ? "" : `The worst tenth of the queries makes ${percent(gaps.tenth, 0)} of what it loses.`}
      </p>
      {gaps.worst.length > 0 ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard.
        <section className="scrollx gaps" tabIndex={0} aria-label={`Queries on which ${name} loses`}>
          <table className="tbl">
            <thead>
              <tr>
                <th scope="col">Query</th>
                <th scope="col">Seed</th>
                <th scope="col">Teacher</th>
                <th scope="col">{name}</th>
                <th scope="col">Gap</th>
              </tr>
            </thead>
            <tbody>
              {gaps.worst.map((g) => (
                <tr key={`${g.seed} ${g.query}`}>
                  <th scope="row">{g.id ?? `query ${g.query + 1}`}</th>
                  <td>{g.seed}</td>
                  <td>{share(g.teacher)}</td>
                  <td>{share(g.student)}</td>
                  <td>{signed(g.student - g.teacher)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      ) : null}
    </section>
  );
}
